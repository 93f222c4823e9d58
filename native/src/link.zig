//! Makes a venv: merges the mounted directories of all packs with the plan's own files and links into one tree
//! (docs/runtime.md, "How the venv is linked"). The packs must be installed. The plan, which the boot writes, decides
//! what the venv contains.

const std = @import("std");
const assert = std.debug.assert;
const index_format = @import("index.zig");
const os = @import("os.zig");
const path_rules = @import("path.zig");
const plan_format = @import("plan.zig");
const record_file = @import("record.zig");
const tree = @import("tree.zig");
const zstd = @import("zstd.zig");
const Child = tree.Child;
const Entry = index_format.Entry;
const Installed = tree.Installed;
const Making = @import("store.zig").Making;
const Store = @import("store.zig").Store;
const Plan = plan_format.Plan;
const Run = tree.Run;
const Source = tree.Source;
const Report = @import("report.zig").Report;
const ReportError = @import("report.zig").Error;

const copy_buffer_bytes = 64 << 10;

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
                const run = tree.schemeRun(installed, pack, mount.scheme) orelse continue;
                try sources.append(arena, .{ .ahead = mount.destination, .origin = .{ .entries = run } });
            }
        }
    }
    try linker.merge("", sources.items);
}

const Linker = struct {
    arena: std.mem.Allocator,
    decoder: zstd.Decoder,
    plan: *const Plan,
    /// The store that has the packs.
    store: *const Store,
    making: Making,
    report: *Report,
    method: enum { symbolic, hard, copy },
    /// The number of components from the store to the venv.
    depth: usize,
    /// The buffer for copies, allocated for the first copy.
    buffer: []u8,

    /// Fill a directory of the venv, which exists.
    fn merge(linker: *Linker, directory: []const u8, sources: []const Source) ReportError!void {
        var children: std.ArrayList(Child) = .empty;
        for (sources, 0..) |source, rank| try tree.appendChildren(linker.arena, &children, source, rank);
        // The names of a single source are sorted already.
        if (sources.len > 1) std.sort.heap(Child, children.items, {}, Child.before);
        var rest: []const Child = children.items;
        while (rest.len > 0) {
            var count: usize = 1;
            while (count < rest.len and rest[count].isSame(rest[0])) count += 1;
            try linker.place(directory, rest[0..count]);
            rest = rest[count..];
        }
    }

    /// Make a name in a directory of the venv. The first candidate decides whether it is a file or a directory.
    fn place(linker: *Linker, directory: []const u8, candidates: []const Child) ReportError!void {
        const first = candidates[0];
        const path = if (directory.len == 0) first.name else try std.mem.concat(linker.arena, u8, &.{ directory, "/", first.name });
        if (path.len > path_rules.path_bytes_max) return linker.failed("can't create", path, error.NameTooLong);
        if (!first.is_directory) return linker.placeLeaf(path, first.source);

        var sources: std.ArrayList(Source) = .empty;
        for (candidates) |candidate| {
            if (candidate.is_directory) try sources.append(linker.arena, candidate.source);
        }
        if (linker.method == .symbolic and linker.plan.linking == .directories and tree.canLinkDirectory(sources.items)) {
            const run = first.source.origin.entries;
            if (try linker.linkSymbolic(path, run.installed.path, run.location())) return;
        }
        linker.making.dir.makeDir(path) catch |err| return linker.failed("can't create", path, err);
        for (sources.items) |*source| {
            if (source.ahead.len == 0 and source.origin == .entries) source.origin.entries = try linker.opened(source.origin.entries);
        }
        try linker.merge(path, sources.items);
    }

    /// Return the entries of the index below a directory that is one entry of the outline.
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

    /// Link or copy a file, in the best way that the file system supports. A way that failed isn't tried again.
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
                // Linux may forbid hard links to files of another user.
                error.NotSupported, error.AccessDenied => linker.method = .copy,
                else => return linker.failed("can't link", path, err),
            }
        }
        return linker.copyFile(path, installed, entry);
    }

    /// Make a symbolic link to a path in the store. Return false if the file system has no symbolic links.
    fn linkSymbolic(
        linker: *Linker,
        path: []const u8,
        installed: []const u8,
        below: []const u8,
    ) ReportError!bool {
        // The way up from the link to the store. A mounted path may be as deep as two paths.
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

    /// Copy a file of an installed pack. A script gets the first line of the plan, and a RECORD the paths of the environment.
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
        // Both paths have the same end after the scheme. The rest of the venv's path is where the scheme is mounted.
        const behind_scheme = entry.path.len - std.mem.findScalar(u8, entry.path, '/').?;
        const base = if (path.len > behind_scheme) path[0 .. path.len - behind_scheme] else "";
        var lines: std.ArrayList(u8) = .empty;
        var read_bytes: u64 = 0;
        var written_bytes: u64 = 0;
        while (true) {
            const size = from.read(linker.buffer, read_bytes) catch |err| return linker.failedToRead(existing, err);
            const is_last = size < linker.buffer.len;
            const part = linker.buffer[0..size];
            // A part without a line end isn't a line of a valid RECORD, because no path is as long as the buffer.
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

/// The placeholder that PEP 427 defines for the interpreter of the environment.
const placeholder = "#!python";
