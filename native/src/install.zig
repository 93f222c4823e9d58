//! Carries out a plan: installs every missing pack into the store, then makes the venv. A directory that another
//! process is making is left to that process; see docs/runtime.md, "Guarantees".

const std = @import("std");
const assert = std.debug.assert;
const os = @import("os.zig");
const link = @import("link.zig");
const pack_format = @import("pack.zig");
const plan_format = @import("plan.zig");
const store_dirs = @import("store.zig");
const tree = @import("tree.zig");
const unpack = @import("unpack.zig");
const zstd = @import("zstd.zig");
const Report = @import("report.zig").Report;
const ReportError = @import("report.zig").Error;

/// Each pack that is being unpacked keeps its directory open, and macOS gives a process 256 descriptors.
const packs_in_batch_max = 64;

pub fn install(arena: std.mem.Allocator, plan_path: []const u8, report: *Report) ReportError!void {
    const plan = try plan_format.read(arena, report, plan_path);
    const store: store_dirs.Store = try .open(arena, plan.store, report);
    store.hold();
    const is_in_store = std.mem.eql(u8, plan.venv_root, plan.store);
    const venvs: store_dirs.Store = if (is_in_store) store else try .openForVenv(arena, plan.venv_root, report);
    if (try venvs.isInstalled(plan.venv, report)) return;

    const decoder: zstd.Decoder = try .init(arena);
    var reader: Reader = .{ .arena = arena, .decoder = decoder, .report = report };
    const installed = try arena.alloc(tree.Installed, plan.packs.len);
    for (plan.packs, installed) |*record, *to| to.* = .{ .record = record, .packs = &.{}, .path = try storePath(arena, record) };
    try installPacks(&reader, &store, installed);

    switch (try venvs.beginWaiting(plan.venv, report)) {
        .busy => unreachable,
        .installed => {},
        .making => |making| {
            link.link(arena, decoder, &plan, installed, &store, making, report) catch |err| {
                making.abandon();
                return err;
            };
            try making.finish(report);
        },
    }
}

/// Opens packs, and each archive once. Archives stay open until the process ends, because packs are read from them.
const Reader = struct {
    arena: std.mem.Allocator,
    decoder: zstd.Decoder,
    report: *Report,
    archives: std.ArrayList(Archive) = .empty,

    const Archive = struct { path: []const u8, file: os.File };

    /// Open a pack that is missing in the store, and check its whole index before any file is made.
    fn openToUnpack(reader: *Reader, installed: *tree.Installed) ReportError!void {
        try reader.open(installed, .with_index);
        for (installed.packs) |*pack| try pack.readIndex(reader.arena, reader.decoder, reader.report);
    }

    /// Open a pack that is in the store already. Linking the venv rarely needs more than its outline.
    fn openToLink(reader: *Reader, installed: *tree.Installed) ReportError!void {
        try reader.open(installed, .with_outline);
    }

    fn open(reader: *Reader, installed: *tree.Installed, head: pack_format.Head) ReportError!void {
        const record = installed.record;
        const file = try reader.archive(record.archive);
        const packs = try reader.arena.alloc(pack_format.Pack, if (record.bytecode == null) 1 else 2);
        packs[0] = try .open(reader.arena, reader.decoder, file, record, head, reader.report);
        if (record.bytecode) |bytecode| {
            const own = try bytecodeRecord(reader.arena, record, bytecode);
            const own_file = try reader.archive(own.archive);
            packs[1] = try .open(reader.arena, reader.decoder, own_file, own, head, reader.report);
        }
        installed.packs = packs;
    }

    fn archive(reader: *Reader, path: []const u8) ReportError!os.File {
        for (reader.archives.items) |known| {
            if (std.mem.eql(u8, known.path, path)) return known.file;
        }
        const file = os.openFile(path) catch |err|
            return reader.report.system(.source, "can't open the archive", .{ path, "", "" }, err);
        try reader.archives.append(reader.arena, .{ .path = path, .file = file });
        return file;
    }
};

/// Return the record of a pack's bytecode, in the form of a pack's own record.
fn bytecodeRecord(
    arena: std.mem.Allocator,
    record: *const plan_format.Pack,
    bytecode: plan_format.Bytecode,
) error{OutOfMemory}!*const plan_format.Pack {
    const own = try arena.create(plan_format.Pack);
    own.* = record.*;
    own.archive = bytecode.archive;
    own.fingerprint = bytecode.fingerprint;
    own.offset = bytecode.offset;
    own.size = bytecode.size;
    return own;
}

fn storePath(arena: std.mem.Allocator, record: *const plan_format.Pack) error{OutOfMemory}![]const u8 {
    const parent = switch (record.kind) {
        .wheel => "wheels/",
        .sources => "sources/",
    };
    return std.mem.concat(arena, u8, &.{ parent, record.directory() });
}

/// A directory of the store that this process makes, and the packs for it.
const Begun = struct { installed: *const tree.Installed, making: store_dirs.Making };

/// Unpack all packs, then the bytecode of each: bytecode goes into directories that its pack has made.
fn unpackAll(decoder: zstd.Decoder, begun: []const Begun, report: *Report) ReportError!void {
    for (0..tree.packs_together_max) |number| {
        var targets_buffer: [packs_in_batch_max]unpack.Target = undefined;
        var targets: std.ArrayList(unpack.Target) = .initBuffer(&targets_buffer);
        for (begun) |one| {
            const packs = one.installed.packs;
            if (number >= packs.len) continue;
            targets.appendAssumeCapacity(.{ .pack = &packs[number], .making = one.making, .adds = number > 0 });
        }
        if (targets.items.len > 0) try unpack.unpack(decoder, targets.items, report);
    }
}

/// Install all packs that no other process is making, then wait for the others. No lock is held while waiting.
fn installPacks(reader: *Reader, store: *const store_dirs.Store, packs: []tree.Installed) ReportError!void {
    const report = reader.report;
    var busy: std.ArrayList(*tree.Installed) = .empty;
    var rest = packs;
    while (rest.len > 0) {
        const batch = rest[0..@min(rest.len, packs_in_batch_max)];
        rest = rest[batch.len..];
        var begun_buffer: [packs_in_batch_max]Begun = undefined;
        var begun: std.ArrayList(Begun) = .initBuffer(&begun_buffer);
        errdefer for (begun.items) |one| one.making.abandon();
        for (batch) |*installed| {
            if (try store.isInstalled(installed.path, report)) {
                try reader.openToLink(installed);
                continue;
            }
            try reader.openToUnpack(installed);
            switch (try store.begin(installed.path, report)) {
                .installed => {},
                .busy => try busy.append(reader.arena, installed),
                .making => |making| begun.appendAssumeCapacity(.{ .installed = installed, .making = making }),
            }
        }
        try unpackAll(reader.decoder, begun.items, report);
        while (begun.pop()) |one| try one.making.finish(report);
    }
    for (busy.items) |installed| {
        switch (try store.beginWaiting(installed.path, report)) {
            .busy => unreachable,
            .installed => {},
            .making => |making| {
                unpackAll(reader.decoder, &.{.{ .installed = installed, .making = making }}, report) catch |err| {
                    making.abandon();
                    return err;
                };
                try making.finish(report);
            },
        }
    }
}
