//! Reads one frame of a pack from the archive and decodes it, step by step, as its content is asked for. Only the
//! content is whole in memory, and the part that is handed out is still in the processor's cache.

const std = @import("std");
const assert = std.debug.assert;
const pack_format = @import("pack.zig");
const zstd = @import("zstd.zig");
const Pack = pack_format.Pack;
const Report = @import("report.zig").Report;
const ReportError = @import("report.zig").Error;

/// Room for one step, and for the rest of the read before.
pub const buffer_bytes = 2 * zstd.step_bytes_max;

pub const FrameReader = struct {
    pack: *const Pack,
    report: *Report,
    decoding: zstd.Decoding,
    /// Where the frame's content begins in the content of the pack.
    content_offset: u64,
    /// Bytes that were read and aren't decoded yet.
    ready: []const u8,
    /// The part of the frame that isn't read yet, as an offset in the pack and a size.
    unread_offset: u64,
    unread_bytes: usize,
    buffer: []u8,

    /// Begin to read a frame. `buffer` is for its stored bytes, `content` for its decoded content.
    pub fn begin(
        decoder: zstd.Decoder,
        pack: *const Pack,
        number: u32,
        buffer: []u8,
        content: []u8,
        report: *Report,
    ) ReportError!FrameReader {
        const frame = pack.frames[number];
        assert(buffer.len >= @min(buffer_bytes, frame.packed_bytes));
        const in_memory = pack.inHead(frame.offset, frame.packed_bytes);
        var reader: FrameReader = .{
            .pack = pack,
            .report = report,
            .decoding = undefined,
            .content_offset = frame.content_offset,
            .ready = in_memory orelse "",
            .unread_offset = frame.offset,
            .unread_bytes = if (in_memory == null) frame.packed_bytes else 0,
            .buffer = buffer,
        };
        try reader.fill();
        reader.decoding = decoder.begin(reader.ready, content[0..frame.raw_bytes]) catch return reader.damaged();
        return reader;
    }

    /// Return the pack's content from one offset to another, both in this frame. It stays valid as long as `content`.
    pub fn contentTo(reader: *FrameReader, start: u64, end: u64) ReportError![]const u8 {
        const from: usize = @intCast(start - reader.content_offset);
        const to: usize = @intCast(end - reader.content_offset);
        while (reader.decoding.done < to) if (!try reader.step()) return reader.damaged();
        return reader.decoding.content[from..to];
    }

    /// Decode the rest of the frame and verify its checksum.
    pub fn finish(reader: *FrameReader) ReportError!void {
        while (try reader.step()) {}
        const is_whole = reader.decoding.done == reader.decoding.content.len;
        if (!is_whole or reader.ready.len > 0 or reader.unread_bytes > 0) return reader.damaged();
    }

    /// Decode the next step; return false at the frame's end.
    fn step(reader: *FrameReader) ReportError!bool {
        const size = reader.decoding.needed();
        if (size == 0) return false;
        if (size > reader.ready.len) try reader.fill();
        if (size > reader.ready.len) return reader.damaged();
        reader.decoding.step(reader.ready[0..size]) catch return reader.damaged();
        reader.ready = reader.ready[size..];
        return true;
    }

    fn fill(reader: *FrameReader) ReportError!void {
        const kept = reader.ready.len;
        const size = @min(reader.buffer.len -| kept, reader.unread_bytes);
        if (size == 0) return;
        @memmove(reader.buffer[0..kept], reader.ready);
        const read = reader.buffer[kept..][0..size];
        _ = try pack_format.readAll(reader.pack.file, reader.pack.record, read, reader.unread_offset, reader.report);
        reader.ready = reader.buffer[0 .. kept + size];
        reader.unread_offset += size;
        reader.unread_bytes -= size;
    }

    fn damaged(reader: *const FrameReader) error{Reported} {
        return pack_format.damaged(reader.report, reader.pack.record, "a checksum or size is wrong");
    }
};
