//! Divides the pieces of the work between threads. Each thread has a part of its own: neighbouring pieces, which
//! together cost as much as any other part. Neighbours in a pack are neighbours in the file system too, and two
//! threads wait for each other when they make files in one directory or write to one file. A thread that has
//! finished its part takes pieces from the end of the fullest part, far from the thread that works at its front.

const std = @import("std");
const assert = std.debug.assert;

pub const threads_max = 16;

pub const Job = struct {
    parts_buffer: [threads_max]Part = undefined,
    parts_count: usize = 0,
    failed: std.atomic.Value(bool) = .init(false),

    /// The pieces from `front` to `end`. A thread first claims a piece by increasing `taken`, then takes it at the front
    /// or at the end. No more pieces are claimed than there are, so the front and the end never meet. A single number of
    /// 64 bits would do, but some processors can't change one atomically.
    const Part = struct {
        front: u32,
        end: u32,
        taken: std.atomic.Value(u32) = .init(0),
        taken_at_front: std.atomic.Value(u32) = .init(0),
        taken_at_end: std.atomic.Value(u32) = .init(0),

        fn left(part: *const Part) u32 {
            return part.end - part.front -| part.taken.load(.monotonic);
        }

        fn takeFront(part: *Part) ?u32 {
            if (!part.claim()) return null;
            return part.front + part.taken_at_front.fetchAdd(1, .monotonic);
        }

        fn takeEnd(part: *Part) ?u32 {
            if (!part.claim()) return null;
            return part.end - 1 - part.taken_at_end.fetchAdd(1, .monotonic);
        }

        fn claim(part: *Part) bool {
            return part.left() > 0 and part.taken.fetchAdd(1, .monotonic) < part.end - part.front;
        }
    };

    /// Add the part of the next thread.
    pub fn add(job: *Job, front: u32, end: u32) void {
        assert(front <= end);
        job.parts_buffer[job.parts_count] = .{ .front = front, .end = end };
        job.parts_count += 1;
    }

    /// Return the next piece for a thread, or null if all are taken or any thread has failed.
    pub fn take(job: *Job, thread: usize) ?u32 {
        const parts = job.parts_buffer[0..job.parts_count];
        if (job.failed.load(.monotonic)) return null;
        if (parts[thread].takeFront()) |piece| return piece;
        while (true) {
            var fullest = &parts[0];
            for (parts[1..]) |*part| {
                if (part.left() > fullest.left()) fullest = part;
            }
            if (fullest.left() == 0) return null;
            return fullest.takeEnd() orelse continue;
        }
    }
};

const testing = std.testing;

test "a thread works through its own part, then helps from the end of the fullest" {
    var job: Job = .{};
    job.add(0, 2);
    job.add(2, 3);
    job.add(3, 7);
    const expected = [_]u32{ 0, 1, 6, 5, 4, 2, 3 };
    for (expected) |piece| try testing.expectEqual(piece, job.take(0));
    for (0..3) |thread| try testing.expectEqual(null, job.take(thread));
}

test "no piece is taken after a failure" {
    var job: Job = .{};
    job.add(0, 2);
    job.failed.store(true, .monotonic);
    try testing.expectEqual(null, job.take(0));
}
