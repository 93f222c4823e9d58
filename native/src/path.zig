//! The rules for relative paths that come from a pack or a plan: which are allowed, how they are ordered, and
//! which directories they share. These functions read only text and touch no file system.

const builtin = @import("builtin");
const std = @import("std");
const assert = std.debug.assert;

/// The bound on a whole path, which docs/format.md sets.
pub const path_bytes_max = 4096;
pub const component_bytes_max = 255;
/// Removing a tree takes two file descriptors for each level.
pub const components_max = 128;

/// Windows gives a meaning to some characters and names that are ordinary elsewhere.
pub const Rules = enum { posix, windows };

pub const native_rules: Rules = switch (builtin.os.tag) {
    .linux, .macos => .posix,
    .windows => .windows,
    else => @compileError("which rules do paths follow here?"),
};

/// The reason why a path must not be used.
pub const Fault = error{
    /// It is empty, or has more than `path_bytes_max` bytes.
    PathLength,
    /// It isn't UTF-8.
    PathEncoding,
    /// An empty component (so an absolute path too), `.` or `..`, or one that is too long.
    PathComponent,
    PathTooDeep,
    /// NUL or a backslash; on Windows also `<>:"|?*`, a control character, a dot or space at the end.
    PathCharacter,
    /// `NUL`, `COM1.txt` and the like, on Windows.
    PathDevice,
};

pub fn check(path: []const u8, rules: Rules) Fault!void {
    return checkBelow(path, 0, rules);
}

/// Check a path whose first `checked_bytes` bytes are directories that were checked before. Neighbours in an index
/// have most of their paths in common.
pub fn checkBelow(path: []const u8, checked_bytes: usize, rules: Rules) Fault!void {
    if (path.len == 0 or path.len > path_bytes_max) return error.PathLength;
    if (componentCount(path) > components_max) return error.PathTooDeep;
    assert(checked_bytes == 0 or path[checked_bytes] == '/');
    const rest = path[if (checked_bytes == 0) 0 else checked_bytes + 1..];
    if (!std.unicode.utf8ValidateSlice(rest)) return error.PathEncoding;
    var components = std.mem.splitScalar(u8, rest, '/');
    while (components.next()) |component| try checkComponent(component, rules);
}

fn checkComponent(component: []const u8, rules: Rules) Fault!void {
    if (component.len == 0 or component.len > component_bytes_max) return error.PathComponent;
    if (std.mem.eql(u8, component, ".") or std.mem.eql(u8, component, "..")) return error.PathComponent;
    for (component) |byte| {
        if (byte == 0 or byte == '\\') return error.PathCharacter;
    }
    switch (rules) {
        .posix => {},
        .windows => {
            for (component) |byte| {
                if (byte < ' ' or std.mem.findScalar(u8, "<>:\"|?*", byte) != null) return error.PathCharacter;
            }
            const last = component[component.len - 1];
            if (last == '.' or last == ' ') return error.PathCharacter;
            if (isDevice(component)) return error.PathDevice;
        },
    }
}

/// Return whether Windows opens a device by this name. It does so in every directory and with any extension.
fn isDevice(component: []const u8) bool {
    const end = std.mem.findScalar(u8, component, '.') orelse component.len;
    const stem = std.mem.trimEnd(u8, component[0..end], " ");
    for ([_][]const u8{ "con", "prn", "aux", "nul", "conin$", "conout$" }) |device| {
        if (std.ascii.eqlIgnoreCase(stem, device)) return true;
    }
    if (stem.len < 4) return false;
    for ([_][]const u8{ "com", "lpt" }) |port| {
        if (!std.ascii.eqlIgnoreCase(stem[0..3], port)) continue;
        for ([_][]const u8{ "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³" }) |digit| {
            if (std.mem.eql(u8, stem[3..], digit)) return true;
        }
    }
    return false;
}

/// Compare two paths in the order of a pack's index: by component, each byte by byte. `a/b` comes before `a.b`.
pub fn order(left: []const u8, right: []const u8) std.math.Order {
    const shorter = @min(left.len, right.len);
    const same = std.mem.findDiff(u8, left[0..shorter], right[0..shorter]) orelse
        return std.math.order(left.len, right.len);
    // A separator ends a component, and the shorter component comes first.
    if (left[same] == '/') return .lt;
    if (right[same] == '/') return .gt;
    return std.math.order(left[same], right[same]);
}

/// Compare two names in a directory. Windows ignores the case of letters; other letters than those of ASCII aren't known here.
pub fn nameOrder(left: []const u8, right: []const u8, rules: Rules) std.math.Order {
    return switch (rules) {
        .posix => std.mem.order(u8, left, right),
        .windows => std.ascii.orderIgnoreCase(left, right),
    };
}

/// Return whether `path` is below the directory `parent`, at any depth.
pub fn isBelow(path: []const u8, parent: []const u8) bool {
    return path.len > parent.len and path[parent.len] == '/' and std.mem.startsWith(u8, path, parent);
}

/// Return how many bytes two paths share at their beginning, in whole components and without the separator after them.
pub fn commonDirectory(left: []const u8, right: []const u8) usize {
    const shorter = @min(left.len, right.len);
    const same = std.mem.findDiff(u8, left[0..shorter], right[0..shorter]) orelse shorter;
    return std.mem.findScalarLast(u8, left[0..same], '/') orelse 0;
}

pub fn componentCount(path: []const u8) usize {
    assert(path.len > 0);
    return std.mem.countScalar(u8, path, '/') + 1;
}

const testing = std.testing;

fn repeated(comptime text: []const u8, comptime count: usize) *const [count * text.len]u8 {
    const copies: [count][text.len]u8 = @splat(text[0..text.len].*);
    return @ptrCast(&copies);
}

test "ordinary paths are allowed" {
    for ([_][]const u8{ "a", "lib/a/b.py", "lib/...", "lib/..a", "lib/a b", "lib/ü", "-", repeated("a", 255) }) |path| {
        try check(path, .posix);
    }
    try check("lib/console.py", .windows);
    try check("lib/com10", .windows);
}

test "a path can't lead out of its directory" {
    for ([_][]const u8{ "/a", "..", "../a", "a/../b", "a/..", ".", "a/./b", "a//b", "a/", "/" }) |path| {
        try testing.expectError(error.PathComponent, check(path, .posix));
    }
}

test "a path that is too long, too deep or not UTF-8 is refused" {
    try testing.expectError(error.PathLength, check("", .posix));
    try testing.expectError(error.PathLength, check(repeated("a/", 2048) ++ "a", .posix));
    try testing.expectError(error.PathTooDeep, check(repeated("a/", 128) ++ "a", .posix));
    try check(repeated("a/", 127) ++ "a", .posix);
    try testing.expectError(error.PathComponent, check(repeated("a", 256), .posix));
    try testing.expectError(error.PathEncoding, check("a\xff", .posix));
    try testing.expectError(error.PathEncoding, check("\xc0\xae\xc0\xae/a", .posix));
}

test "characters with a special meaning are refused" {
    try testing.expectError(error.PathCharacter, check("a\x00b", .posix));
    try testing.expectError(error.PathCharacter, check("..\\a", .posix));
    try check("a:b", .posix);
    for ([_][]const u8{ "a:b", "C:", "a?", "a.", "a ", "a/b./c", "\x1f", "a\"", "<" }) |path| {
        try testing.expectError(error.PathCharacter, check(path, .windows));
    }
}

test "device names are refused on Windows" {
    for ([_][]const u8{ "nul", "lib/NUL.txt", "a/Com1", "lpt9.tar.gz", "aux .py", "com¹", "CONOUT$" }) |path| {
        try testing.expectError(error.PathDevice, check(path, .windows));
        try check(path, .posix);
    }
}

test "the order is by component" {
    const sorted = [_][]const u8{ "a", "a/b", "a/b/c", "a/b.c", "a!", "a.b", "aa", "b" };
    for (sorted, 0..) |left, at_left| {
        for (sorted, 0..) |right, at_right| {
            try testing.expectEqual(std.math.order(at_left, at_right), order(left, right));
        }
    }
}

test "names are compared without their case on Windows" {
    try testing.expectEqual(.eq, nameOrder("Lib", "lib", .windows));
    try testing.expectEqual(.lt, nameOrder("Lib", "lib", .posix));
    try testing.expectEqual(.lt, nameOrder("a", "B", .windows));
}

test "only a path that continues with a separator is below another" {
    try testing.expect(isBelow("a/b", "a"));
    try testing.expect(!isBelow("a.b", "a"));
    try testing.expect(!isBelow("a", "a"));
}

test "the common directory ends at a separator" {
    try testing.expectEqual(0, commonDirectory("abc", "abd"));
    try testing.expectEqual(1, commonDirectory("a/bc", "a/bd"));
    try testing.expectEqual(3, commonDirectory("a/b/c", "a/b/d"));
    try testing.expectEqual(1, commonDirectory("a/b", "a/b/c"));
}
