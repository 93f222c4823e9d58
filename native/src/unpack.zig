//! Unpacks packs into directories that were made for them, on as many threads as the work is worth. When
//! it returns, every file is written and every checksum was right; giving a directory its name is the
//! caller's.

const std = @import("std");
const assert = std.debug.assert;
const os = @import("os.zig");
const pack_format = @import("pack.zig");
const path_rules = @import("path.zig");
const zstd = @import("zstd.zig");
const Making = @import("store.zig").Making;
const Pack = pack_format.Pack;
const Report = @import("report.zig").Report;
const ReportError = @import("report.zig").Error;

pub const threads_max = 16;
/// Below this much content, starting a thread costs more than it brings.
const threads_from_bytes = 4 << 20;
const thread_stack_bytes = 512 << 10;

/// A pack, and the new directory for its content.
pub const Target = struct {
    pack: *const Pack,
    making: Making,
};

pub fn unpack(decoder: zstd.Decoder, targets: []const Target, report: *Report) ReportError!void {
    // Of its own: the buffers of one batch must not outlive it.
    var arena_state: std.heap.ArenaAllocator = .init(std.heap.page_allocator);
    defer arena_state.deinit();
    const arena = arena_state.allocator();

    var job: Job = .{ .targets = targets };
    var content_bytes: u64 = 0;
    for (targets) |target| {
        _ = try pack_format.readSection(arena, decoder, target.pack, target.pack.meta, report);
        try prepare(target, report);
        job.add(target.pack.frames);
        content_bytes += target.pack.content_bytes;
    }
    if (job.frame_count == 0) return;

    var workers: [threads_max]Worker = undefined;
    const threads = if (content_bytes <= threads_from_bytes) 1 else @min(os.processorCount(), job.frame_count, threads_max);
    var parts: [threads_max]Job.Part = undefined;
    job.divide(parts[0..threads]);
    for (workers[0..threads], 0..) |*worker, number| worker.* = .{
        .job = &job,
        .number = number,
        .decoder = if (number == 0) decoder else try .init(arena),
        .packed_buffer = try arena.alloc(u8, job.packed_bytes_max),
        .raw_buffer = try arena.alloc(u8, job.raw_bytes_max),
    };
    run(workers[0..threads]);
    for (workers[0..threads]) |*worker| if (worker.failed) {
        report.* = worker.report;
        return error.Reported;
    };
}

/// The calling thread is the first worker. If no more can be had, it does all.
fn run(workers: []Worker) void {
    var threads: [threads_max]std.Thread = undefined;
    var started: usize = 0;
    for (workers[1..]) |*worker| {
        threads[started] = std.Thread.spawn(.{ .stack_size = thread_stack_bytes }, Worker.run, .{worker}) catch break;
        started += 1;
    }
    workers[0].run();
    for (threads[0..started]) |thread| thread.join();
}

/// Makes the directories, and those files that are not made with the frame they are in: empty ones and
/// ones that go over several frames.
fn prepare(target: Target, report: *Report) ReportError!void {
    const frames = target.pack.frames;
    var frame: usize = 0;
    var before: []const u8 = "";
    for (target.pack.entries) |entry| {
        try makeParents(target, before, entry, report);
        before = entry.path;
        if (entry.is_directory) continue;
        while (frame < frames.len and frames[frame].content_offset + frames[frame].raw_bytes <= entry.offset) frame += 1;
        const in_one_frame = entry.size > 0 and
            entry.offset + entry.size <= frames[frame].content_offset + frames[frame].raw_bytes;
        if (in_one_frame) continue;
        const file = target.making.dir.createFile(entry.path, entry.mode()) catch |err|
            return failedToMake(target, entry.path, err, report);
        file.close();
    }
}

/// Entries are sorted: a directory is new where its path departs from that of the entry before.
fn makeParents(
    target: Target,
    before: []const u8,
    entry: pack_format.Entry,
    report: *Report,
) ReportError!void {
    const path = entry.path;
    const shared = path_rules.commonDirectory(before, path);
    for (path[shared..], shared..) |byte, end| {
        // What is shared is there; at its end stands the separator of the first new component.
        if (byte != '/' or end == shared and shared > 0) continue;
        target.making.dir.makeDir(path[0..end]) catch |err|
            return failedToMake(target, path[0..end], err, report);
    }
    if (entry.is_directory) {
        target.making.dir.makeDir(path) catch |err| return failedToMake(target, path, err, report);
    }
}

fn failedToMake(target: Target, path: []const u8, err: os.Error, report: *Report) error{Reported} {
    return switch (err) {
        // The directory was empty, and no path in an index is there twice.
        error.AlreadyExists => pack_format.damaged(report, target.pack.record, "two of its paths are one to this file system"),
        else => target.making.failed("can't create", path, err, report),
    };
}

/// All frames of all targets, cut into a part for each worker. Neighbours in a pack are neighbours in the
/// file system, and two threads that make files in one directory wait for each other.
const Job = struct {
    targets: []const Target,
    frame_count: usize = 0,
    packed_bytes_max: u32 = 0,
    raw_bytes_max: u32 = 0,
    parts: []Part = &.{},
    failed: std.atomic.Value(bool) = .init(false),

    /// A range of frame numbers, of which those before `next` are taken.
    const Part = struct { next: std.atomic.Value(usize), end: usize };

    const Work = struct { Target, pack_format.Frame };

    fn add(job: *Job, frames: []const pack_format.Frame) void {
        job.frame_count += frames.len;
        for (frames) |frame| {
            job.packed_bytes_max = @max(job.packed_bytes_max, frame.packed_bytes);
            job.raw_bytes_max = @max(job.raw_bytes_max, frame.raw_bytes);
        }
    }

    fn divide(job: *Job, parts: []Part) void {
        assert(parts.len > 0);
        for (parts, 0..) |*part, number| part.* = .{
            .next = .init(job.frame_count * number / parts.len),
            .end = job.frame_count * (number + 1) / parts.len,
        };
        job.parts = parts;
    }

    /// The next frame of a worker's own part, or else of one whose worker isn't as far.
    fn take(job: *Job, worker_number: usize) ?Work {
        for (0..job.parts.len) |ahead| {
            if (job.failed.load(.monotonic)) return null;
            const part = &job.parts[(worker_number + ahead) % job.parts.len];
            const number = part.next.fetchAdd(1, .monotonic);
            if (number < part.end) return job.frameAt(number);
        }
        return null;
    }

    fn frameAt(job: *const Job, number: usize) Work {
        var rest = number;
        for (job.targets) |target| {
            if (rest < target.pack.frames.len) return .{ target, target.pack.frames[rest] };
            rest -= target.pack.frames.len;
        }
        unreachable;
    }
};

const Worker = struct {
    job: *Job,
    number: usize,
    decoder: zstd.Decoder,
    packed_buffer: []u8,
    raw_buffer: []u8,
    report: Report = .{},
    failed: bool = false,

    fn run(worker: *Worker) void {
        while (worker.job.take(worker.number)) |work| {
            const target, const frame = work;
            worker.unpackFrame(target, frame) catch {
                worker.failed = true;
                worker.job.failed.store(true, .monotonic);
                return;
            };
        }
    }

    fn unpackFrame(worker: *Worker, target: Target, frame: pack_format.Frame) error{Reported}!void {
        const pack = target.pack;
        const packed_frame = pack.read(worker.packed_buffer[0..frame.packed_bytes], frame.offset, &worker.report) catch
            return error.Reported;
        const content = worker.raw_buffer[0..frame.raw_bytes];
        worker.decoder.decode(packed_frame, content) catch
            return pack_format.damaged(&worker.report, pack.record, "a checksum or size is wrong");
        const frame_end = frame.content_offset + frame.raw_bytes;
        for (pack.entries[pack.entryAt(frame.content_offset)..]) |entry| {
            if (entry.offset >= frame_end) break;
            if (entry.size == 0) continue;
            const start = @max(entry.offset, frame.content_offset);
            const end = @min(entry.offset + entry.size, frame_end);
            assert(start < end);
            const part = content[@intCast(start - frame.content_offset)..@intCast(end - frame.content_offset)];
            try worker.writePart(target, entry, part, start - entry.offset);
        }
    }

    fn writePart(
        worker: *Worker,
        target: Target,
        entry: pack_format.Entry,
        part: []const u8,
        offset: u64,
    ) error{Reported}!void {
        const dir = target.making.dir;
        const is_whole = part.len == entry.size;
        const file = if (is_whole)
            dir.createFile(entry.path, entry.mode()) catch |err| return failedToMake(target, entry.path, err, &worker.report)
        else
            dir.openFileToWrite(entry.path) catch |err|
                return target.making.failed("can't open", entry.path, err, &worker.report);
        file.write(part, offset) catch |err| {
            file.close();
            return target.making.failed("can't write", entry.path, err, &worker.report);
        };
        file.closeWritten() catch |err|
            return target.making.failed("can't write", entry.path, err, &worker.report);
    }
};
