//! Implements `os.zig`, on Linux by system calls and on macOS through libSystem.

const builtin = @import("builtin");
const std = @import("std");
const assert = std.debug.assert;

const os = @import("os.zig");
const Error = os.Error;
const Mode = os.Mode;
const Status = os.Status;
const posix = @This();

const sys = std.posix.system;
const c_flags = std.posix.O;
pub const locks_directories = true;
pub const makes_symbolic_links = true;

pub const Dir = struct {
    fd: sys.fd_t,

    pub fn close(dir: Self) void {
        _ = sys.close(dir.fd);
    }

    const Self = @This();

    /// Open a directory; a symbolic link is an error.
    pub fn openDir(dir: Self, arena: std.mem.Allocator, path: []const u8) Error!Self {
        _ = arena;
        var buffer: PathBuffer = undefined;
        return .{ .fd = try open(dir.fd, try terminate(&buffer, path), .{ .DIRECTORY = true, .NOFOLLOW = true }, 0) };
    }

    pub fn openFile(dir: Self, path: []const u8) Error!File {
        var buffer: PathBuffer = undefined;
        return .{ .fd = try open(dir.fd, try terminate(&buffer, path), .{ .NOFOLLOW = true }, 0) };
    }

    /// Make a new file. The process's umask applies to its mode.
    pub fn createFile(dir: Self, path: []const u8, mode: Mode) Error!File {
        var buffer: PathBuffer = undefined;
        const flags: c_flags = .{ .ACCMODE = .WRONLY, .CREAT = true, .EXCL = true, .NOFOLLOW = true };
        return .{ .fd = try open(dir.fd, try terminate(&buffer, path), flags, @backingInt(mode)) };
    }

    /// Open an existing file to write parts of it.
    pub fn openFileToWrite(dir: Self, path: []const u8) Error!File {
        var buffer: PathBuffer = undefined;
        return .{ .fd = try open(dir.fd, try terminate(&buffer, path), .{ .ACCMODE = .WRONLY, .NOFOLLOW = true }, 0) };
    }

    pub fn makeDir(dir: Self, path: []const u8) Error!void {
        var buffer: PathBuffer = undefined;
        _ = try call(sys.mkdirat, .{ dir.fd, try terminate(&buffer, path), 0o755 });
    }

    pub fn removeFile(dir: Self, path: []const u8) Error!void {
        var buffer: PathBuffer = undefined;
        _ = try call(sys.unlinkat, .{ dir.fd, try terminate(&buffer, path), 0 });
    }

    pub fn removeDir(dir: Self, path: []const u8) Error!void {
        var buffer: PathBuffer = undefined;
        _ = try call(sys.unlinkat, .{ dir.fd, try terminate(&buffer, path), std.posix.AT.REMOVEDIR });
    }

    /// Rename a directory. An empty directory that has the new name is replaced.
    pub fn rename(dir: Self, from: []const u8, to: []const u8) Error!void {
        var buffer_from: PathBuffer = undefined;
        var buffer_to: PathBuffer = undefined;
        const from_z = try terminate(&buffer_from, from);
        _ = try call(sys.renameat, .{ dir.fd, from_z, dir.fd, try terminate(&buffer_to, to) });
    }

    pub fn makeLink(dir: Self, path: []const u8, target: []const u8) Error!void {
        var buffer_path: PathBuffer = undefined;
        var buffer_target: PathBuffer = undefined;
        const target_z = try terminate(&buffer_target, target);
        _ = try call(sys.symlinkat, .{ target_z, dir.fd, try terminate(&buffer_path, path) });
    }

    pub fn makeHardLink(
        dir: Self,
        path: []const u8,
        existing_dir: Self,
        existing: []const u8,
    ) Error!void {
        var buffer_path: PathBuffer = undefined;
        var buffer_existing: PathBuffer = undefined;
        const existing_z = try terminate(&buffer_existing, existing);
        _ = try call(sys.linkat, .{ existing_dir.fd, existing_z, dir.fd, try terminate(&buffer_path, path), 0 });
    }

    /// Return the status of a path; "." is the directory itself.
    pub fn status(dir: Self, path: []const u8) Error!Status {
        var buffer: PathBuffer = undefined;
        const path_z = try terminate(&buffer, path);
        const flags = std.posix.AT.SYMLINK_NOFOLLOW;
        var stat: KernelStat = undefined;
        switch (builtin.os.tag) {
            .linux => {
                const number = if (@hasField(std.os.linux.SYS, "newfstatat")) .newfstatat else .fstatat64;
                _ = try call(std.os.linux.syscall4, .{
                    number,
                    @as(u32, @bitCast(dir.fd)),
                    @intFromPtr(path_z),
                    @intFromPtr(&stat),
                    flags,
                });
            },
            .macos => _ = try call(sys.fstatat, .{ dir.fd, path_z, &stat, flags }),
            else => @compileError("no way to look at a file"),
        }
        return .{
            // This field is signed on macOS.
            .device = if (builtin.os.tag == .macos) @bitCast(@as(i64, stat.dev)) else stat.dev,
            .inode = stat.ino,
            .owner = stat.uid,
            .is_directory = stat.mode & 0o170000 == 0o040000,
        };
    }

    /// Take the exclusive lock on this directory, or return `Busy`. `close` or the end of the process releases it.
    pub fn lock(dir: Self) Error!void {
        _ = try call(sys.flock, .{ dir.fd, std.posix.LOCK.EX | std.posix.LOCK.NB });
    }

    /// Take a shared lock on this directory, or return `Busy`.
    pub fn lockShared(dir: Self) Error!void {
        _ = try call(sys.flock, .{ dir.fd, std.posix.LOCK.SH | std.posix.LOCK.NB });
    }
};

pub const File = struct {
    fd: sys.fd_t,

    const Self = @This();

    /// Read from an offset until the buffer is full or the file ends.
    pub fn read(file: Self, buffer: []u8, offset: u64) Error!usize {
        var done: usize = 0;
        while (done < buffer.len) {
            const rest = buffer[done..];
            const size = try call(sys.pread, .{ file.fd, rest.ptr, rest.len, @as(i64, @intCast(offset + done)) });
            if (size == 0) break;
            done += size;
        }
        return done;
    }

    pub fn write(file: Self, bytes: []const u8, offset: u64) Error!void {
        var done: usize = 0;
        while (done < bytes.len) {
            const rest = bytes[done..];
            done += try call(sys.pwrite, .{ file.fd, rest.ptr, rest.len, @as(i64, @intCast(offset + done)) });
        }
    }

    pub fn close(file: Self) void {
        _ = sys.close(file.fd);
    }

    /// Close a file that was written. Some file systems report only here that there was no space.
    pub fn closeWritten(file: Self) Error!void {
        // Linux closes the descriptor even after EINTR, so a second call could close another file.
        return switch (std.posix.errno(sys.close(file.fd))) {
            .SUCCESS, .INTR => {},
            else => |code| fromErrno(code),
        };
    }
};

pub const Lister = switch (builtin.os.tag) {
    .linux => struct {
        fd: sys.fd_t,
        buffer: [1024]u8 align(8) = undefined,
        at: usize = 0,
        end: usize = 0,

        const Self = @This();

        pub fn open(dir: Dir) Error!Self {
            return .{ .fd = try posix.open(dir.fd, ".", .{ .DIRECTORY = true }, 0) };
        }

        /// Return the next name, which is valid until the next call.
        pub fn next(lister: *Self) Error!?[]const u8 {
            while (true) {
                if (lister.at == lister.end) {
                    lister.at = 0;
                    lister.end = try call(sys.getdents64, .{ lister.fd, &lister.buffer, lister.buffer.len });
                    if (lister.end == 0) return null;
                }
                const entry: *align(1) sys.dirent64 = @ptrCast(lister.buffer[lister.at..]);
                const name_at = lister.at + @offsetOf(sys.dirent64, "name");
                lister.at += entry.reclen;
                const name = std.mem.sliceTo(lister.buffer[name_at..lister.at], 0);
                if (!os.isDots(name)) return name;
            }
        }

        pub fn close(lister: *Self) void {
            _ = sys.close(lister.fd);
        }
    },
    .macos => struct {
        stream: *sys.DIR,

        const Self = @This();

        pub fn open(dir: Dir) Error!Self {
            const fd = try posix.open(dir.fd, ".", .{ .DIRECTORY = true }, 0);
            return .{ .stream = sys.fdopendir(fd) orelse {
                _ = sys.close(fd);
                return error.OutOfMemory;
            } };
        }

        pub fn next(lister: *Self) Error!?[]const u8 {
            while (true) {
                const entry = sys.readdir(lister.stream) orelse return null;
                const name = entry.name[0..entry.namlen];
                if (!os.isDots(name)) return name;
            }
        }

        pub fn close(lister: *Self) void {
            _ = sys.closedir(lister.stream);
        }
    },
    else => @compileError("no way to list a directory"),
};

pub fn openDir(arena: std.mem.Allocator, path: []const u8) Error!Dir {
    _ = arena;
    var buffer: PathBuffer = undefined;
    return .{ .fd = try open(std.posix.AT.FDCWD, try terminate(&buffer, path), .{ .DIRECTORY = true }, 0) };
}

pub fn openFile(path: []const u8) Error!File {
    var buffer: PathBuffer = undefined;
    return .{ .fd = try open(std.posix.AT.FDCWD, try terminate(&buffer, path), .{}, 0) };
}

pub fn isAbsolute(path: []const u8) bool {
    return path.len > 0 and path[0] == '/';
}

pub fn currentUser() u32 {
    return sys.geteuid();
}

pub fn uniqueNumber() u64 {
    var bytes: [8]u8 = undefined;
    switch (builtin.os.tag) {
        // The kernel gives every process 16 random bytes. `getrandom` is missing before Linux 3.17.
        .linux => bytes = @as(*const [8]u8, @ptrFromInt(std.os.linux.getauxval(std.elf.AT.RANDOM))).*,
        .macos => std.c.arc4random_buf(&bytes, bytes.len),
        else => @compileError("no random numbers"),
    }
    return @bitCast(bytes);
}

pub fn sleep(duration_ms: u32) void {
    const request: sys.timespec = .{
        .sec = @intCast(duration_ms / 1000),
        .nsec = @intCast(@as(u64, duration_ms % 1000) * std.time.ns_per_ms),
    };
    _ = sys.nanosleep(&request, null);
}

pub fn processorCount() usize {
    switch (builtin.os.tag) {
        .linux => {
            // Larger than the mask of any kernel, because the kernel refuses a smaller buffer.
            var mask: [1024]u8 align(8) = undefined;
            const size = call(std.os.linux.syscall3, .{ .sched_getaffinity, 0, mask.len, @intFromPtr(&mask) }) catch return 1;
            var count: usize = 0;
            for (mask[0..size]) |byte| count += @popCount(byte);
            return @max(count, 1);
        },
        .macos => return std.Thread.getCpuCount() catch 1,
        else => @compileError("no way to count processors"),
    }
}

/// Read until the buffer is full or the input ends.
pub fn readStandardInput(buffer: []u8) Error!usize {
    var done: usize = 0;
    while (done < buffer.len) {
        const rest = buffer[done..];
        const size = try call(sys.read, .{ std.posix.STDIN_FILENO, rest.ptr, rest.len });
        if (size == 0) break;
        done += size;
    }
    return done;
}

pub fn writeStandardError(text: []const u8) void {
    var done: usize = 0;
    while (done < text.len) {
        done += call(sys.write, .{ std.posix.STDERR_FILENO, text[done..].ptr, text.len - done }) catch return;
    }
}

pub fn exit(code: u8) noreturn {
    switch (builtin.os.tag) {
        .linux => sys.exit_group(code),
        .macos => sys._exit(code),
        else => @compileError("no way out"),
    }
}

const PathBuffer = [4096]u8;

fn terminate(buffer: *PathBuffer, path: []const u8) Error![*:0]const u8 {
    if (path.len >= buffer.len) return error.NameTooLong;
    assert(std.mem.findScalar(u8, path, 0) == null);
    @memcpy(buffer[0..path.len], path);
    buffer[path.len] = 0;
    return buffer[0..path.len :0];
}

fn open(dir: sys.fd_t, path: [*:0]const u8, flags: c_flags, mode: c_uint) Error!sys.fd_t {
    var all_flags = flags;
    all_flags.CLOEXEC = true;
    if (@hasField(c_flags, "LARGEFILE")) all_flags.LARGEFILE = true;
    return @intCast(try call(sys.openat, .{ dir, path, all_flags, mode }));
}

/// Make a system call and translate its error. A call that a signal interrupts is made again.
fn call(comptime function: anytype, arguments: anytype) Error!usize {
    while (true) {
        const result = @call(.auto, function, arguments);
        switch (std.posix.errno(result)) {
            .SUCCESS => return @intCast(result),
            .INTR => {},
            else => |code| return fromErrno(code),
        }
    }
}

fn fromErrno(code: sys.E) Error {
    return switch (code) {
        .ACCES, .PERM => error.AccessDenied,
        .AGAIN, .BUSY, .TXTBSY => error.Busy,
        .DQUOT => error.QuotaExceeded,
        .EXIST => error.AlreadyExists,
        .IO => error.InputOutput,
        .ISDIR => error.IsADirectory,
        .LOOP => error.SymbolicLink,
        .MFILE, .NFILE => error.TooManyOpenFiles,
        .NAMETOOLONG => error.NameTooLong,
        .NOENT => error.NotFound,
        .NOLCK, .NOSYS, .OPNOTSUPP, .MLINK, .XDEV => error.NotSupported,
        .NOMEM => error.OutOfMemory,
        .NOSPC => error.NoSpace,
        .NOTDIR => error.NotADirectory,
        .NOTEMPTY => error.DirectoryNotEmpty,
        .ROFS => error.ReadOnly,
        .STALE => error.StaleHandle,
        else => error.Unexpected,
    };
}

/// The kernel's own `struct stat`, up to the last member that is used here. Zig's standard library has only `statx`,
/// which is missing before Linux 4.11.
const KernelStat = switch (builtin.os.tag) {
    .linux => switch (builtin.cpu.arch) {
        .x86_64, .powerpc64le, .s390x => extern struct { dev: u64, ino: u64, nlink: u64, mode: u32, uid: u32, rest: [14]u64 },
        .aarch64, .riscv64 => extern struct { dev: u64, ino: u64, mode: u32, nlink: u32, uid: u32, rest: [13]u64 },
        .arm => extern struct { dev: u64, pad: u32, ino_low: u32, mode: u32, nlink: u32, uid: u32, gid: u32, rest: [8]u64, ino: u64 },
        else => @compileError("what does struct stat look like here?"),
    },
    .macos => std.c.Stat,
    else => @compileError("no way to look at a file"),
};
