//! Rewrites a RECORD (PEP 376) for the environment. In a pack it names a file outside of `lib/` by its scheme, such
//! as `/data/share/x`. In an environment it names that file by its path relative to site-packages.

const std = @import("std");
const path_rules = @import("path.zig");
const Mount = @import("plan.zig").Mount;

/// Append whole lines of a RECORD to `output`, with paths relative to `base`, a directory of the environment.
///
/// A line whose scheme isn't mounted is left out, because the environment doesn't have its file.
pub fn append(
    arena: std.mem.Allocator,
    output: *std.ArrayList(u8),
    lines: []const u8,
    base: []const u8,
    mounts: []const Mount,
) error{OutOfMemory}!void {
    var rest = lines;
    while (rest.len > 0) {
        const end = if (std.mem.findScalar(u8, rest, '\n')) |at| at + 1 else rest.len;
        try appendLine(arena, output, rest[0..end], base, mounts);
        rest = rest[end..];
    }
}

fn appendLine(
    arena: std.mem.Allocator,
    output: *std.ArrayList(u8),
    line: []const u8,
    base: []const u8,
    mounts: []const Mount,
) error{OutOfMemory}!void {
    // A path that contains a comma is quoted.
    const start = @intFromBool(std.mem.startsWith(u8, line, "\""));
    const path = line[start..];
    if (path.len == 0 or path[0] != '/') return output.appendSlice(arena, line);
    const slash = std.mem.findScalarPos(u8, path, 1, '/') orelse return output.appendSlice(arena, line);
    for (mounts) |mount| {
        if (!std.mem.eql(u8, mount.scheme, path[1..slash])) continue;
        try output.appendSlice(arena, line[0..start]);
        const at = output.items.len;
        try output.appendSlice(arena, mount.destination);
        if (mount.destination.len > 0) try output.append(arena, '/');
        try output.appendSlice(arena, path[slash + 1 ..]);
        return makeRelative(arena, output, at, base);
    }
}

/// Make the path that begins at an offset of `output` relative to `base`. The rest of its line stays as it is.
fn makeRelative(arena: std.mem.Allocator, output: *std.ArrayList(u8), at: usize, base: []const u8) error{OutOfMemory}!void {
    const ups: [path_rules.components_max][3]u8 = @splat("../".*);
    var below = output.items[at..];
    var above = base;
    while (above.len > 0) {
        const end = std.mem.findScalar(u8, above, '/') orelse above.len;
        if (!path_rules.isBelow(below, above[0..end])) break;
        below = below[end + 1 ..];
        above = if (end == above.len) "" else above[end + 1 ..];
    }
    const levels = if (above.len == 0) 0 else path_rules.componentCount(above);
    const shared_bytes = output.items.len - at - below.len;
    try output.replaceRange(arena, at, shared_bytes, @ptrCast(ups[0..levels]));
}

const testing = std.testing;

const test_mounts = [_]Mount{
    .{ .scheme = "lib", .destination = "lib/python3.11/site-packages" },
    .{ .scheme = "scripts", .destination = "bin" },
    .{ .scheme = "data", .destination = "" },
};

fn expectRecord(expected: []const u8, lines: []const u8) !void {
    var arena = std.heap.ArenaAllocator.init(testing.allocator);
    defer arena.deinit();
    var output: std.ArrayList(u8) = .empty;
    try append(arena.allocator(), &output, lines, test_mounts[0].destination, &test_mounts);
    try testing.expectEqualStrings(expected, output.items);
}

test "a file of another scheme gets a relative path" {
    try expectRecord("../../../bin/w,,\n", "/scripts/w,,\n");
    try expectRecord("../../../share/x,sha256=a,1\n", "/data/share/x,sha256=a,1\n");
    try expectRecord("\"../../../a,b\",,", "\"/data/a,b\",,");
}

test "a relative path doesn't leave the directories that it shares with the base" {
    try expectRecord("../../x.so,,\n", "/data/lib/x.so,,\n");
    try expectRecord("../x,,\n", "/data/lib/python3.11/x,,\n");
    try expectRecord("x.py,,\n", "/data/lib/python3.11/site-packages/x.py,,\n");
    try expectRecord("../../../lib,,\n", "/data/lib,,\n");
    try expectRecord("../../../libx/y,,\n", "/data/libx/y,,\n");
}

test "other lines stay, and lines of schemes that are not mounted are left out" {
    try expectRecord("a.py,,\nb/c.py,,", "a.py,,\n/headers/x.h,,\nb/c.py,,");
    for ([_][]const u8{ "", "\n", "\"", "/", "/data", "\"/data\"\n", "a/data/x\n" }) |lines| try expectRecord(lines, lines);
    try expectRecord("", "//x\n");
}
