//! The message about a failure, in one line, and its exit code. The function that meets an error fills in a
//! `Report`, because it knows the operation and the file, and returns `error.Reported`. `main.zig` prints it.

const builtin = @import("builtin");
const std = @import("std");
const assert = std.debug.assert;
const os = @import("os.zig");

/// `Reported`: a `Report` describes the error.
pub const Error = error{ Reported, OutOfMemory };

/// Exit codes, numbered as in sysexits.h.
pub const Code = enum(u8) {
    usage = 64,
    damaged = 65,
    cache = 73,
    io = 74,
};

/// The role of a file decides the exit code and the hint of an error.
pub const Role = enum {
    /// A file that the runtime was told to read.
    source,
    /// A file or directory in the store.
    cache,
    /// A file or directory of a venv outside of the store.
    venv,
};

pub const Report = struct {
    code: Code = .io,
    doing: []const u8 = "",
    /// Parts of the path, which are joined by "/". They must live as long as the report.
    path: [3][]const u8 = @splat(""),
    reason: []const u8 = "",
    advice: []const u8 = "",

    /// Describe an error of the operating system.
    pub fn system(
        report: *Report,
        role: Role,
        doing: []const u8,
        path: [3][]const u8,
        err: os.Error,
    ) error{Reported} {
        report.* = .{
            .code = if (role != .source and isPlace(err)) .cache else .io,
            .doing = doing,
            .path = path,
            .reason = describe(err),
            .advice = switch (role) {
                .source => "check that the file exists and is readable",
                .cache => advise(err),
                .venv => if (isPlace(err)) "free space or allow writing there, or choose another directory" else advise(err),
            },
        };
        return error.Reported;
    }

    pub fn damaged(report: *Report, path: []const u8, pack: []const u8, reason: []const u8) error{Reported} {
        report.* = .{
            .code = .damaged,
            .doing = "can't unpack",
            .path = .{ path, pack, "" },
            .reason = reason,
            .advice = "download or build the file again",
        };
        return error.Reported;
    }

    /// A pack has a format that a later version of this runtime reads.
    pub fn newer(report: *Report, path: []const u8, pack: []const u8, reason: []const u8) error{Reported} {
        report.* = .{
            .code = .damaged,
            .doing = "can't unpack",
            .path = .{ path, pack, "" },
            .reason = reason,
            .advice = "build this app with that version, too",
        };
        return error.Reported;
    }

    pub fn usage(report: *Report, path: []const u8, reason: []const u8) error{Reported} {
        report.* = .{
            .code = .usage,
            .doing = "can't follow the plan",
            .path = .{ path, "", "" },
            .reason = reason,
            .advice = "please report this error in czex",
        };
        return error.Reported;
    }

    pub fn outOfMemory(report: *Report, path: []const u8) void {
        report.system(.cache, "can't follow the plan", .{ path, "", "" }, error.OutOfMemory) catch {};
    }

    /// Write `czex: can't VERB OBJECT: REASON; HINT`; the path is the end of the object.
    pub fn write(report: *const Report, buffer: []u8) []const u8 {
        var line: Line = .{ .buffer = buffer };
        line.add("czex: ");
        line.add(report.doing);
        line.add(" ");
        const start = line.size;
        for (report.path, 0..) |part, index| {
            if (part.len == 0) continue;
            if (index > 0) line.add("/");
            line.add(part);
        }
        if (builtin.os.tag == .windows) std.mem.replaceScalar(u8, buffer[start..line.size], '/', '\\');
        line.add(": ");
        line.add(report.reason);
        line.add("; ");
        line.add(report.advice);
        return line.end();
    }
};

/// One line of bounded length. Text that doesn't fit is cut off, and control characters become "?".
pub const Line = struct {
    buffer: []u8,
    size: usize = 0,

    pub fn add(line: *Line, text: []const u8) void {
        assert(line.buffer.len > 0);
        for (text) |byte| {
            if (line.size + 1 >= line.buffer.len) return;
            line.buffer[line.size] = if (byte < ' ' or byte == 0x7f) '?' else byte;
            line.size += 1;
        }
    }

    pub fn end(line: *Line) []const u8 {
        line.buffer[line.size] = '\n';
        return line.buffer[0 .. line.size + 1];
    }
};

/// Return whether another directory could avoid the error.
fn isPlace(err: os.Error) bool {
    return switch (err) {
        error.AccessDenied,
        error.AlreadyExists,
        error.DirectoryNotEmpty,
        error.IsADirectory,
        error.NameTooLong,
        error.NoSpace,
        error.NotADirectory,
        error.NotFound,
        error.NotSupported,
        error.QuotaExceeded,
        error.ReadOnly,
        error.SymbolicLink,
        => true,
        error.Busy,
        error.InputOutput,
        error.OutOfMemory,
        error.StaleHandle,
        error.TooManyOpenFiles,
        error.Unexpected,
        => false,
    };
}

fn describe(err: os.Error) []const u8 {
    return switch (err) {
        error.AccessDenied => "permission denied",
        error.AlreadyExists => "it already exists",
        error.Busy => "it is in use",
        error.DirectoryNotEmpty => "the directory isn't empty",
        error.InputOutput => "the device failed",
        error.IsADirectory => "it is a directory",
        error.NameTooLong => "the name is too long",
        error.NoSpace => "no space left on the device",
        error.NotADirectory => "a component of the path isn't a directory",
        error.NotFound => "it doesn't exist",
        error.NotSupported => "the file system doesn't support it",
        error.OutOfMemory => "out of memory",
        error.QuotaExceeded => "the disk quota is used up",
        error.ReadOnly => "the file system is read-only",
        error.StaleHandle => "the network file system has lost it",
        error.SymbolicLink => "it is a symbolic link",
        error.TooManyOpenFiles => "too many open files",
        error.Unexpected => "an unexpected error",
    };
}

fn advise(err: os.Error) []const u8 {
    return switch (err) {
        error.NoSpace, error.QuotaExceeded => "free space, or set PEXCZ_ROOT to a directory on another disk",
        error.NameTooLong => "set PEXCZ_ROOT to a directory with a shorter path",
        error.AccessDenied,
        error.AlreadyExists,
        error.DirectoryNotEmpty,
        error.IsADirectory,
        error.NotADirectory,
        error.NotFound,
        error.NotSupported,
        error.ReadOnly,
        error.SymbolicLink,
        => "set PEXCZ_ROOT to a directory that you can write to",
        error.TooManyOpenFiles => "raise the limit of open files (ulimit -n)",
        error.OutOfMemory => "free some memory and start again",
        error.Busy, error.InputOutput, error.StaleHandle, error.Unexpected => "start again",
    };
}

test "a report is one line" {
    var report: Report = .{};
    const err = report.system(.cache, "can't create", .{ "/srv", "a\nb", "" }, error.NoSpace);
    try std.testing.expectEqual(error.Reported, err);
    var buffer: [256]u8 = undefined;
    try std.testing.expectEqualStrings(
        "czex: can't create /srv/a?b: no space left on the device; free space, or set PEXCZ_ROOT to a directory on another disk\n",
        report.write(&buffer),
    );
    try std.testing.expectEqual(.cache, report.code);
}

test "a report that doesn't fit is cut off" {
    var report: Report = .{};
    _ = report.usage("/plan", "because") catch {};
    var buffer: [16]u8 = undefined;
    try std.testing.expectEqualStrings("czex: can't fol\n", report.write(&buffer));
}
