//! Everything that the runtime asks of an operating system: files below a directory, locks, time,
//! processors, standard error and the exit. Linux is called directly, macOS through libSystem, Windows
//! through kernel32. Only memory and threads come from Zig's standard library. Nothing in here knows what
//! a pack, a plan or a store is, and nothing in here decides what an error means.
//!
//! A path is UTF-8 with "/" between its components, relative to a `Dir`. A symbolic link as its last
//! component is never followed; `openFile` and `openDir`, for paths that the user named, do follow.

const builtin = @import("builtin");
const std = @import("std");
const assert = std.debug.assert;

const native = switch (builtin.os.tag) {
    .linux, .macos => posix,
    .windows => win32,
    else => @compileError("the runtime doesn't know this operating system"),
};

/// What can go wrong, in the words of no particular system.
pub const Error = error{
    AccessDenied,
    AlreadyExists,
    Busy,
    DirectoryNotEmpty,
    InputOutput,
    IsADirectory,
    NameTooLong,
    NoSpace,
    NotADirectory,
    NotFound,
    NotSupported,
    OutOfMemory,
    QuotaExceeded,
    ReadOnly,
    StaleHandle,
    SymbolicLink,
    TooManyOpenFiles,
    Unexpected,
};

pub const Mode = enum(u16) { ordinary = 0o644, executable = 0o755, _ };

/// Two equal identities are the same directory, however it was reached.
pub const Status = struct {
    device: u64,
    inode: u64,
    owner: u32,
    is_directory: bool,

    pub fn same(left: Status, right: Status) bool {
        return left.device == right.device and left.inode == right.inode;
    }
};

pub const Dir = native.Dir;
pub const File = native.File;
/// The names in a directory. What is removed while they are listed may hide others: list again.
pub const Lister = native.Lister;

/// Whether a lock is taken on the directory itself, or on a file beside it.
pub const locks_directories = native.locks_directories;
/// Whether a symbolic link can be made without asking an administrator.
pub const makes_symbolic_links = native.makes_symbolic_links;

pub const openDir = native.openDir;
pub const openFile = native.openFile;
pub const isAbsolute = native.isAbsolute;
pub const currentUser = native.currentUser;
/// Unlike what another process gets, on this machine or another. Only where directories are locked.
pub const uniqueNumber = native.uniqueNumber;
pub const sleep = native.sleep;
/// How many processors this process may run on.
pub const processorCount = native.processorCount;
pub const readStandardInput = native.readStandardInput;
pub const writeStandardError = native.writeStandardError;
pub const exit = native.exit;

const posix = struct {
    const sys = std.posix.system;
    const c_flags = std.posix.O;
    const locks_directories = true;
    const makes_symbolic_links = true;

    pub const Dir = struct {
        fd: sys.fd_t,

        pub fn close(dir: Self) void {
            _ = sys.close(dir.fd);
        }

        const Self = @This();

        /// Opens a directory, and not what a symbolic link leads to.
        pub fn openDir(dir: Self, arena: std.mem.Allocator, path: []const u8) Error!Self {
            _ = arena;
            var buffer: PathBuffer = undefined;
            return .{ .fd = try open(dir.fd, try terminate(&buffer, path), .{ .DIRECTORY = true, .NOFOLLOW = true }, 0) };
        }

        pub fn openFile(dir: Self, path: []const u8) Error!posix.File {
            var buffer: PathBuffer = undefined;
            return .{ .fd = try open(dir.fd, try terminate(&buffer, path), .{ .NOFOLLOW = true }, 0) };
        }

        /// Makes a new file; the process's umask applies.
        pub fn createFile(dir: Self, path: []const u8, mode: Mode) Error!posix.File {
            var buffer: PathBuffer = undefined;
            const flags: c_flags = .{ .ACCMODE = .WRONLY, .CREAT = true, .EXCL = true, .NOFOLLOW = true };
            return .{ .fd = try open(dir.fd, try terminate(&buffer, path), flags, @backingInt(mode)) };
        }

        /// Opens a file to write parts of it.
        pub fn openFileToWrite(dir: Self, path: []const u8) Error!posix.File {
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

        /// Renames a directory. An empty one that already has the new name is replaced.
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

        /// Of the directory itself with the path ".".
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
                // Signed on macOS.
                .device = if (builtin.os.tag == .macos) @bitCast(@as(i64, stat.dev)) else stat.dev,
                .inode = stat.ino,
                .owner = stat.uid,
                .is_directory = stat.mode & 0o170000 == 0o040000,
            };
        }

        /// Takes the lock on this directory, or says `Busy`. It is given back by `close`, or by dying.
        pub fn lock(dir: Self) Error!void {
            _ = try call(sys.flock, .{ dir.fd, std.posix.LOCK.EX | std.posix.LOCK.NB });
        }

        /// The same for a lock that others may share.
        pub fn lockShared(dir: Self) Error!void {
            _ = try call(sys.flock, .{ dir.fd, std.posix.LOCK.SH | std.posix.LOCK.NB });
        }
    };

    pub const File = struct {
        fd: sys.fd_t,

        const Self = @This();

        /// Fills the buffer from an offset, and returns less only where the file ends.
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

        /// Closes a file that was written: some file systems tell only now that there was no space.
        pub fn closeWritten(file: Self) Error!void {
            // After EINTR the descriptor is gone on Linux, so this is not tried again.
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

            pub fn open(dir: posix.Dir) Error!Self {
                return .{ .fd = try posix.open(dir.fd, ".", .{ .DIRECTORY = true }, 0) };
            }

            /// The name is good until the next call.
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
                    if (!isDots(name)) return name;
                }
            }

            pub fn close(lister: *Self) void {
                _ = sys.close(lister.fd);
            }
        },
        .macos => struct {
            stream: *sys.DIR,

            const Self = @This();

            pub fn open(dir: posix.Dir) Error!Self {
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
                    if (!isDots(name)) return name;
                }
            }

            pub fn close(lister: *Self) void {
                _ = sys.closedir(lister.stream);
            }
        },
        else => @compileError("no way to list a directory"),
    };

    fn openDir(arena: std.mem.Allocator, path: []const u8) Error!posix.Dir {
        _ = arena;
        var buffer: PathBuffer = undefined;
        return .{ .fd = try open(std.posix.AT.FDCWD, try terminate(&buffer, path), .{ .DIRECTORY = true }, 0) };
    }

    fn openFile(path: []const u8) Error!posix.File {
        var buffer: PathBuffer = undefined;
        return .{ .fd = try open(std.posix.AT.FDCWD, try terminate(&buffer, path), .{}, 0) };
    }

    fn isAbsolute(path: []const u8) bool {
        return path.len > 0 and path[0] == '/';
    }

    fn currentUser() u32 {
        return sys.geteuid();
    }

    fn uniqueNumber() u64 {
        var bytes: [8]u8 = undefined;
        switch (builtin.os.tag) {
            // The kernel gives every process 16 random bytes; `getrandom` is missing before Linux 3.17.
            .linux => bytes = @as(*const [8]u8, @ptrFromInt(std.os.linux.getauxval(std.elf.AT.RANDOM))).*,
            .macos => std.c.arc4random_buf(&bytes, bytes.len),
            else => @compileError("no random numbers"),
        }
        return @bitCast(bytes);
    }

    fn sleep(duration_ms: u32) void {
        const request: sys.timespec = .{
            .sec = @intCast(duration_ms / 1000),
            .nsec = @intCast(@as(u64, duration_ms % 1000) * std.time.ns_per_ms),
        };
        _ = sys.nanosleep(&request, null);
    }

    fn processorCount() usize {
        switch (builtin.os.tag) {
            .linux => {
                // More than any kernel's limit: one that is too small is an error to it.
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

    /// Fills the buffer, and returns less only where the input ends.
    fn readStandardInput(buffer: []u8) Error!usize {
        var done: usize = 0;
        while (done < buffer.len) {
            const rest = buffer[done..];
            const size = try call(sys.read, .{ std.posix.STDIN_FILENO, rest.ptr, rest.len });
            if (size == 0) break;
            done += size;
        }
        return done;
    }

    fn writeStandardError(text: []const u8) void {
        var done: usize = 0;
        while (done < text.len) {
            done += call(sys.write, .{ std.posix.STDERR_FILENO, text[done..].ptr, text.len - done }) catch return;
        }
    }

    fn exit(code: u8) noreturn {
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

    /// The gate for every call that can fail; one that a signal interrupted is made again.
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

    /// The kernel's own `struct stat`, up to the last member that is of interest: `statx` is missing before
    /// Linux 4.11, and Zig's standard library has nothing else.
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
};

const win32 = struct {
    const windows = std.os.windows;
    const locks_directories = false;
    const makes_symbolic_links = false;

    /// An absolute path that begins with `\\?\`, so that its length has no bound but the file system's.
    /// A handle would keep the directory, and those above it, from being renamed.
    pub const Dir = struct {
        path: []const u8,

        const Self = @This();

        pub fn close(dir: Self) void {
            _ = dir;
        }

        pub fn openDir(dir: Self, arena: std.mem.Allocator, path: []const u8) Error!Self {
            const whole = try std.mem.join(arena, "\\", &.{ dir.path, path });
            std.mem.replaceScalar(u8, whole, '/', '\\');
            const opened: Self = .{ .path = whole };
            if (!(try opened.status(".")).is_directory) return error.NotADirectory;
            return opened;
        }

        pub fn openFile(dir: Self, path: []const u8) Error!win32.File {
            var buffer: PathBuffer = undefined;
            return open(try wide(&buffer, dir, path), generic_read, share_read | share_delete, open_existing, 0);
        }

        pub fn createFile(dir: Self, path: []const u8, mode: Mode) Error!win32.File {
            _ = mode;
            var buffer: PathBuffer = undefined;
            return open(try wide(&buffer, dir, path), generic_write, share_read | share_write, create_new, 0);
        }

        pub fn openFileToWrite(dir: Self, path: []const u8) Error!win32.File {
            var buffer: PathBuffer = undefined;
            return open(try wide(&buffer, dir, path), generic_write, share_read | share_write, open_existing, 0);
        }

        pub fn makeDir(dir: Self, path: []const u8) Error!void {
            var buffer: PathBuffer = undefined;
            return check(CreateDirectoryW(try wide(&buffer, dir, path), null));
        }

        pub fn removeFile(dir: Self, path: []const u8) Error!void {
            var buffer: PathBuffer = undefined;
            const path_w = try wide(&buffer, dir, path);
            // A directory answers "access denied", which must not look like one that can't be removed.
            check(DeleteFileW(path_w)) catch |err| {
                const attributes = GetFileAttributesW(path_w);
                if (attributes != windows.INVALID_FILE_ATTRIBUTES and attributes & attribute_directory != 0) return error.IsADirectory;
                return err;
            };
        }

        pub fn removeDir(dir: Self, path: []const u8) Error!void {
            var buffer: PathBuffer = undefined;
            return check(RemoveDirectoryW(try wide(&buffer, dir, path)));
        }

        pub fn rename(dir: Self, from: []const u8, to: []const u8) Error!void {
            var buffer_from: PathBuffer = undefined;
            var buffer_to: PathBuffer = undefined;
            const from_w = try wide(&buffer_from, dir, from);
            const to_w = try wide(&buffer_to, dir, to);
            var attempt: u32 = 0;
            while (true) : (attempt += 1) {
                const err = if (check(MoveFileExW(from_w, to_w, 0))) |_| return else |err| err;
                if (GetFileAttributesW(to_w) != windows.INVALID_FILE_ATTRIBUTES) return error.AlreadyExists;
                // A virus scanner looks into what was just written, and holds it for a moment.
                if (err != error.AccessDenied and err != error.Busy or attempt == 20) return err;
                win32.sleep(10 * attempt);
            }
        }

        pub fn makeLink(dir: Self, path: []const u8, target: []const u8) Error!void {
            _ = dir;
            _ = path;
            _ = target;
            return error.NotSupported;
        }

        pub fn makeHardLink(
            dir: Self,
            path: []const u8,
            existing_dir: Self,
            existing: []const u8,
        ) Error!void {
            var buffer_path: PathBuffer = undefined;
            var buffer_existing: PathBuffer = undefined;
            const existing_w = try wide(&buffer_existing, existing_dir, existing);
            return check(CreateHardLinkW(try wide(&buffer_path, dir, path), existing_w, null));
        }

        pub fn status(dir: Self, path: []const u8) Error!Status {
            var buffer: PathBuffer = undefined;
            const attributes = GetFileAttributesW(try wide(&buffer, dir, path));
            if (attributes == windows.INVALID_FILE_ATTRIBUTES) return lastError();
            // What is a link, or a mount point, isn't the directory that it looks like.
            const kind = attributes & (attribute_directory | attribute_reparse_point);
            return .{ .device = 0, .inode = 0, .owner = 0, .is_directory = kind == attribute_directory };
        }

        /// Opens a file that nobody else can open meanwhile, and that goes when this process does.
        pub fn lockFile(dir: Self, path: []const u8) Error!win32.File {
            var buffer: PathBuffer = undefined;
            return open(try wide(&buffer, dir, path), generic_write, 0, open_always, flag_delete_on_close);
        }
    };

    pub const File = struct {
        handle: windows.HANDLE,

        const Self = @This();

        pub fn read(file: Self, buffer: []u8, offset: u64) Error!usize {
            var done: usize = 0;
            while (done < buffer.len) {
                var overlapped: Overlapped = .at(offset + done);
                var size: u32 = 0;
                const wanted: u32 = @intCast(@min(buffer.len - done, 1 << 30));
                if (ReadFile(file.handle, buffer[done..].ptr, wanted, &size, &overlapped) == 0) {
                    if (windows.GetLastError() == .HANDLE_EOF) break;
                    return lastError();
                }
                if (size == 0) break;
                done += size;
            }
            return done;
        }

        pub fn write(file: Self, bytes: []const u8, offset: u64) Error!void {
            var done: usize = 0;
            while (done < bytes.len) {
                var overlapped: Overlapped = .at(offset + done);
                var size: u32 = 0;
                const wanted: u32 = @intCast(@min(bytes.len - done, 1 << 30));
                try check(WriteFile(file.handle, bytes[done..].ptr, wanted, &size, &overlapped));
                done += size;
            }
        }

        pub fn close(file: Self) void {
            _ = CloseHandle(file.handle);
        }

        pub fn closeWritten(file: Self) Error!void {
            return check(CloseHandle(file.handle));
        }
    };

    pub const Lister = struct {
        handle: windows.HANDLE,
        found: FindData,
        pending: bool = true,
        name: [3 * 260]u8 = undefined,

        const Self = @This();

        pub fn open(dir: win32.Dir) Error!Self {
            var buffer: PathBuffer = undefined;
            var lister: Self = .{ .handle = undefined, .found = undefined };
            lister.handle = FindFirstFileW(try wide(&buffer, dir, "*"), &lister.found);
            return if (lister.handle == windows.INVALID_HANDLE_VALUE) lastError() else lister;
        }

        pub fn next(lister: *Self) Error!?[]const u8 {
            while (true) {
                if (!lister.pending and FindNextFileW(lister.handle, &lister.found) == 0) {
                    return if (windows.GetLastError() == .NO_MORE_FILES) null else lastError();
                }
                lister.pending = false;
                const name = lister.name[0..std.unicode.wtf16LeToWtf8(&lister.name, std.mem.sliceTo(&lister.found.name, 0))];
                if (!isDots(name)) return name;
            }
        }

        pub fn close(lister: *Self) void {
            _ = FindClose(lister.handle);
        }
    };

    fn openDir(arena: std.mem.Allocator, path: []const u8) Error!win32.Dir {
        const whole = if (std.mem.startsWith(u8, path, "\\\\?\\"))
            try arena.dupe(u8, path)
        else if (std.mem.startsWith(u8, path, "\\\\"))
            try std.mem.concat(arena, u8, &.{ "\\\\?\\UNC\\", path[2..] })
        else
            try std.mem.concat(arena, u8, &.{ "\\\\?\\", path });
        std.mem.replaceScalar(u8, whole, '/', '\\');
        const opened: win32.Dir = .{ .path = std.mem.trimEnd(u8, whole, "\\") };
        if (!(try opened.status(".")).is_directory) return error.NotADirectory;
        return opened;
    }

    fn openFile(path: []const u8) Error!win32.File {
        var buffer: PathBuffer = undefined;
        return open(try wide(&buffer, null, path), generic_read, share_read | share_delete, open_existing, 0);
    }

    /// `C:\…` or `\\server\…`. A path without a drive depends on the process's current one.
    fn isAbsolute(path: []const u8) bool {
        if (path.len >= 3 and std.ascii.isAlphabetic(path[0]) and path[1] == ':') return path[2] == '\\' or path[2] == '/';
        return std.mem.startsWith(u8, path, "\\\\");
    }

    fn currentUser() u32 {
        return 0;
    }

    fn sleep(duration_ms: u32) void {
        Sleep(duration_ms);
    }

    fn processorCount() usize {
        var process: usize = 0;
        var system: usize = 0;
        if (GetProcessAffinityMask(windows.GetCurrentProcess(), &process, &system) == 0) return 1;
        return @max(@popCount(process), 1);
    }

    fn readStandardInput(buffer: []u8) Error!usize {
        var done: usize = 0;
        while (done < buffer.len) {
            var size: u32 = 0;
            const wanted: u32 = @intCast(@min(buffer.len - done, 1 << 30));
            const input = windows.peb().ProcessParameters.hStdInput;
            if (ReadFile(input, buffer[done..].ptr, wanted, &size, null) == 0) {
                if (windows.GetLastError() == .BROKEN_PIPE) break;
                return lastError();
            }
            if (size == 0) break;
            done += size;
        }
        return done;
    }

    fn writeStandardError(text: []const u8) void {
        var size: u32 = 0;
        _ = WriteFile(windows.peb().ProcessParameters.hStdError, text.ptr, @intCast(text.len), &size, null);
    }

    fn exit(code: u8) noreturn {
        windows.ntdll.RtlExitUserProcess(code);
    }

    const PathBuffer = [32 * 1024]u16;

    fn wide(buffer: *PathBuffer, dir: ?win32.Dir, path: []const u8) Error![*:0]const u16 {
        var length: usize = 0;
        if (dir) |parent| {
            length = try append(buffer, 0, parent.path);
            if (std.mem.eql(u8, path, ".")) {
                buffer[length] = 0;
                return buffer[0..length :0];
            }
            length += try append(buffer, length, "\\");
        }
        const start = length;
        length += try append(buffer, length, path);
        std.mem.replaceScalar(u16, buffer[start..length], '/', '\\');
        buffer[length] = 0;
        return buffer[0..length :0];
    }

    fn append(buffer: *PathBuffer, at: usize, text: []const u8) Error!usize {
        // Never more code units than bytes, and one is for the terminator.
        if (text.len >= buffer.len - at) return error.NameTooLong;
        return std.unicode.wtf8ToWtf16Le(buffer[at..], text) catch error.NotFound;
    }

    fn open(path: [*:0]const u16, access: u32, share: u32, disposition: u32, flags: u32) Error!win32.File {
        const handle = CreateFileW(path, access, share, null, disposition, flags, null);
        return if (handle == windows.INVALID_HANDLE_VALUE) lastError() else .{ .handle = handle };
    }

    fn check(succeeded: c_int) Error!void {
        if (succeeded == 0) return lastError();
    }

    fn lastError() Error {
        return switch (windows.GetLastError()) {
            .FILE_NOT_FOUND, .PATH_NOT_FOUND, .INVALID_NAME => error.NotFound,
            .ACCESS_DENIED => error.AccessDenied,
            .ALREADY_EXISTS, .FILE_EXISTS => error.AlreadyExists,
            .SHARING_VIOLATION, .LOCK_VIOLATION => error.Busy,
            .DIR_NOT_EMPTY => error.DirectoryNotEmpty,
            .DIRECTORY => error.NotADirectory,
            .DISK_FULL, .HANDLE_DISK_FULL => error.NoSpace,
            .DISK_QUOTA_EXCEEDED => error.QuotaExceeded,
            .WRITE_PROTECT => error.ReadOnly,
            .FILENAME_EXCED_RANGE, .BUFFER_OVERFLOW => error.NameTooLong,
            .NOT_SUPPORTED, .INVALID_FUNCTION, .NOT_SAME_DEVICE, .TOO_MANY_LINKS => error.NotSupported,
            .TOO_MANY_OPEN_FILES => error.TooManyOpenFiles,
            .NOT_ENOUGH_MEMORY, .OUTOFMEMORY => error.OutOfMemory,
            .CRC, .IO_DEVICE, .READ_FAULT, .WRITE_FAULT => error.InputOutput,
            else => error.Unexpected,
        };
    }

    const generic_read = 0x8000_0000;
    const generic_write = 0x4000_0000;
    const share_read = 1;
    const share_write = 2;
    const share_delete = 4;
    const create_new = 1;
    const open_existing = 3;
    const open_always = 4;
    const flag_delete_on_close = 0x0400_0000;
    const attribute_directory = 0x10;
    const attribute_reparse_point = 0x400;

    const Overlapped = extern struct {
        internal: usize = 0,
        internal_high: usize = 0,
        offset: u32,
        offset_high: u32,
        event: ?windows.HANDLE = null,

        fn at(offset: u64) Overlapped {
            return .{ .offset = @truncate(offset), .offset_high = @intCast(offset >> 32) };
        }
    };

    const FindData = extern struct {
        attributes: u32,
        times: [6]u32,
        size_high: u32,
        size_low: u32,
        reserved: [2]u32,
        name: [260]u16,
        short_name: [14]u16,
    };

    extern "kernel32" fn CreateFileW([*:0]const u16, u32, u32, ?*anyopaque, u32, u32, ?windows.HANDLE) callconv(.winapi) windows.HANDLE;
    extern "kernel32" fn CreateDirectoryW([*:0]const u16, ?*anyopaque) callconv(.winapi) c_int;
    extern "kernel32" fn RemoveDirectoryW([*:0]const u16) callconv(.winapi) c_int;
    extern "kernel32" fn DeleteFileW([*:0]const u16) callconv(.winapi) c_int;
    extern "kernel32" fn MoveFileExW([*:0]const u16, [*:0]const u16, u32) callconv(.winapi) c_int;
    extern "kernel32" fn CreateHardLinkW([*:0]const u16, [*:0]const u16, ?*anyopaque) callconv(.winapi) c_int;
    extern "kernel32" fn GetFileAttributesW([*:0]const u16) callconv(.winapi) u32;
    extern "kernel32" fn FindFirstFileW([*:0]const u16, *FindData) callconv(.winapi) windows.HANDLE;
    extern "kernel32" fn FindNextFileW(windows.HANDLE, *FindData) callconv(.winapi) c_int;
    extern "kernel32" fn FindClose(windows.HANDLE) callconv(.winapi) c_int;
    extern "kernel32" fn ReadFile(windows.HANDLE, [*]u8, u32, *u32, ?*Overlapped) callconv(.winapi) c_int;
    extern "kernel32" fn WriteFile(windows.HANDLE, [*]const u8, u32, *u32, ?*Overlapped) callconv(.winapi) c_int;
    extern "kernel32" fn CloseHandle(windows.HANDLE) callconv(.winapi) c_int;
    extern "kernel32" fn GetProcessAffinityMask(windows.HANDLE, *usize, *usize) callconv(.winapi) c_int;
    extern "kernel32" fn Sleep(u32) callconv(.winapi) void;
};

fn isDots(name: []const u8) bool {
    return std.mem.eql(u8, name, ".") or std.mem.eql(u8, name, "..");
}
