//! Shared by the fuzz targets: promises, memory, files without a name, and the decoder.

const std = @import("std");
const linux = std.os.linux;
const assert = std.debug.assert;
const os = @import("../src/os.zig");
const zstd = @import("../src/zstd.zig");

// The fuzzer has a libc. The runtime is linked without one.
extern fn malloc(size: usize) ?[*]u8;
extern fn free(piece: [*]u8) void;

pub fn hold(promise: bool, comptime message: []const u8) void {
    if (!promise) @panic("broken promise: " ++ message);
}

/// The memory of one run. Each piece comes from malloc, so that AddressSanitizer knows its bounds.
pub const Heap = struct {
    pieces: [8192][*]u8 = undefined,
    count: usize = 0,
    bytes: usize = 0,

    /// The entries of the largest index, which has 64 MiB. No file may make the runtime allocate more at once.
    const piece_bytes_max = 256 << 20;
    /// The memory of one run; an input that needs more is only slow and finds no other error.
    const bytes_max = 4 << 20;

    pub fn allocator(heap: *Heap) std.mem.Allocator {
        return .{ .ptr = heap, .vtable = &.{
            .alloc = alloc,
            .resize = std.mem.Allocator.noResize,
            .remap = std.mem.Allocator.noRemap,
            .free = std.mem.Allocator.noFree,
        } };
    }

    fn alloc(context: *anyopaque, size: usize, alignment: std.mem.Alignment, _: usize) ?[*]u8 {
        const heap: *Heap = @ptrCast(@alignCast(context));
        assert(alignment.toByteUnits() <= 16);
        hold(size <= piece_bytes_max, "memory is bounded");
        heap.bytes += size;
        if (heap.bytes > bytes_max or heap.count == heap.pieces.len) return null;
        const piece = malloc(size) orelse return null;
        heap.pieces[heap.count] = piece;
        heap.count += 1;
        return piece;
    }

    /// Allocate memory without filling it. A safe build fills other memory, which takes longer than the rest of a run.
    pub fn unfilled(heap: *Heap, size: usize) error{OutOfMemory}![]u8 {
        return (alloc(heap, size, .@"1", 0) orelse return error.OutOfMemory)[0..size];
    }

    pub fn release(heap: *Heap) void {
        for (heap.pieces[0..heap.count]) |piece| free(piece);
    }
};

var shared_decoder: ?zstd.Decoder = null;

/// Return the decoder of all runs: the runtime too decodes all frames of an installation with one.
pub fn decoderOfAll() zstd.Decoder {
    if (shared_decoder == null) shared_decoder = zstd.Decoder.init(std.heap.page_allocator) catch @panic("out of memory");
    return shared_decoder.?;
}

extern fn ZSTD_getFrameContentSize(frame: [*]const u8, frame_size: usize) u64;

/// Return the size of the content that a frame states; 0 stands for a missing or too large size.
pub fn contentBytes(frame: []const u8) u32 {
    return std.math.cast(u32, ZSTD_getFrameContentSize(frame.ptr, frame.len)) orelse 0;
}

/// A file without a name.
pub const Scratch = struct {
    file: ?os.File = null,

    pub fn filled(scratch: *Scratch, bytes: []const u8) os.File {
        if (scratch.file == null) scratch.file = .{ .fd = @intCast(linux.memfd_create("fuzz", 0)) };
        const file = scratch.file.?;
        if (linux.ftruncate(file.fd, @intCast(bytes.len)) != 0) @panic("no memory file");
        file.write(bytes, 0) catch @panic("no memory file");
        return file;
    }
};
