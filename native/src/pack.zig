//! Opens a pack (docs/format.md): reads its header, outline and index, which `index.zig` parses, and divides its content
//! into pieces of work. `frame.zig` reads the frames.

const std = @import("std");
const assert = std.debug.assert;
const index_format = @import("index.zig");
const os = @import("os.zig");
const zstd = @import("zstd.zig");
const Entry = index_format.Entry;
const Frame = index_format.Frame;
const Header = index_format.Header;
const PackRecord = @import("plan.zig").Pack;
const Report = @import("report.zig").Report;
const ReportError = @import("report.zig").Error;
const Section = index_format.Section;
const Sections = index_format.Sections;

/// How many bytes of a pack are read first.
pub const Head = enum(usize) {
    /// Enough for a small pack, and for the index of nearly every other pack.
    with_index = 64 << 10,
    /// Enough for the outline of nearly every pack.
    with_outline = 4 << 10,
};

/// An open pack, with its outline, and with its index after `readIndex`.
pub const Pack = struct {
    record: *const PackRecord,
    file: os.File,
    /// The first bytes of the pack, or all of a small pack.
    head: []const u8,
    sections: Sections,
    content_bytes: u64,
    /// The top of the pack's tree. A directory in it stands for everything below, if each file there may be reached
    /// through a link to the directory.
    outline: []const Entry = &.{},
    /// The frames and entries of the index are empty before `readIndex`.
    frames: []const Frame = &.{},
    entries: []const Entry = &.{},
    has_index: bool = false,

    pub fn open(
        arena: std.mem.Allocator,
        decoder: zstd.Decoder,
        file: os.File,
        record: *const PackRecord,
        head: Head,
        report: *Report,
    ) ReportError!Pack {
        const buffer = try arena.alloc(u8, @intCast(@min(record.size, @backingInt(head))));
        _ = try readAll(file, record, buffer, 0, report);
        const header = Header.parse(buffer, record.size) catch |err| return refused(report, record, err);
        var pack: Pack = .{
            .record = record,
            .file = file,
            .head = buffer,
            .sections = header.sections,
            .content_bytes = header.content_bytes,
        };
        const outline = try pack.readSection(arena, decoder, pack.sections.outline, report);
        pack.outline = index_format.parseOutline(arena, outline) catch |err| return refused(report, pack.record, err);
        return pack;
    }

    /// Read the index, if it isn't read yet.
    pub fn readIndex(pack: *Pack, arena: std.mem.Allocator, decoder: zstd.Decoder, report: *Report) ReportError!void {
        if (pack.has_index) return;
        const section = try pack.readSection(arena, decoder, pack.sections.index, report);
        const header: Header = .{ .sections = pack.sections, .content_bytes = pack.content_bytes };
        const index = index_format.parseIndex(arena, section, &header, pack.record.size) catch |err|
            return refused(report, pack.record, err);
        for (pack.outline) |entry| {
            if (!index_format.isIn(index.entries, entry)) {
                return damaged(report, pack.record, "its outline and its index differ");
            }
        }
        pack.frames = index.frames;
        pack.entries = index.entries;
        pack.has_index = true;
    }

    pub fn readSection(
        pack: *const Pack,
        arena: std.mem.Allocator,
        decoder: zstd.Decoder,
        section: Section,
        report: *Report,
    ) ReportError![]u8 {
        const frame = pack.inHead(section.offset, section.packed_bytes) orelse frame: {
            const buffer = try arena.alloc(u8, section.packed_bytes);
            break :frame try readAll(pack.file, pack.record, buffer, section.offset, report);
        };
        const raw = try arena.alloc(u8, section.raw_bytes);
        decoder.decode(frame, raw) catch return damaged(report, pack.record, "a section's checksum or size is wrong");
        return raw;
    }

    /// Return bytes of the pack, or null if they aren't all in `head`.
    pub fn inHead(pack: *const Pack, offset: u64, size: usize) ?[]const u8 {
        return if (offset + size <= pack.head.len) pack.head[@intCast(offset)..][0..size] else null;
    }

    /// Return how many pieces the pack has: one for each frame, or a single piece without content.
    pub fn pieceCount(pack: *const Pack) u32 {
        assert(pack.has_index);
        return @max(1, @as(u32, @intCast(pack.frames.len)));
    }

    pub fn piece(pack: *const Pack, number: u32) Piece {
        assert(number < pack.pieceCount());
        const start = if (pack.frames.len == 0) 0 else pack.frames[number].content_offset;
        const first = pack.entryFrom(start);
        // The last piece includes any empty files at the end of the content.
        const end, const behind = if (number + 1 == pack.pieceCount())
            .{ pack.content_bytes, pack.entries.len }
        else
            .{ pack.frames[number + 1].content_offset, pack.entryFrom(pack.frames[number + 1].content_offset) };
        return .{
            .content_offset = start,
            .content_end = end,
            .continued = pack.continuedAt(start, first),
            .entries = pack.entries[first..behind],
            .first = if (number == 0) "" else pack.firstPath(start, first),
            .after = if (number + 1 == pack.pieceCount()) "" else pack.firstPath(end, behind),
        };
    }

    /// Return the number of the first entry whose content begins at an offset or after it.
    fn entryFrom(pack: *const Pack, content_offset: u64) usize {
        var low: usize = 0;
        var high: usize = pack.entries.len;
        while (low < high) {
            const middle = low + (high - low) / 2;
            if (pack.entries[middle].offset >= content_offset) high = middle else low = middle + 1;
        }
        return low;
    }

    fn continuedAt(pack: *const Pack, content_offset: u64, first: usize) ?Entry {
        if (first == 0) return null;
        const entry = pack.entries[first - 1];
        return if (entry.offset + entry.size > content_offset) entry else null;
    }

    fn firstPath(pack: *const Pack, content_offset: u64, first: usize) []const u8 {
        return (pack.continuedAt(content_offset, first) orelse pack.entries[first]).path;
    }
};

/// The files and directories of one frame.
pub const Piece = struct {
    content_offset: u64,
    content_end: u64,
    /// The file that continues from a frame before this one.
    continued: ?Entry,
    /// The entries that begin in this frame.
    entries: []const Entry,
    /// The path of the first entry, continued or not; empty in a pack's first piece.
    first: []const u8,
    /// The `first` path of the next piece; empty in a pack's last piece.
    after: []const u8,
};

fn refused(report: *Report, record: *const PackRecord, err: index_format.ParseError) ReportError {
    return switch (err) {
        error.OutOfMemory => error.OutOfMemory,
        error.Newer => |fault| report.newer(record.archive, record.fingerprint, index_format.describe(fault)),
        else => |fault| damaged(report, record, index_format.describe(fault)),
    };
}

pub fn damaged(report: *Report, record: *const PackRecord, reason: []const u8) error{Reported} {
    return report.damaged(record.archive, record.fingerprint, reason);
}

pub fn readAll(
    file: os.File,
    record: *const PackRecord,
    buffer: []u8,
    offset: u64,
    report: *Report,
) ReportError![]const u8 {
    assert(offset + buffer.len <= record.size);
    const size = file.read(buffer, record.offset + offset) catch |err|
        return report.system(.source, "can't read the archive", .{ record.archive, "", "" }, err);
    if (size < buffer.len) return damaged(report, record, "the file ends too soon");
    return buffer;
}

const testing = std.testing;

test "a pack is cut where its frames begin" {
    const entries = [_]Entry{ testEntry("lib/a", 0, 3), testEntry("lib/b.so", 3, 2), testEntry("lib/c", 5, 1), testEntry("lib/d", 6, 0) };
    const pack: Pack = .{
        .record = undefined,
        .file = undefined,
        .head = "",
        .sections = undefined,
        .content_bytes = 6,
        .frames = &.{
            .{ .offset = 100, .packed_bytes = 10, .raw_bytes = 4, .content_offset = 0 },
            .{ .offset = 110, .packed_bytes = 20, .raw_bytes = 2, .content_offset = 4 },
        },
        .entries = &entries,
        .has_index = true,
    };
    try testing.expectEqual(2, pack.pieceCount());
    const front = pack.piece(0);
    try testing.expectEqual(null, front.continued);
    try testing.expectEqualDeep(entries[0..2], front.entries);
    try testing.expectEqualStrings("", front.first);
    const back = pack.piece(1);
    try testing.expectEqualDeep(entries[1], back.continued.?);
    try testing.expectEqualDeep(entries[2..], back.entries);
    try testing.expectEqualStrings(front.after, back.first);
    try testing.expectEqualStrings("lib/b.so", back.first);
    try testing.expectEqualStrings("", back.after);
}

fn testEntry(path: []const u8, offset: u64, size: u64) Entry {
    return .{
        .path = path,
        .offset = offset,
        .size = size,
        .is_executable = false,
        .has_shebang = false,
        .names_places = false,
        .is_directory = false,
    };
}
