//! Starts a program in the place of this one, on Windows, where a script can't be started by itself and an environment's
//! interpreter can't be a link. Under another name than its own, the runtime is a launcher (docs/runtime.md, "Launchers").

const std = @import("std");
const os = @import("os.zig");
const windows = std.os.windows;
const Allocator = std.mem.Allocator;

const runtime_name = "pexcz.exe";
const extension = ".exe";
/// The longest command line of Windows has 32,767 UTF-16 code units.
const head_bytes_max = 128 << 10;

/// Start the program that this copy of the runtime stands for, and return its exit code; null in the runtime itself.
pub fn start(arena: Allocator) ?u32 {
    var own_path: [32 << 10]u16 = undefined;
    const length = GetModuleFileNameW(null, &own_path, own_path.len);
    return launch(arena, own_path[0..length]) catch failed(arena, "a program", "there is no memory");
}

fn launch(arena: Allocator, own_path: []const u16) error{OutOfMemory}!?u32 {
    const path = try std.unicode.wtf16LeToWtf8Alloc(arena, own_path);
    const directory = parent(path);
    const name = path[directory.len..];
    if (name.len <= 1) return null;
    const command_line = std.mem.span(GetCommandLineW());

    if (std.ascii.startsWithIgnoreCase(name[1..], "python")) {
        const settings = try std.mem.concat(arena, u8, &.{ parent(directory), "\\pyvenv.cfg" });
        const base = home(try head(arena, settings)) orelse return failed(arena, path, "pyvenv.cfg names no interpreter");
        const program = try std.mem.concat(arena, u8, &.{ base, name });
        _ = SetEnvironmentVariableW(std.unicode.utf8ToUtf16LeStringLiteral("__PYVENV_LAUNCHER__"), try wide(arena, path));
        return try run(arena, program, try arena.dupeSentinel(u16, command_line, 0));
    }
    const script = path[0..path.len -| extension.len];
    const command = shebang(try head(arena, script)) orelse {
        // An app may have a script of the runtime's name.
        if (std.ascii.eqlIgnoreCase(name[1..], runtime_name)) return null;
        return failed(arena, script, "it names no interpreter");
    };
    const beginning = try std.mem.concat(arena, u8, &.{ command, " \"", script, "\"" });
    const whole = try std.mem.concatWithSentinel(arena, u16, &.{ try wide(arena, beginning), arguments(command_line) }, 0);
    return try run(arena, null, whole);
}

fn run(arena: Allocator, program: ?[]const u8, command_line: [:0]u16) error{OutOfMemory}!u32 {
    var startup: StartupInfo = undefined;
    var child: ProcessInformation = undefined;
    GetStartupInfoW(&startup);
    // The console sends Ctrl-C to both processes. The child decides what to do.
    _ = SetConsoleCtrlHandler(&ignore, 1);
    const application: ?[*:0]const u16 = if (program) |path| (try wide(arena, path)).ptr else null;
    if (CreateProcessW(application, command_line, null, null, 1, 0, null, null, &startup, &child) == 0) {
        const named = program orelse try std.unicode.wtf16LeToWtf8Alloc(arena, command_line);
        return failed(arena, named, "Windows can't start it");
    }
    // If this process is killed, its handle of the job closes, and Windows ends the child.
    const job = CreateJobObjectW(null, null);
    const limits: JobLimits = .{ .flags = kill_on_job_close | silent_breakaway_ok };
    _ = SetInformationJobObject(job, extended_limits, &limits, @sizeOf(JobLimits));
    _ = AssignProcessToJobObject(job, child.process);
    _ = WaitForSingleObject(child.process, 0xffff_ffff);
    var code: u32 = failure;
    _ = GetExitCodeProcess(child.process, &code);
    return code;
}

fn ignore(event: u32) callconv(.winapi) c_int {
    _ = event;
    return 1;
}

const failure = 1;

fn failed(arena: Allocator, path: []const u8, reason: []const u8) u32 {
    const parts = [_][]const u8{ "czex: can't start ", path, ": ", reason, "; start the CZEX to install it again\n" };
    os.writeStandardError(std.mem.concat(arena, u8, &parts) catch "");
    return failure;
}

/// Return the beginning of a file; nothing if it can't be read.
fn head(arena: Allocator, path: []const u8) error{OutOfMemory}![]const u8 {
    const file = os.openFile(path) catch return "";
    defer file.close();
    const buffer = try arena.alloc(u8, head_bytes_max);
    return buffer[0 .. file.read(buffer, 0) catch 0];
}

fn wide(arena: Allocator, text: []const u8) error{OutOfMemory}![:0]u16 {
    return std.unicode.wtf8ToWtf16LeAllocZ(arena, text) catch |err| switch (err) {
        error.OutOfMemory => error.OutOfMemory,
        error.InvalidWtf8 => arena.dupeSentinel(u16, &.{}, 0),
    };
}

/// Return the path without its last component and the separator before that.
fn parent(path: []const u8) []const u8 {
    return path[0 .. std.mem.findScalarLast(u8, path, '\\') orelse 0];
}

/// Return the `home` of a `pyvenv.cfg`.
fn home(text: []const u8) ?[]const u8 {
    var lines = std.mem.tokenizeAny(u8, text, "\r\n");
    while (lines.next()) |line| {
        const at = std.mem.findScalar(u8, line, '=') orelse continue;
        const value = std.mem.trim(u8, line[at + 1 ..], " \t");
        if (std.mem.eql(u8, std.mem.trim(u8, line[0..at], " \t"), "home")) return std.mem.trimEnd(u8, value, "\\");
    }
    return null;
}

/// Return the command in the first line of a script.
fn shebang(text: []const u8) ?[]const u8 {
    if (!std.mem.startsWith(u8, text, "#!")) return null;
    const end = std.mem.findAny(u8, text, "\r\n") orelse return null;
    return text[2..end];
}

/// Return a command line behind its program: nothing, or arguments with the space before them.
fn arguments(command_line: []const u16) []const u16 {
    var quoted = false;
    for (command_line, 0..) |unit, at| switch (unit) {
        '"' => quoted = !quoted,
        ' ', '\t' => if (!quoted) return command_line[at..],
        else => {},
    };
    return &.{};
}

const StartupInfo = extern struct { fields: [104]u8 align(8) };
const ProcessInformation = extern struct { process: windows.HANDLE, thread: windows.HANDLE, ids: [2]u32 };
/// JOBOBJECT_EXTENDED_LIMIT_INFORMATION.
const JobLimits = extern struct { times: [2]u64 = @splat(0), flags: u32, rest: [15]u64 = @splat(0) };
const extended_limits = 9;
const kill_on_job_close = 0x2000;
const silent_breakaway_ok = 0x1000;

extern "kernel32" fn GetModuleFileNameW(?windows.HANDLE, [*]u16, u32) callconv(.winapi) u32;
extern "kernel32" fn GetCommandLineW() callconv(.winapi) [*:0]const u16;
extern "kernel32" fn SetEnvironmentVariableW([*:0]const u16, [*:0]const u16) callconv(.winapi) c_int;
extern "kernel32" fn GetStartupInfoW(*StartupInfo) callconv(.winapi) void;
extern "kernel32" fn SetConsoleCtrlHandler(*const fn (u32) callconv(.winapi) c_int, c_int) callconv(.winapi) c_int;
extern "kernel32" fn CreateProcessW(?[*:0]const u16, [*:0]u16, ?*anyopaque, ?*anyopaque, c_int, u32, ?*anyopaque, ?[*:0]const u16, *StartupInfo, *ProcessInformation) callconv(.winapi) c_int;
extern "kernel32" fn CreateJobObjectW(?*anyopaque, ?[*:0]const u16) callconv(.winapi) ?windows.HANDLE;
extern "kernel32" fn SetInformationJobObject(?windows.HANDLE, u32, *const JobLimits, u32) callconv(.winapi) c_int;
extern "kernel32" fn AssignProcessToJobObject(?windows.HANDLE, windows.HANDLE) callconv(.winapi) c_int;
extern "kernel32" fn WaitForSingleObject(windows.HANDLE, u32) callconv(.winapi) u32;
extern "kernel32" fn GetExitCodeProcess(windows.HANDLE, *u32) callconv(.winapi) c_int;

const testing = std.testing;

test "the interpreter of an environment is in the home of pyvenv.cfg" {
    try testing.expectEqualStrings("C:\\Python", home("x = y\r\nhome = C:\\Python\\\r\nhome = D:\\\r\n").?);
    try testing.expectEqual(null, home("homes = C:\\\nhome\n"));
}

test "a script names its command in the first line" {
    try testing.expectEqualStrings("\"C:\\a b\\python.exe\" -I", shebang("#!\"C:\\a b\\python.exe\" -I\r\nimport sys\n").?);
    try testing.expectEqual(null, shebang("import sys\n"));
}

test "a launcher gives all arguments on as they were written" {
    const cases = [_][2][:0]const u16{
        .{ std.unicode.utf8ToUtf16LeStringLiteral("\"C:\\a b\\cow.exe\" x  \"y z\""), std.unicode.utf8ToUtf16LeStringLiteral(" x  \"y z\"") },
        .{ std.unicode.utf8ToUtf16LeStringLiteral("cow\tx"), std.unicode.utf8ToUtf16LeStringLiteral("\tx") },
        .{ std.unicode.utf8ToUtf16LeStringLiteral("cow"), std.unicode.utf8ToUtf16LeStringLiteral("") },
    };
    for (cases) |case| try testing.expectEqualSlices(u16, case[1], arguments(case[0]));
}
