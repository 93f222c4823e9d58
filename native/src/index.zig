//! Parses a pack's header, outline and index (docs/format.md), which locate its frames and files. Before any file is
//! made, it checks that the sizes add up and fit in the pack, and that every path is safe. `pack.zig` reads the bytes.

const std = @import("std");
const os = @import("os.zig");
const path_rules = @import("path.zig");
const zstd = @import("zstd.zig");

const frame_raw_bytes_max = 8 << 20;
const section_bytes_max = 64 << 20;
const format_version = 2;
const header_bytes = 48;

pub const Entry = struct {
    path: []const u8,
    /// The offset of its content in the pack's content.
    offset: u64,
    size: u64,
    is_executable: bool,
    /// It begins with `#!python`, the placeholder of an interpreter.
    has_shebang: bool,
    /// It is a RECORD that names files of other schemes.
    names_places: bool,
    is_directory: bool,

    /// Return whether the environment has a changed copy of the file instead of a link.
    pub fn isRewritten(entry: Entry) bool {
        return entry.has_shebang or entry.names_places;
    }

    pub fn mode(entry: Entry) os.Mode {
        return if (entry.is_executable) .executable else .ordinary;
    }
};

pub const Frame = struct {
    /// The offset in the pack.
    offset: u64,
    packed_bytes: u32,
    raw_bytes: u32,
    /// The offset of its content in the pack's content.
    content_offset: u64,
};

/// A section of the pack, which is one frame after the header.
pub const Section = struct { offset: u64, packed_bytes: u32, raw_bytes: u32 };

/// The sections, in the order in which they are stored.
pub const Sections = struct { outline: Section, meta: Section, index: Section };

/// The faults that a header, outline or index can have.
pub const Fault = error{
    /// Another format.
    BadHeader,
    /// A later version of the format, or a flag that only a later version can have.
    Newer,
    /// Sizes are impossible or don't add up.
    BadSizes,
    /// The index ends too soon, or continues after its last entry.
    BadIndex,
    BadFlags,
    /// Paths are unsorted or repeated, or a path is both a file and a directory.
    BadOrder,
} || path_rules.Fault;

pub const ParseError = Fault || error{OutOfMemory};

/// Return the number of the first entry that doesn't come before a path.
pub fn lowerBound(entries: []const Entry, path: []const u8) usize {
    var low: usize = 0;
    var high: usize = entries.len;
    while (low < high) {
        const middle = low + (high - low) / 2;
        if (path_rules.order(entries[middle].path, path) == .lt) low = middle + 1 else high = middle;
    }
    return low;
}

/// Return whether an index has an outline's entry, or an entry below that directory.
pub fn isIn(entries: []const Entry, outlined: Entry) bool {
    const first = lowerBound(entries, outlined.path);
    if (first == entries.len) return false;
    const path = entries[first].path;
    return std.mem.eql(u8, path, outlined.path) or (outlined.is_directory and path_rules.isBelow(path, outlined.path));
}

pub const Header = struct {
    sections: Sections,
    content_bytes: u64,

    pub fn parse(head: []const u8, pack_bytes: u64) Fault!Header {
        var cursor: Cursor = .{ .rest = head };
        if (!std.mem.eql(u8, cursor.bytes(8) catch return error.BadHeader, "CZEXPACK")) return error.BadHeader;
        if (head.len < header_bytes) return error.BadHeader;
        const version = try cursor.int(u32);
        if (version != format_version) return if (version > format_version) error.Newer else error.BadHeader;
        if (try cursor.int(u32) != 0) return error.BadHeader;
        var header: Header = undefined;
        var offset: u64 = header_bytes;
        inline for (comptime std.meta.fieldNames(Sections)) |name| {
            const section: Section = .{ .offset = offset, .packed_bytes = try cursor.int(u32), .raw_bytes = try cursor.int(u32) };
            offset += section.packed_bytes;
            if (section.raw_bytes > section_bytes_max) return error.BadSizes;
            if (section.packed_bytes > zstd.packedBytesMax(section.raw_bytes)) return error.BadSizes;
            if (offset > pack_bytes) return error.BadSizes;
            @field(header.sections, name) = section;
        }
        header.content_bytes = try cursor.int(u64);
        return header;
    }
};

pub fn parseOutline(arena: std.mem.Allocator, outline: []const u8) ParseError![]const Entry {
    @setRuntimeSafety(true);
    var cursor: Cursor = .{ .rest = outline };
    const entries, _ = try parseEntries(arena, &cursor);
    return entries;
}

pub const Index = struct { frames: []const Frame, entries: []const Entry };

/// Parse an index. The frames must follow it without a gap, up to the end of the pack.
pub fn parseIndex(arena: std.mem.Allocator, index: []const u8, header: *const Header, pack_bytes: u64) ParseError!Index {
    @setRuntimeSafety(true);
    var cursor: Cursor = .{ .rest = index };
    const frame_count = try cursor.count(8);
    const frames = try arena.alloc(Frame, frame_count);
    var offset = header.sections.index.offset + header.sections.index.packed_bytes;
    var content_bytes: u64 = 0;
    for (frames) |*frame| {
        frame.* = .{
            .offset = offset,
            .packed_bytes = try cursor.int(u32),
            .raw_bytes = try cursor.int(u32),
            .content_offset = content_bytes,
        };
        if (frame.raw_bytes == 0 or frame.raw_bytes > frame_raw_bytes_max) return error.BadSizes;
        if (frame.packed_bytes > zstd.packedBytesMax(frame.raw_bytes)) return error.BadSizes;
        offset += frame.packed_bytes;
        content_bytes += frame.raw_bytes;
    }
    if (offset != pack_bytes or content_bytes != header.content_bytes) return error.BadSizes;

    const entries, const entries_bytes = try parseEntries(arena, &cursor);
    if (entries_bytes != header.content_bytes) return error.BadSizes;
    return .{ .frames = frames, .entries = entries };
}

/// Parse the entries in the rest of a section. Return them and the size of their content.
fn parseEntries(arena: std.mem.Allocator, cursor: *Cursor) ParseError!struct { []const Entry, u64 } {
    @setRuntimeSafety(true);
    const entries = try arena.alloc(Entry, try cursor.count(11));
    var content_bytes: u64 = 0;
    for (entries, 0..) |*entry, number| {
        const before = if (number > 0) entries[number - 1].path else "";
        entry.* = try parseEntry(cursor, content_bytes, before);
        content_bytes = std.math.add(u64, content_bytes, entry.size) catch return error.BadSizes;
    }
    if (cursor.rest.len != 0) return error.BadIndex;
    return .{ entries, content_bytes };
}

fn parseEntry(cursor: *Cursor, offset: u64, before: []const u8) Fault!Entry {
    @setRuntimeSafety(true);
    const flags = try cursor.int(u8);
    const path_bytes = try cursor.int(u16);
    const size = try cursor.int(u64);
    const entry: Entry = .{
        .path = try cursor.bytes(path_bytes),
        .offset = offset,
        .size = size,
        .is_executable = flags & 1 != 0,
        .has_shebang = flags & 2 != 0,
        .names_places = flags & 16 != 0,
        .is_directory = flags & 4 != 0,
    };
    if (flags > 31) return error.Newer;
    if (entry.is_directory and (flags != 4 or size != 0)) return error.BadFlags;
    if (entry.has_shebang and entry.names_places) return error.BadFlags;
    const shared = path_rules.commonDirectory(before, entry.path);
    try path_rules.checkBelow(entry.path, shared, path_rules.native_rules);
    if (path_rules.order(before[shared..], entry.path[shared..]) != .lt) return error.BadOrder;
    if (before.len > 0 and path_rules.isBelow(entry.path, before)) return error.BadOrder;
    return entry;
}

/// Takes bytes from the front of a slice. Never reads past its end.
const Cursor = struct {
    rest: []const u8,

    fn bytes(cursor: *Cursor, size: usize) error{BadIndex}![]const u8 {
        if (size > cursor.rest.len) return error.BadIndex;
        defer cursor.rest = cursor.rest[size..];
        return cursor.rest[0..size];
    }

    fn int(cursor: *Cursor, comptime Int: type) error{BadIndex}!Int {
        const size = @sizeOf(Int);
        return std.mem.readInt(Int, (try cursor.bytes(size))[0..size], .little);
    }

    /// Take a number of items. It is refused if the rest is too short for that many items of `item_bytes_min` bytes.
    fn count(cursor: *Cursor, item_bytes_min: usize) error{BadIndex}!usize {
        const number = try cursor.int(u32);
        if (number > cursor.rest.len / item_bytes_min) return error.BadIndex;
        return number;
    }
};

pub fn describe(fault: Fault) []const u8 {
    return switch (fault) {
        error.BadHeader => "this runtime can't read its format",
        error.Newer => "a newer pexcz made it",
        error.BadSizes => "its sizes don't add up",
        error.BadIndex => "its index has the wrong length",
        error.BadFlags => "an entry's flags are invalid",
        error.BadOrder => "its paths are unsorted or conflict",
        error.PathLength => "a path is empty or too long",
        error.PathEncoding => "a path isn't UTF-8",
        error.PathComponent => "a path has an invalid component",
        error.PathTooDeep => "a path has too many components",
        error.PathCharacter => "a path has a character that this system doesn't allow",
        error.PathDevice => "a path names a device",
    };
}

const testing = std.testing;

const TestEntry = struct { path: []const u8, size: u64 = 0, flags: u8 = 0 };
const TestFrame = struct { packed_bytes: u32, raw_bytes: u32 };

fn encodeIndex(arena: std.mem.Allocator, frames: []const TestFrame, entries: []const TestEntry) ![]u8 {
    var bytes: std.ArrayList(u8) = .empty;
    try appendInt(&bytes, arena, u32, @intCast(frames.len));
    for (frames) |frame| {
        try appendInt(&bytes, arena, u32, frame.packed_bytes);
        try appendInt(&bytes, arena, u32, frame.raw_bytes);
    }
    try appendInt(&bytes, arena, u32, @intCast(entries.len));
    for (entries) |entry| {
        try appendInt(&bytes, arena, u8, entry.flags);
        try appendInt(&bytes, arena, u16, @intCast(entry.path.len));
        try appendInt(&bytes, arena, u64, entry.size);
        try bytes.appendSlice(arena, entry.path);
    }
    return bytes.items;
}

fn appendInt(bytes: *std.ArrayList(u8), arena: std.mem.Allocator, comptime Int: type, value: Int) !void {
    var buffer: [@sizeOf(Int)]u8 = undefined;
    std.mem.writeInt(Int, &buffer, value, .little);
    try bytes.appendSlice(arena, &buffer);
}

/// Parses an index that ends at offset 100 of a pack of 130 bytes with 6 bytes of content.
fn parseTestIndex(arena: std.mem.Allocator, index: []const u8) !Index {
    const no_section: Section = .{ .offset = 0, .packed_bytes = 0, .raw_bytes = 0 };
    const index_section: Section = .{ .offset = 90, .packed_bytes = 10, .raw_bytes = 0 };
    const header: Header = .{
        .sections = .{ .outline = no_section, .meta = no_section, .index = index_section },
        .content_bytes = 6,
    };
    return parseIndex(arena, index, &header, 130);
}

fn expectIndexFault(fault: Fault, frames: []const TestFrame, entries: []const TestEntry) !void {
    var arena = std.heap.ArenaAllocator.init(testing.allocator);
    defer arena.deinit();
    const index = try encodeIndex(arena.allocator(), frames, entries);
    try testing.expectError(fault, parseTestIndex(arena.allocator(), index));
}

const good_frames = [_]TestFrame{ .{ .packed_bytes = 10, .raw_bytes = 4 }, .{ .packed_bytes = 20, .raw_bytes = 2 } };
const good_entries = [_]TestEntry{
    .{ .path = "lib/a", .size = 3 },
    .{ .path = "lib/b.so", .size = 2, .flags = 9 },
    .{ .path = "lib/c", .flags = 4 },
    .{ .path = "scripts/d", .size = 1, .flags = 3 },
};

test "an index locates each frame and file" {
    var arena = std.heap.ArenaAllocator.init(testing.allocator);
    defer arena.deinit();
    const index = try parseTestIndex(arena.allocator(), try encodeIndex(arena.allocator(), &good_frames, &good_entries));
    try testing.expectEqual(110, index.frames[1].offset);
    try testing.expectEqual(4, index.frames[1].content_offset);
    try testing.expectEqual(3, index.entries[1].offset);
    try testing.expectEqual(os.Mode.executable, index.entries[1].mode());
    try testing.expect(index.entries[2].is_directory and index.entries[3].has_shebang);
}

test "an index that is too short or too long is refused" {
    var arena = std.heap.ArenaAllocator.init(testing.allocator);
    defer arena.deinit();
    const index = try encodeIndex(arena.allocator(), &good_frames, &good_entries);
    for (0..index.len) |end| {
        if (parseTestIndex(arena.allocator(), index[0..end])) |_| return error.TestUnexpectedResult else |_| {}
    }
    const longer = try std.mem.concat(arena.allocator(), u8, &.{ index, "\x00" });
    try testing.expectError(error.BadIndex, parseTestIndex(arena.allocator(), longer));
}

test "an index with any bit flipped is parsed or refused" {
    var arena = std.heap.ArenaAllocator.init(testing.allocator);
    defer arena.deinit();
    const index = try encodeIndex(arena.allocator(), &good_frames, &good_entries);
    for (0..index.len * 8) |bit| {
        index[bit / 8] ^= @as(u8, 1) << @intCast(bit % 8);
        defer index[bit / 8] ^= @as(u8, 1) << @intCast(bit % 8);
        _ = parseTestIndex(arena.allocator(), index) catch continue;
    }
}

test "wrong sizes are refused" {
    const entries = &good_entries;
    try expectIndexFault(error.BadSizes, good_frames[0..1], entries);
    try expectIndexFault(error.BadSizes, &.{.{ .packed_bytes = 30, .raw_bytes = 5 }}, entries);
    try expectIndexFault(error.BadSizes, &.{ .{ .packed_bytes = 30, .raw_bytes = 6 }, .{ .packed_bytes = 0, .raw_bytes = 0 } }, entries);
    try expectIndexFault(error.BadSizes, &.{.{ .packed_bytes = 30, .raw_bytes = frame_raw_bytes_max + 1 }}, entries);
    try expectIndexFault(error.BadSizes, &.{.{ .packed_bytes = 0xFFFFFFFF, .raw_bytes = 6 }}, entries);
    try expectIndexFault(error.BadSizes, &good_frames, entries[0..3]);
    const overflow = [_]TestEntry{ .{ .path = "a", .size = 7 }, .{ .path = "b", .size = std.math.maxInt(u64) } };
    try expectIndexFault(error.BadSizes, &good_frames, &overflow);
}

test "flags that contradict each other are refused" {
    try expectIndexFault(error.Newer, &good_frames, &.{.{ .path = "a", .size = 6, .flags = 32 }});
    try expectIndexFault(error.BadFlags, &good_frames, &.{.{ .path = "a", .size = 6, .flags = 18 }});
    try expectIndexFault(error.BadFlags, &good_frames, &.{.{ .path = "a", .size = 6, .flags = 4 }});
    try expectIndexFault(error.BadFlags, &good_frames, &.{.{ .path = "a", .flags = 5 }});
    try expectIndexFault(error.BadFlags, &good_frames, &.{.{ .path = "a", .flags = 12 }});
}

test "paths that are unsorted, repeated or both file and directory are refused" {
    for ([_][2][]const u8{ .{ "b", "a" }, .{ "a", "a" }, .{ "a", "a/b" }, .{ "a.b", "a/b" }, .{ "a/b", "a" } }) |paths| {
        try expectIndexFault(error.BadOrder, &good_frames, &.{ .{ .path = paths[0], .size = 6 }, .{ .path = paths[1] } });
    }
    try expectIndexFault(error.PathComponent, &good_frames, &.{.{ .path = "../a", .size = 6 }});
}

test "a header of another format or with impossible sizes is refused" {
    var good: [header_bytes]u8 = @splat(0);
    @memcpy(good[0..8], "CZEXPACK");
    good[8] = 2;
    for ([_]usize{ 16, 20, 24, 28, 32, 36 }) |at| good[at] = 20;
    const parsed = try Header.parse(&good, 108);
    try testing.expectEqual(48, parsed.sections.outline.offset);
    try testing.expectEqual(88, parsed.sections.index.offset);
    try testing.expectError(error.BadSizes, Header.parse(&good, 107));
    for (0..header_bytes) |end| try testing.expectError(error.BadHeader, Header.parse(good[0..end], 108));
    for ([_]usize{ 0, 7, 12, 15 }) |at| {
        var bad = good;
        bad[at] ^= 0x80;
        try testing.expectError(error.BadHeader, Header.parse(&bad, 108));
    }
    for ([_]u8{ 0, 1 }) |version| {
        good[8] = version;
        try testing.expectError(error.BadHeader, Header.parse(&good, 108));
    }
    good[8] = 3;
    try testing.expectError(error.Newer, Header.parse(&good, 108));
    good[8] = 2;
    for ([_]usize{ 19, 23, 27, 31, 35, 39 }) |at| {
        var bad = good;
        bad[at] = 0xff;
        try testing.expectError(error.BadSizes, Header.parse(&bad, 108));
    }
}
