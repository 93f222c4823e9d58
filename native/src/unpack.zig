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

/// The new directory for the content of packs.
pub const Target = struct {
    packs: []const Pack,
    making: Making,
};

/// One of a target's packs.
const Unpacking = struct {
    pack: *const Pack,
    making: Making,
    /// To what an earlier pack has made there.
    adds: bool,
};

pub fn unpack(decoder: zstd.Decoder, targets: []const Target, report: *Report) ReportError!void {
    // Of its own: the buffers of one batch must not outlive it.
    var arena_state: std.heap.ArenaAllocator = .init(std.heap.page_allocator);
    defer arena_state.deinit();
    const arena = arena_state.allocator();

    var unpackings: std.ArrayList(Unpacking) = .empty;
    var job: Job = .{};
    var content_bytes: u64 = 0;
    for (targets) |target| {
        for (target.packs, 0..) |*pack, number| {
            const unpacking: Unpacking = .{ .pack = pack, .making = target.making, .adds = number > 0 };
            _ = try pack_format.readSection(arena, decoder, pack, pack.meta, report);
            try prepare(unpacking, report);
            try unpackings.append(arena, unpacking);
            job.add(pack.frames);
            content_bytes += pack.content_bytes;
        }
    }
    job.unpackings = unpackings.items;
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
fn prepare(unpacking: Unpacking, report: *Report) ReportError!void {
    const frames = unpacking.pack.frames;
    var frame: usize = 0;
    var before: []const u8 = "";
    for (unpacking.pack.entries) |entry| {
        try makeParents(unpacking, before, entry, report);
        before = entry.path;
        if (entry.is_directory) continue;
        while (frame < frames.len and frames[frame].content_offset + frames[frame].raw_bytes <= entry.offset) frame += 1;
        const in_one_frame = entry.size > 0 and
            entry.offset + entry.size <= frames[frame].content_offset + frames[frame].raw_bytes;
        if (in_one_frame) continue;
        const file = unpacking.making.dir.createFile(entry.path, entry.mode()) catch |err|
            return failedToMake(unpacking, entry.path, err, report);
        file.close();
    }
}

/// Entries are sorted: a directory is new where its path departs from that of the entry before.
fn makeParents(
    unpacking: Unpacking,
    before: []const u8,
    entry: pack_format.Entry,
    report: *Report,
) ReportError!void {
    const path = entry.path;
    const shared = path_rules.commonDirectory(before, path);
    for (path[shared..], shared..) |byte, end| {
        // What is shared is there; at its end stands the separator of the first new component.
        if (byte != '/' or end == shared and shared > 0) continue;
        try makeDir(unpacking, path[0..end], report);
    }
    if (entry.is_directory) {
        try makeDir(unpacking, path, report);
    }
}

fn makeDir(unpacking: Unpacking, path: []const u8, report: *Report) ReportError!void {
    unpacking.making.dir.makeDir(path) catch |err| {
        if (err == error.AlreadyExists and unpacking.adds) return;
        return failedToMake(unpacking, path, err, report);
    };
}

fn failedToMake(unpacking: Unpacking, path: []const u8, err: os.Error, report: *Report) error{Reported} {
    return switch (err) {
        // The directory was empty, and no path in an index is there twice.
        error.AlreadyExists => pack_format.damaged(report, unpacking.pack.record, "two of its paths are one to this file system"),
        else => unpacking.making.failed("can't create", path, err, report),
    };
}

/// All frames of all targets, cut into a part for each worker. Neighbours in a pack are neighbours in the
/// file system, and two threads that make files in one directory wait for each other.
const Job = struct {
    unpackings: []const Unpacking = &.{},
    frame_count: usize = 0,
    packed_bytes_max: u32 = 0,
    raw_bytes_max: u32 = 0,
    parts: []Part = &.{},
    failed: std.atomic.Value(bool) = .init(false),

    /// A range of frame numbers, of which those before `next` are taken.
    const Part = struct { next: std.atomic.Value(usize), end: usize };

    const Work = struct { Unpacking, pack_format.Frame };

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
        for (job.unpackings) |unpacking| {
            if (rest < unpacking.pack.frames.len) return .{ unpacking, unpacking.pack.frames[rest] };
            rest -= unpacking.pack.frames.len;
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
            const unpacking, const frame = work;
            worker.unpackFrame(unpacking, frame) catch {
                worker.failed = true;
                worker.job.failed.store(true, .monotonic);
                return;
            };
        }
    }

    fn unpackFrame(worker: *Worker, unpacking: Unpacking, frame: pack_format.Frame) error{Reported}!void {
        const pack = unpacking.pack;
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
            try worker.writePart(unpacking, entry, part, start - entry.offset);
        }
    }

    fn writePart(
        worker: *Worker,
        unpacking: Unpacking,
        entry: pack_format.Entry,
        part: []const u8,
        offset: u64,
    ) error{Reported}!void {
        const dir = unpacking.making.dir;
        const is_whole = part.len == entry.size;
        const file = if (is_whole)
            dir.createFile(entry.path, entry.mode()) catch |err| return failedToMake(unpacking, entry.path, err, &worker.report)
        else
            dir.openFileToWrite(entry.path) catch |err|
                return unpacking.making.failed("can't open", entry.path, err, &worker.report);
        file.write(part, offset) catch |err| {
            file.close();
            return unpacking.making.failed("can't write", entry.path, err, &worker.report);
        };
        file.closeWritten() catch |err|
            return unpacking.making.failed("can't write", entry.path, err, &worker.report);
    }
};
