//! Puts a venv together: the directories that packs mount, and the plan's own files and links, merged into
//! one tree (docs/runtime.md, "How the venv is linked"). The packs must be installed. Nothing in here knows
//! what a venv needs: that is the boot's plan.
//!
//! The tree is never built in memory. A directory is a list of sources, each a run of a pack's sorted outline or
//! index; it is listed by taking the next component of each, and what several have in common is merged in turn.

const std = @import("std");
const assert = std.debug.assert;
const index_format = @import("index.zig");
const os = @import("os.zig");
const pack_format = @import("pack.zig");
const path_rules = @import("path.zig");
const plan_format = @import("plan.zig");
const record_file = @import("record.zig");
const zstd = @import("zstd.zig");
const Entry = index_format.Entry;
const Making = @import("store.zig").Making;
const Store = @import("store.zig").Store;
const Pack = pack_format.Pack;
const Plan = plan_format.Plan;
const Report = @import("report.zig").Report;
const ReportError = @import("report.zig").Error;

const copy_buffer_bytes = 64 << 10;

/// A pack and its bytecode.
pub const packs_together_max = 2;

pub const Installed = struct {
    record: *const plan_format.Pack,
    /// One, or one and its bytecode; none while it isn't installed.
    packs: []Pack,
    /// Where they are, relative to the store.
    path: []const u8,
};

pub fn link(
    arena: std.mem.Allocator,
    decoder: zstd.Decoder,
    plan: *const Plan,
    packs: []const Installed,
    store: *const Store,
    making: Making,
    report: *Report,
) ReportError!void {
    var linker: Linker = .{
        .arena = arena,
        .decoder = decoder,
        .plan = plan,
        .store = store,
        .making = making,
        .report = report,
        .method = if (plan.linking == .copies) .copy else if (os.makes_symbolic_links) .symbolic else .hard,
        .depth = path_rules.componentCount(plan.venv),
        .buffer = &.{},
    };
    var sources: std.ArrayList(Source) = .empty;
    for (plan.files) |*file| try sources.append(arena, .{ .ahead = file.path, .origin = .{ .file = file } });
    for (plan.links) |*symbolic| try sources.append(arena, .{ .ahead = symbolic.path, .origin = .{ .link = symbolic } });
    for (packs) |*installed| {
        for (installed.record.mounts.items) |mount| {
            for (installed.packs) |*pack| {
                const run = schemeRun(installed, pack, mount.scheme) orelse continue;
                try sources.append(arena, .{ .ahead = mount.destination, .origin = .{ .entries = run } });
            }
        }
    }
    try linker.merge("", sources.items);
}

/// Entries below a directory of a pack, all of whose paths begin with the same `consumed` bytes.
const Run = struct {
    installed: *const Installed,
    pack: *Pack,
    /// Of the pack. The index is only looked at below a directory of the outline.
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

    fn entries(run: Run) []const Entry {
        return run.all()[run.start..run.end];
    }

    /// Whether a link to the directory is as good as a directory of links.
    fn canBeLink(run: Run) bool {
        return run.list == .index or run.isOneEntry();
    }

    /// The directory is an entry itself: in an outline one that stands for all below it, in an index an empty one.
    fn isOneEntry(run: Run) bool {
        return run.entries()[0].path.len < run.consumed;
    }

    /// Those at the front that lie in the same directory as the first: its path's first `directory_bytes`.
    fn below(run: Run, directory_bytes: usize) Run {
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

    /// Where the directory is in the store, below that of the pack.
    fn location(run: Run) []const u8 {
        return run.entries()[0].path[0 .. run.consumed - 1];
    }
};

/// Something with a place in the tree, seen from one of its directories.
const Source = struct {
    /// The components between that directory and the origin. These directories are always real ones.
    ahead: []const u8,
    origin: union(enum) {
        entries: Run,
        file: *const plan_format.File,
        link: *const plan_format.Link,
    },
};

/// One name in a directory, as one source has it.
const Child = struct {
    name: []const u8,
    source: Source,
    is_directory: bool,
    /// Which source it is from: earlier ones win.
    rank: usize,

    fn before(_: void, left: Child, right: Child) bool {
        return switch (std.mem.order(u8, left.name, right.name)) {
            .lt => true,
            .gt => false,
            .eq => left.rank < right.rank,
        };
    }
};

const Linker = struct {
    arena: std.mem.Allocator,
    decoder: zstd.Decoder,
    plan: *const Plan,
    /// Where the packs are.
    store: *const Store,
    making: Making,
    report: *Report,
    method: enum { symbolic, hard, copy },
    /// Components between the store and the venv.
    depth: usize,
    /// For copies; made when the first is.
    buffer: []u8,

    /// Fills one directory of the venv, which exists.
    fn merge(linker: *Linker, directory: []const u8, sources: []const Source) ReportError!void {
        var children: std.ArrayList(Child) = .empty;
        for (sources, 0..) |source, rank| try appendChildren(linker.arena, &children, source, rank);
        // An index is sorted already.
        if (sources.len > 1) std.sort.heap(Child, children.items, {}, Child.before);
        var rest: []const Child = children.items;
        while (rest.len > 0) {
            var count: usize = 1;
            while (count < rest.len and std.mem.eql(u8, rest[count].name, rest[0].name)) count += 1;
            try linker.place(directory, rest[0..count]);
            rest = rest[count..];
        }
    }

    /// Makes one name in a directory of the venv from all that have it; the first says what it is.
    fn place(linker: *Linker, directory: []const u8, candidates: []const Child) ReportError!void {
        const first = candidates[0];
        const path = if (directory.len == 0) first.name else try std.mem.concat(linker.arena, u8, &.{ directory, "/", first.name });
        if (path.len > path_rules.path_bytes_max) return linker.failed("can't create", path, error.NameTooLong);
        if (!first.is_directory) return linker.placeLeaf(path, first.source);

        var sources: std.ArrayList(Source) = .empty;
        for (candidates) |candidate| {
            if (candidate.is_directory) try sources.append(linker.arena, candidate.source);
        }
        if (linker.method == .symbolic and linker.plan.linking == .directories and canLinkDirectory(sources.items)) {
            const run = first.source.origin.entries;
            if (try linker.linkSymbolic(path, run.installed.path, run.location())) return;
        }
        linker.making.dir.makeDir(path) catch |err| return linker.failed("can't create", path, err);
        for (sources.items) |*source| {
            if (source.ahead.len == 0 and source.origin == .entries) source.origin.entries = try linker.opened(source.origin.entries);
        }
        try linker.merge(path, sources.items);
    }

    /// All there is in a directory of which an outline says only that it is there.
    fn opened(linker: *Linker, run: Run) ReportError!Run {
        if (run.list == .index or !run.isOneEntry()) return run;
        try run.pack.readIndex(linker.arena, linker.decoder, linker.report);
        const directory = run.location();
        var all = run;
        all.list = .index;
        all.start = index_format.lowerBound(run.pack.entries, directory);
        all.end = run.pack.entries.len;
        return all.below(directory.len);
    }

    fn placeLeaf(linker: *Linker, path: []const u8, source: Source) ReportError!void {
        assert(source.ahead.len == 0);
        switch (source.origin) {
            .file => |file| try linker.writeFile(path, file.mode, file.content),
            .link => |symbolic| linker.making.dir.makeLink(path, symbolic.target) catch |err|
                return linker.failed("can't link", path, err),
            .entries => |run| {
                const entry = run.entries()[0];
                assert(!entry.is_directory);
                if (entry.isRewritten()) {
                    try linker.copyFile(path, run.installed, entry);
                } else {
                    try linker.placeEntry(path, run.installed, entry);
                }
            },
        }
    }

    /// In the best way that the file system has. What failed once isn't tried again.
    fn placeEntry(
        linker: *Linker,
        path: []const u8,
        installed: *const Installed,
        entry: Entry,
    ) ReportError!void {
        if (linker.method == .symbolic) {
            if (try linker.linkSymbolic(path, installed.path, entry.path)) return;
        }
        if (linker.method == .hard) {
            const existing = try std.mem.concat(linker.arena, u8, &.{ installed.path, "/", entry.path });
            if (linker.making.dir.makeHardLink(path, linker.store.root, existing)) |_| return else |err| switch (err) {
                // On Linux a hard link to what belongs to another user may be forbidden.
                error.NotSupported, error.AccessDenied => linker.method = .copy,
                else => return linker.failed("can't link", path, err),
            }
        }
        return linker.copyFile(path, installed, entry);
    }

    /// False: this file system has no symbolic links.
    fn linkSymbolic(
        linker: *Linker,
        path: []const u8,
        installed: []const u8,
        below: []const u8,
    ) ReportError!bool {
        // From the directory of the link up to the store. A mounted path may be as deep as two paths.
        const up: [3 * path_rules.components_max][3]u8 = @splat("../".*);
        const levels = linker.depth + path_rules.componentCount(path) - 1;
        assert(levels <= up.len);
        const target = try std.mem.concat(linker.arena, u8, &.{ @ptrCast(up[0..levels]), installed, "/", below });
        linker.making.dir.makeLink(path, target) catch |err| switch (err) {
            error.NotSupported, error.AccessDenied => {
                linker.method = .hard;
                return false;
            },
            else => return linker.failed("can't link", path, err),
        };
        return true;
    }

    fn writeFile(linker: *Linker, path: []const u8, mode: os.Mode, content: []const u8) ReportError!void {
        const file = linker.making.dir.createFile(path, mode) catch |err|
            return linker.failed("can't create", path, err);
        file.write(content, 0) catch |err| {
            file.close();
            return linker.failed("can't write", path, err);
        };
        file.closeWritten() catch |err| return linker.failed("can't write", path, err);
    }

    /// Copies a file out of an installed pack, with another first line if it is a script, and with the environment's paths
    /// if it is a RECORD.
    fn copyFile(
        linker: *Linker,
        path: []const u8,
        installed: *const Installed,
        entry: Entry,
    ) ReportError!void {
        if (linker.buffer.len == 0) linker.buffer = try linker.arena.alloc(u8, copy_buffer_bytes);
        const existing = try std.mem.concat(linker.arena, u8, &.{ installed.path, "/", entry.path });
        const from = linker.store.root.openFile(existing) catch |err|
            return linker.failedToRead(existing, err);
        defer from.close();
        const to = linker.making.dir.createFile(path, entry.mode()) catch |err|
            return linker.failed("can't create", path, err);
        (if (entry.names_places)
            linker.copyRecord(from, existing, to, path, installed, entry)
        else
            linker.copyContent(from, existing, to, path, entry.has_shebang)) catch |err| {
            to.close();
            return err;
        };
        to.closeWritten() catch |err| return linker.failed("can't write", path, err);
    }

    fn copyRecord(
        linker: *Linker,
        from: os.File,
        existing: []const u8,
        to: os.File,
        path: []const u8,
        installed: *const Installed,
        entry: Entry,
    ) ReportError!void {
        // What follows the scheme is the end of both paths; before it is where the scheme is mounted.
        const behind_scheme = entry.path.len - std.mem.findScalar(u8, entry.path, '/').?;
        const base = if (path.len > behind_scheme) path[0 .. path.len - behind_scheme] else "";
        var lines: std.ArrayList(u8) = .empty;
        var read_bytes: u64 = 0;
        var written_bytes: u64 = 0;
        while (true) {
            const size = from.read(linker.buffer, read_bytes) catch |err| return linker.failedToRead(existing, err);
            const is_last = size < linker.buffer.len;
            const part = linker.buffer[0..size];
            // A line that fills the buffer is none: no path is so long.
            const whole = if (is_last) size else if (std.mem.findScalarLast(u8, part, '\n')) |at| at + 1 else size;
            lines.clearRetainingCapacity();
            try record_file.append(linker.arena, &lines, part[0..whole], base, installed.record.mounts.items);
            to.write(lines.items, written_bytes) catch |err| return linker.failed("can't write", path, err);
            read_bytes += whole;
            written_bytes += lines.items.len;
            if (is_last) return;
        }
    }

    fn copyContent(
        linker: *Linker,
        from: os.File,
        existing: []const u8,
        to: os.File,
        path: []const u8,
        has_shebang: bool,
    ) ReportError!void {
        var read_bytes: u64 = 0;
        var written_bytes: u64 = 0;
        var in_shebang = false;
        while (true) {
            const size = from.read(linker.buffer, read_bytes) catch |err|
                return linker.failedToRead(existing, err);
            var part: []const u8 = linker.buffer[0..size];
            if (read_bytes == 0 and has_shebang and std.mem.startsWith(u8, part, placeholder)) {
                to.write(linker.plan.shebang, 0) catch |err| return linker.failed("can't write", path, err);
                written_bytes = linker.plan.shebang.len;
                in_shebang = true;
            }
            if (in_shebang) {
                const line_end = std.mem.findScalar(u8, part, '\n');
                if (line_end) |_| in_shebang = false;
                part = part[line_end orelse part.len ..];
            }
            to.write(part, written_bytes) catch |err| return linker.failed("can't write", path, err);
            read_bytes += size;
            written_bytes += part.len;
            if (size < linker.buffer.len) return;
        }
    }

    fn failed(linker: *Linker, doing: []const u8, path: []const u8, err: os.Error) error{Reported} {
        return linker.making.failed(doing, path, err, linker.report);
    }

    fn failedToRead(linker: *Linker, path: []const u8, err: os.Error) error{Reported} {
        return linker.report.system(.cache, "can't read", .{ linker.store.root_path, path, "" }, err);
    }
};

/// PEP 427's, for the interpreter of the environment.
const placeholder = "#!python";

/// Whether a directory in the store is all of the directory that these sources have in common.
fn canLinkDirectory(sources: []const Source) bool {
    for (sources) |source| {
        if (source.ahead.len > 0 or source.origin != .entries) return false;
        const run = source.origin.entries;
        if (!run.canBeLink()) return false;
        const first = sources[0].origin.entries;
        if (run.installed != first.installed or !std.mem.eql(u8, run.location(), first.location())) return false;
    }
    return true;
}

/// Everything that a pack has below the directory of a scheme, which is mounted at one that is always real.
fn schemeRun(installed: *const Installed, pack: *Pack, scheme: []const u8) ?Run {
    const entries = pack.outline;
    const first = index_format.lowerBound(entries, scheme);
    const run: Run = .{ .installed = installed, .pack = pack, .list = .outline, .start = first, .end = entries.len, .consumed = 0 };
    return if (first < entries.len and path_rules.isBelow(entries[first].path, scheme)) run.below(scheme.len) else null;
}

/// The names that a source has in the directory it is seen from.
fn appendChildren(
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

/// A pack of files with these paths, sorted. One that ends in a slash is a directory, which stands for all below it.
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

test "a run ends where its directory does" {
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

test "a directory is linked if one entry of one pack is all of it" {
    var packs = [_]Pack{
        comptime testPack(&.{ "lib/a/", "lib/b/c" }),
        comptime testPack(&.{ "lib/a/", "other/a/" }),
    };
    const first = testInstalled(packs[0..1]);
    const second = testInstalled(packs[1..2]);
    const a: Source = .{ .ahead = "", .origin = .{ .entries = schemeRun(&first, &packs[0], "lib").?.below("lib/a".len) } };
    try testing.expect(canLinkDirectory(&.{a}));
    // As that of a pack and its bytecode.
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
