//! The native runtime of a CZEX: `pexcz install <plan file>`. This file reads the command line, prints the
//! message and sets the exit code; install.zig does the work, or launcher.zig on Windows. See docs/runtime.md.

const builtin = @import("builtin");
const std = @import("std");
const os = @import("os.zig");
const install = @import("install.zig").install;
const launcher = @import("launcher.zig");
const Code = @import("report.zig").Code;
const Report = @import("report.zig").Report;

/// A failed assertion ends the process by a trap: a message would link all of Zig's formatted printing.
pub const panic = std.debug.no_panic;

/// Leave out the signal handler, stack traces and `std.Io`, which Zig links into every executable by default.
pub const std_options: std.Options = .{ .signal_stack_size = null, .enable_segfault_handler = false };
pub const std_options_debug_threaded_io: ?*std.Io.Threaded = null;

pub fn main(init: std.process.Init.Minimal) noreturn {
    var arena: std.heap.ArenaAllocator = .init(std.heap.page_allocator);
    if (builtin.os.tag == .windows) {
        if (launcher.start(arena.allocator())) |code| os.exit(code);
    }
    os.exit(run(arena.allocator(), init.args));
}

fn run(arena: std.mem.Allocator, arguments: std.process.Args) u8 {
    var report: Report = .{};
    const plan_path = planPath(arena, arguments) orelse {
        os.writeStandardError("czex: usage: pexcz install <plan file, or - for standard input>\n");
        return @backingInt(Code.usage);
    };
    install(arena, plan_path, &report) catch |err| {
        if (err == error.OutOfMemory) report.outOfMemory(plan_path);
        var buffer: [16 << 10]u8 = undefined;
        os.writeStandardError(report.write(&buffer));
        return @backingInt(report.code);
    };
    return 0;
}

fn planPath(arena: std.mem.Allocator, arguments: std.process.Args) ?[]const u8 {
    var iterator = arguments.iterateAllocator(arena) catch return null;
    _ = iterator.next() orelse return null;
    const command = iterator.next() orelse return null;
    const plan_path = iterator.next() orelse return null;
    if (!std.mem.eql(u8, command, "install") or iterator.next() != null) return null;
    return plan_path;
}

test {
    _ = @import("frame.zig");
    _ = @import("index.zig");
    _ = @import("install.zig");
    _ = @import("job.zig");
    _ = @import("launcher.zig");
    _ = @import("link.zig");
    _ = @import("netstring.zig");
    _ = @import("pack.zig");
    _ = @import("path.zig");
    _ = @import("plan.zig");
    _ = @import("record.zig");
    _ = @import("report.zig");
    _ = @import("store.zig");
    _ = @import("tree.zig");
    _ = @import("unpack.zig");
    _ = @import("zstd.zig");
}
