//! Unpacks packs into new directories, on as many threads as the work is worth. When it returns, every file is
//! written and every checksum is verified. The caller gives each directory its final name.
//!
//! Each frame is a piece of the work (pack.zig, `Piece`). The thread that has a piece makes the files that begin in
//! it, and their new directories. Files and directories that two pieces need are made before any thread starts.

const std = @import("std");
const assert = std.debug.assert;
const os = @import("os.zig");
const pack_format = @import("pack.zig");
const path_rules = @import("path.zig");
const zstd = @import("zstd.zig");
const Entry = @import("index.zig").Entry;
const FrameReader = @import("frame.zig").FrameReader;
const frame_buffer_bytes = @import("frame.zig").buffer_bytes;
const Job = @import("job.zig").Job;
const Making = @import("store.zig").Making;
const Pack = pack_format.Pack;
const Piece = pack_format.Piece;
const Report = @import("report.zig").Report;
const ReportError = @import("report.zig").Error;
const threads_max = @import("job.zig").threads_max;

/// Making a file takes as long as writing this much content.
const entry_cost_bytes = 16 << 10;
/// Below this cost, starting a thread takes longer than it saves.
const threads_from_bytes = 4 << 20;
const thread_stack_bytes = 512 << 10;
/// A large file is decoded and written in parts of this size, which stay in the processor's cache.
const write_bytes_max = 512 << 10;

/// A pack, and the new directory for its content.
pub const Target = struct {
    pack: *const Pack,
    making: Making,
    /// Another pack was unpacked into this directory before.
    adds: bool = false,
};

pub fn unpack(decoder: zstd.Decoder, targets: []const Target, report: *Report) ReportError!void {
    // A separate arena frees the buffers of one batch before the next.
    var arena_state: std.heap.ArenaAllocator = .init(std.heap.page_allocator);
    defer arena_state.deinit();
    const arena = arena_state.allocator();

    var packed_bytes_max: usize = 0;
    var raw_bytes_max: usize = 0;
    for (targets) |target| {
        _ = try target.pack.readSection(arena, decoder, target.pack.sections.meta, report);
        try prepare(target, report);
        for (target.pack.frames) |frame| {
            packed_bytes_max = @max(packed_bytes_max, frame.packed_bytes);
            raw_bytes_max = @max(raw_bytes_max, frame.raw_bytes);
        }
    }
    var job: Job = .{};
    divide(&job, targets);
    var workers_buffer: [threads_max]Worker = undefined;
    const workers = workers_buffer[0..job.parts_count];
    for (workers, 0..) |*worker, number| worker.* = .{
        .job = &job,
        .targets = targets,
        .number = number,
        .decoder = if (number == 0) decoder else try .init(arena),
        .packed_buffer = try arena.alloc(u8, @min(packed_bytes_max, frame_buffer_bytes)),
        .raw_buffer = try arena.alloc(u8, raw_bytes_max),
    };
    run(workers);
    for (workers) |*worker| if (worker.failed) {
        report.* = worker.report;
        return error.Reported;
    };
}

/// Run the first worker on the calling thread. If no other thread can be started, that worker does everything.
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

/// Divide the work into one part for each thread that it is worth.
fn divide(job: *Job, targets: []const Target) void {
    var cost: u64 = 0;
    var count: u32 = 0;
    for (targets) |target| {
        cost += target.pack.content_bytes + target.pack.entries.len * entry_cost_bytes;
        count += target.pack.pieceCount();
    }
    const threads = if (cost <= threads_from_bytes) 1 else @max(1, @min(os.processorCount(), count, threads_max));
    var front: u32 = 0;
    var number: u32 = 0;
    var cost_before: u64 = 0;
    for (targets) |target| {
        for (0..target.pack.pieceCount()) |piece_number| {
            const piece = target.pack.piece(@intCast(piece_number));
            cost_before += piece.content_end - piece.content_offset + piece.entries.len * entry_cost_bytes;
            number += 1;
            if (job.parts_count + 1 == threads or cost_before < cost * (job.parts_count + 1) / threads) continue;
            job.add(front, number);
            front = number;
        }
    }
    job.add(front, count);
}

/// Make the directories above each piece's first path, and each file that continues from the piece before: two pieces
/// need them.
fn prepare(target: Target, report: *Report) ReportError!void {
    var before = target.pack.piece(0);
    for (1..target.pack.pieceCount()) |number| {
        const piece = target.pack.piece(@intCast(number));
        try makeParents(target, before.first, piece.first, "", report);
        defer before = piece;
        const entry = piece.continued orelse continue;
        // A file that begins before the previous piece was made for that piece.
        if (entry.offset < before.content_offset) continue;
        const file = target.making.dir.createFile(entry.path, entry.mode()) catch |err|
            return failedToMake(target, entry.path, err, report);
        file.close();
    }
}

/// Make the directories above `path` that the entry before doesn't share: entries are sorted, so these are new. The
/// directories above the first path of the next piece, `after`, exist already.
fn makeParents(
    target: Target,
    before: []const u8,
    path: []const u8,
    after: []const u8,
    report: *Report,
) ReportError!void {
    const shared = path_rules.commonDirectory(before, path);
    for (path[shared..], shared..) |byte, end| {
        // The shared directories exist. The separator at their end doesn't end a new one.
        if (byte != '/' or end == shared and shared > 0) continue;
        if (path_rules.isBelow(after, path[0..end])) continue;
        try makeDir(target, path[0..end], report);
    }
}

fn makeDir(target: Target, path: []const u8, report: *Report) ReportError!void {
    target.making.dir.makeDir(path) catch |err| {
        if (err == error.AlreadyExists and target.adds) return;
        return failedToMake(target, path, err, report);
    };
}

fn failedToMake(target: Target, path: []const u8, err: os.Error, report: *Report) error{Reported} {
    return switch (err) {
        // The directory was empty, and an index has no path twice, so the file system treats two paths as the same.
        error.AlreadyExists => pack_format.damaged(report, target.pack.record, "two of its paths are the same to this file system"),
        else => target.making.failed("can't create", path, err, report),
    };
}

const Worker = struct {
    job: *Job,
    targets: []const Target,
    number: usize,
    decoder: zstd.Decoder,
    packed_buffer: []u8,
    raw_buffer: []u8,
    report: Report = .{},
    failed: bool = false,

    fn run(worker: *Worker) void {
        while (worker.job.take(worker.number)) |number| {
            worker.unpackPiece(number) catch {
                worker.failed = true;
                worker.job.failed.store(true, .monotonic);
                return;
            };
        }
    }

    fn unpackPiece(worker: *Worker, number: u32) ReportError!void {
        var rest = number;
        const target = for (worker.targets) |target| {
            if (rest < target.pack.pieceCount()) break target;
            rest -= target.pack.pieceCount();
        } else unreachable;
        const piece = target.pack.piece(rest);
        if (target.pack.frames.len == 0) return worker.unpackEntries(target, &piece, null);
        var reader: FrameReader = try .begin(worker.decoder, target.pack, rest, worker.packed_buffer, worker.raw_buffer, &worker.report);
        try worker.unpackEntries(target, &piece, &reader);
        try reader.finish();
    }

    fn unpackEntries(worker: *Worker, target: Target, piece: *const Piece, reader: ?*FrameReader) ReportError!void {
        if (piece.continued) |entry| try worker.writePart(target, piece, entry, reader);
        var before = piece.first;
        for (piece.entries) |entry| {
            try makeParents(target, before, entry.path, piece.after, &worker.report);
            before = entry.path;
            if (entry.is_directory) {
                try makeDir(target, entry.path, &worker.report);
            } else {
                try worker.writePart(target, piece, entry, reader);
            }
        }
    }

    /// Write the part of a file that is in a piece.
    fn writePart(worker: *Worker, target: Target, piece: *const Piece, entry: Entry, reader: ?*FrameReader) ReportError!void {
        const dir = target.making.dir;
        const start = @max(entry.offset, piece.content_offset);
        const end = @min(entry.offset + entry.size, piece.content_end);
        const file = if (end - start == entry.size)
            dir.createFile(entry.path, entry.mode()) catch |err| return failedToMake(target, entry.path, err, &worker.report)
        else
            dir.openFileToWrite(entry.path) catch |err|
                return target.making.failed("can't open", entry.path, err, &worker.report);
        var at = start;
        while (at < end) {
            const until = @min(end, at + write_bytes_max);
            const content = reader.?.contentTo(at, until) catch |err| {
                file.close();
                return err;
            };
            file.write(content, at - entry.offset) catch |err| {
                file.close();
                return target.making.failed("can't write", entry.path, err, &worker.report);
            };
            at = until;
        }
        file.closeWritten() catch |err|
            return target.making.failed("can't write", entry.path, err, &worker.report);
    }
};
