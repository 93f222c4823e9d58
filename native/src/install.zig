//! Carries a plan out: has every pack in the store, then the venv. What other processes are making at the
//! same time is left to them; see docs/runtime.md, "What it guarantees".

const std = @import("std");
const assert = std.debug.assert;
const os = @import("os.zig");
const link = @import("link.zig");
const pack_format = @import("pack.zig");
const plan_format = @import("plan.zig");
const store_dirs = @import("store.zig");
const unpack = @import("unpack.zig");
const zstd = @import("zstd.zig");
const Report = @import("report.zig").Report;
const ReportError = @import("report.zig").Error;

/// Each keeps a descriptor open, and macOS starts a process with 256 of them.
const packs_in_batch_max = 64;

pub fn install(arena: std.mem.Allocator, plan_path: []const u8, report: *Report) ReportError!void {
    const plan = try plan_format.read(arena, report, plan_path);
    const store: store_dirs.Store = try .open(arena, plan.store, report);
    const is_in_store = std.mem.eql(u8, plan.venv_root, plan.store);
    const venvs: store_dirs.Store = if (is_in_store) store else try .openForVenv(arena, plan.venv_root, report);
    if (try venvs.isInstalled(plan.venv, report)) return;

    const decoder: zstd.Decoder = try .init(arena);
    const installed = try openPacks(arena, decoder, &plan, report);
    try installPacks(arena, decoder, &store, installed, report);

    switch (try venvs.beginWaiting(plan.venv, report)) {
        .busy => unreachable,
        .installed => {},
        .making => |making| {
            link.link(arena, &plan, installed, &store, making, report) catch |err| {
                making.abandon();
                return err;
            };
            try making.finish(report);
        },
    }
}

/// Reads the index of every pack, also of those that are installed: the venv is linked by it.
fn openPacks(
    arena: std.mem.Allocator,
    decoder: zstd.Decoder,
    plan: *const plan_format.Plan,
    report: *Report,
) ReportError![]link.Installed {
    const installed = try arena.alloc(link.Installed, plan.packs.len);
    // Left open: the packs read from them, and the process ends with them.
    var archives: std.ArrayList(Archive) = .empty;
    for (plan.packs, installed) |*record, *to| {
        const file = for (archives.items) |archive| {
            if (std.mem.eql(u8, archive.path, record.archive)) break archive.file;
        } else file: {
            const file = os.openFile(record.archive) catch |err|
                return report.system(.source, "can't open the archive", .{ record.archive, "", "" }, err);
            try archives.append(arena, .{ .path = record.archive, .file = file });
            break :file file;
        };
        const parts = try arena.alloc(pack_format.Pack, if (record.bytecode == null) 1 else 2);
        parts[0] = try pack_format.open(arena, decoder, file, record, report);
        if (record.bytecode) |bytecode| {
            const own = try bytecodeRecord(arena, record, bytecode);
            parts[1] = try pack_format.open(arena, decoder, file, own, report);
        }
        to.* = .{ .packs = parts, .path = try storePath(arena, record) };
    }
    return installed;
}

/// A pack of bytecode as a record of its own.
fn bytecodeRecord(
    arena: std.mem.Allocator,
    record: *const plan_format.Pack,
    bytecode: plan_format.Bytecode,
) error{OutOfMemory}!*const plan_format.Pack {
    const own = try arena.create(plan_format.Pack);
    own.* = record.*;
    own.fingerprint = bytecode.fingerprint;
    own.offset = bytecode.offset;
    own.size = bytecode.size;
    return own;
}

const Archive = struct { path: []const u8, file: os.File };

fn storePath(arena: std.mem.Allocator, record: *const plan_format.Pack) error{OutOfMemory}![]const u8 {
    const parent = switch (record.kind) {
        .wheel => "wheels/",
        .sources => "sources/",
    };
    return std.mem.concat(arena, u8, &.{ parent, record.directory() });
}

/// A directory of the store that this process makes, and what goes there.
const Begun = struct { packs: []const pack_format.Pack, making: store_dirs.Making };

/// First every pack itself, then the bytecode of those that have some: it finds their directories there.
fn unpackAll(decoder: zstd.Decoder, begun: []const Begun, report: *Report) ReportError!void {
    for (0..link.packs_together_max) |number| {
        var targets_buffer: [packs_in_batch_max]unpack.Target = undefined;
        var targets: std.ArrayList(unpack.Target) = .initBuffer(&targets_buffer);
        for (begun) |one| {
            if (number >= one.packs.len) continue;
            targets.appendAssumeCapacity(.{ .pack = &one.packs[number], .making = one.making, .adds = number > 0 });
        }
        if (targets.items.len > 0) try unpack.unpack(decoder, targets.items, report);
    }
}

/// First what nobody else is making, then what turned out to be left over. While waiting, no lock is held.
fn installPacks(
    arena: std.mem.Allocator,
    decoder: zstd.Decoder,
    store: *const store_dirs.Store,
    packs: []const link.Installed,
    report: *Report,
) ReportError!void {
    var busy: std.ArrayList(link.Installed) = .empty;
    var rest = packs;
    while (rest.len > 0) {
        const batch = rest[0..@min(rest.len, packs_in_batch_max)];
        rest = rest[batch.len..];
        var begun_buffer: [packs_in_batch_max]Begun = undefined;
        var begun: std.ArrayList(Begun) = .initBuffer(&begun_buffer);
        errdefer for (begun.items) |one| one.making.abandon();
        for (batch) |installed| {
            switch (try store.begin(installed.path, report)) {
                .installed => {},
                .busy => try busy.append(arena, installed),
                .making => |making| begun.appendAssumeCapacity(.{ .packs = installed.packs, .making = making }),
            }
        }
        try unpackAll(decoder, begun.items, report);
        while (begun.pop()) |one| try one.making.finish(report);
    }
    for (busy.items) |installed| {
        switch (try store.beginWaiting(installed.path, report)) {
            .busy => unreachable,
            .installed => {},
            .making => |making| {
                unpackAll(decoder, &.{.{ .packs = installed.packs, .making = making }}, report) catch |err| {
                    making.abandon();
                    return err;
                };
                try making.finish(report);
            },
        }
    }
}
