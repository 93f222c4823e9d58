//! The tree of a venv, before it is made: the mounted directories of packs, and the plan's own files and links.
//!
//! The tree is never built in memory. A directory is a list of sources, each a run of a pack's sorted outline or
//! index. The next path component of each source gives the names in the directory. Where several sources have the
//! same directory, they are merged in turn.

const std = @import("std");
const assert = std.debug.assert;
const index_format = @import("index.zig");
const path_rules = @import("path.zig");
const plan_format = @import("plan.zig");
const Entry = index_format.Entry;
const Pack = @import("pack.zig").Pack;

/// A pack and its bytecode.
pub const packs_together_max = 2;

pub const Installed = struct {
    record: *const plan_format.Pack,
    /// The pack, and its bytecode if it has some. Empty before they are installed.
    packs: []Pack,
    /// The path of their directory, relative to the store.
    path: []const u8,
};

/// The entries of a pack below one of its directories. All paths begin with the same `consumed` bytes.
pub const Run = struct {
    installed: *const Installed,
    pack: *Pack,
    /// The list that has the entries. The index is needed only below a directory of the outline.
    list: enum { outline, index },
    start: usize,
    end: usize,
    consumed: usize,

    fn all(run: Run) []const Entry {
        return switch (run.list) {
            .outline => run.pack.outline,
            .index => run.pack.entries,
        };
    }

    pub fn entries(run: Run) []const Entry {
        return run.all()[run.start..run.end];
    }

    /// Return whether a link to the directory may stand for a directory of links.
    fn canBeLink(run: Run) bool {
        return run.list == .index or run.isOneEntry();
    }

    /// Return whether the directory is an entry itself. In an outline this entry stands for everything below it; in an
    /// index it is an empty directory.
    pub fn isOneEntry(run: Run) bool {
        return run.entries()[0].path.len < run.consumed;
    }

    /// Return the entries at the front that are below the same directory: the first `directory_bytes` of the first path.
    pub fn below(run: Run, directory_bytes: usize) Run {
        const directory = run.entries()[0].path[0..directory_bytes];
        var low: usize = run.start + 1;
        var high: usize = run.end;
        while (low < high) {
            const middle = low + (high - low) / 2;
            if (path_rules.isBelow(run.all()[middle].path, directory)) low = middle + 1 else high = middle;
        }
        var result = run;
        result.end = low;
        result.consumed = directory_bytes + 1;
        return result;
    }

    /// Return the path of the directory in the pack.
    pub fn location(run: Run) []const u8 {
        return run.entries()[0].path[0 .. run.consumed - 1];
    }
};

/// A run of entries, or a file or link of the plan, as seen from a directory of the venv.
pub const Source = struct {
    /// The path from that directory to the origin. Its directories are always real ones.
    ahead: []const u8,
    origin: union(enum) {
        entries: Run,
        file: *const plan_format.File,
        link: *const plan_format.Link,
    },
};

/// A name in a directory of the venv, from one source.
pub const Child = struct {
    name: []const u8,
    source: Source,
    is_directory: bool,
    /// The number of the source. Earlier sources win.
    rank: usize,

    pub fn isSame(left: Child, right: Child) bool {
        return order(left, right) == .eq;
    }

    fn order(left: Child, right: Child) std.math.Order {
        return path_rules.nameOrder(left.name, right.name, path_rules.native_rules);
    }

    pub fn before(_: void, left: Child, right: Child) bool {
        return switch (order(left, right)) {
            .lt => true,
            .gt => false,
            .eq => left.rank < right.rank,
        };
    }
};

/// Return whether all sources are the same directory of the store, so that the venv can have one link to it.
pub fn canLinkDirectory(sources: []const Source) bool {
    for (sources) |source| {
        if (source.ahead.len > 0 or source.origin != .entries) return false;
        const run = source.origin.entries;
        if (!run.canBeLink()) return false;
        const first = sources[0].origin.entries;
        if (run.installed != first.installed or !std.mem.eql(u8, run.location(), first.location())) return false;
    }
    return true;
}

/// Return the entries of a pack below the directory of a scheme, or null if it has none.
pub fn schemeRun(installed: *const Installed, pack: *Pack, scheme: []const u8) ?Run {
    const entries = pack.outline;
    const first = index_format.lowerBound(entries, scheme);
    const run: Run = .{ .installed = installed, .pack = pack, .list = .outline, .start = first, .end = entries.len, .consumed = 0 };
    return if (first < entries.len and path_rules.isBelow(entries[first].path, scheme)) run.below(scheme.len) else null;
}

/// Append the names that a source has in the directory it is seen from.
pub fn appendChildren(
    arena: std.mem.Allocator,
    children: *std.ArrayList(Child),
    source: Source,
    rank: usize,
) error{OutOfMemory}!void {
    if (source.ahead.len > 0) {
        const slash = std.mem.findScalar(u8, source.ahead, '/');
        const ahead = if (slash) |at| source.ahead[at + 1 ..] else "";
        try children.append(arena, .{
            .name = source.ahead[0 .. slash orelse source.ahead.len],
            .source = .{ .ahead = ahead, .origin = source.origin },
            .is_directory = slash != null or source.origin == .entries,
            .rank = rank,
        });
        return;
    }
    var run = source.origin.entries;
    if (run.isOneEntry()) return;
    while (run.start < run.end) {
        const entry = run.entries()[0];
        const slash = std.mem.findScalarPos(u8, entry.path, run.consumed, '/');
        const name_end = slash orelse entry.path.len;
        const child = run.below(name_end);
        try children.append(arena, .{
            .name = entry.path[run.consumed..name_end],
            .source = .{ .ahead = "", .origin = .{ .entries = child } },
            .is_directory = slash != null or entry.is_directory,
            .rank = rank,
        });
        assert(child.end > run.start);
        run.start = child.end;
    }
}

const testing = std.testing;

/// Return a pack of files with these sorted paths. A path that ends in a slash is a directory, for everything below it.
fn testPack(comptime paths: []const []const u8) Pack {
    var outline: [paths.len]Entry = undefined;
    for (&outline, paths) |*entry, path| {
        const is_directory = std.mem.endsWith(u8, path, "/");
        entry.* = .{
            .path = if (is_directory) path[0 .. path.len - 1] else path,
            .offset = 0,
            .size = 0,
            .is_executable = false,
            .has_shebang = false,
            .names_places = false,
            .is_directory = is_directory,
        };
    }
    const constant = outline;
    return .{ .record = undefined, .file = undefined, .head = "", .sections = undefined, .content_bytes = 0, .outline = &constant };
}

fn testInstalled(packs: []Pack) Installed {
    return .{ .record = undefined, .packs = packs, .path = "" };
}

test "a run has the entries of its directory only" {
    var packs = [_]Pack{comptime testPack(&.{ "data/x", "lib/a/b/c", "lib/a/d", "lib/a.b/c", "lib/e" })};
    const installed = testInstalled(&packs);
    const lib = schemeRun(&installed, &packs[0], "lib").?;
    try testing.expectEqual(4, lib.entries().len);
    try testing.expectEqualStrings("lib", lib.location());
    const a = lib.below("lib/a".len);
    try testing.expectEqual(2, a.entries().len);
    try testing.expectEqualStrings("lib/a", a.location());
    const b = a.below("lib/a/b".len);
    try testing.expectEqual(1, b.entries().len);
    try testing.expectEqualStrings("lib/a/b", b.location());
    const file = b.below("lib/a/b/c".len);
    try testing.expectEqual(1, file.entries().len);
    try testing.expectEqual(null, schemeRun(&installed, &packs[0], "scripts"));
    try testing.expectEqual(null, schemeRun(&installed, &packs[0], "li"));
}

test "a directory is linked only if it is one entry of one pack" {
    var packs = [_]Pack{
        comptime testPack(&.{ "lib/a/", "lib/b/c" }),
        comptime testPack(&.{ "lib/a/", "other/a/" }),
    };
    const first = testInstalled(packs[0..1]);
    const second = testInstalled(packs[1..2]);
    const a: Source = .{ .ahead = "", .origin = .{ .entries = schemeRun(&first, &packs[0], "lib").?.below("lib/a".len) } };
    try testing.expect(canLinkDirectory(&.{a}));
    // A pack and its bytecode have the same directory.
    try testing.expect(canLinkDirectory(&.{ a, a }));

    var b_run = schemeRun(&first, &packs[0], "lib").?;
    b_run.start += 1;
    const b: Source = .{ .ahead = "", .origin = .{ .entries = b_run.below("lib/b".len) } };
    try testing.expect(!canLinkDirectory(&.{b}));

    const of_another_pack: Source = .{ .ahead = "", .origin = .{ .entries = schemeRun(&second, &packs[1], "lib").?.below("lib/a".len) } };
    try testing.expect(canLinkDirectory(&.{of_another_pack}));
    try testing.expect(!canLinkDirectory(&.{ a, of_another_pack }));
    const of_another_scheme: Source = .{ .ahead = "", .origin = .{ .entries = schemeRun(&second, &packs[1], "other").?.below("other/a".len) } };
    try testing.expect(!canLinkDirectory(&.{ of_another_pack, of_another_scheme }));

    const mounted_deeper: Source = .{ .ahead = "x", .origin = a.origin };
    try testing.expect(!canLinkDirectory(&.{ a, mounted_deeper }));
    const file: plan_format.File = .{ .path = "", .mode = .ordinary, .content = "" };
    try testing.expect(!canLinkDirectory(&.{ a, .{ .ahead = "", .origin = .{ .file = &file } } }));
}
