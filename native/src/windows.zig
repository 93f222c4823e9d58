//! Implements `os.zig` on Windows, through kernel32.

const builtin = @import("builtin");
const std = @import("std");

const os = @import("os.zig");
const Error = os.Error;
const Mode = os.Mode;
const Status = os.Status;

const windows = std.os.windows;
pub const locks_directories = false;
pub const makes_symbolic_links = false;

/// An absolute path. It begins with `\\?\`, so that only the file system bounds its length. It isn't a handle: an open
/// handle keeps the directory and all directories above it from being renamed.
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

    pub fn openFile(dir: Self, path: []const u8) Error!File {
        var buffer: PathBuffer = undefined;
        return open(try wide(&buffer, dir, path), generic_read, share_read | share_delete, open_existing, 0);
    }

    pub fn createFile(dir: Self, path: []const u8, mode: Mode) Error!File {
        _ = mode;
        var buffer: PathBuffer = undefined;
        return open(try wide(&buffer, dir, path), generic_write, share_read | share_write, create_new, 0);
    }

    pub fn openFileToWrite(dir: Self, path: []const u8) Error!File {
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
        // Windows reports a directory as "access denied". The caller must be able to tell it from a protected file.
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
            // A virus scanner opens new files and holds them for a moment.
            if (err != error.AccessDenied and err != error.Busy or attempt == 20) return err;
            sleep(10 * attempt);
        }
    }

    /// Copy a file, because only an administrator can make symbolic links.
    pub fn makeLink(dir: Self, path: []const u8, target: []const u8) Error!void {
        var buffer_path: PathBuffer = undefined;
        var buffer_target: PathBuffer = undefined;
        const path_w = try wide(&buffer_path, dir, path);
        if (isAbsolute(target)) return check(CopyFileW(try wide(&buffer_target, null, target), path_w, 1));
        const start = std.mem.findScalarLast(u16, std.mem.span(try wide(&buffer_target, dir, path)), '\\').? + 1;
        const end = start + try append(&buffer_target, start, target);
        buffer_target[end] = 0;
        return check(CopyFileW(buffer_target[0..end :0], path_w, 1));
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
        // A link or a mount point has the attribute of a directory too, and doesn't count as one.
        const kind = attributes & (attribute_directory | attribute_reparse_point);
        return .{ .device = 0, .inode = 0, .owner = 0, .is_directory = kind == attribute_directory };
    }

    /// Open a lock file. No other process can open it meanwhile, and Windows deletes it when this process ends.
    pub fn lockFile(dir: Self, path: []const u8) Error!File {
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

    pub fn open(dir: Dir) Error!Self {
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
            if (!os.isDots(name)) return name;
        }
    }

    pub fn close(lister: *Self) void {
        _ = FindClose(lister.handle);
    }
};

pub fn openDir(arena: std.mem.Allocator, path: []const u8) Error!Dir {
    const whole = if (std.mem.startsWith(u8, path, "\\\\?\\"))
        try arena.dupe(u8, path)
    else if (std.mem.startsWith(u8, path, "\\\\"))
        try std.mem.concat(arena, u8, &.{ "\\\\?\\UNC\\", path[2..] })
    else
        try std.mem.concat(arena, u8, &.{ "\\\\?\\", path });
    std.mem.replaceScalar(u8, whole, '/', '\\');
    const opened: Dir = .{ .path = std.mem.trimEnd(u8, whole, "\\") };
    if (!(try opened.status(".")).is_directory) return error.NotADirectory;
    return opened;
}

pub fn openFile(path: []const u8) Error!File {
    var buffer: PathBuffer = undefined;
    return open(try wide(&buffer, null, path), generic_read, share_read | share_delete, open_existing, 0);
}

/// Return whether a path is `C:\…` or `\\server\…`. A path without a drive depends on the current drive.
pub fn isAbsolute(path: []const u8) bool {
    if (path.len >= 3 and std.ascii.isAlphabetic(path[0]) and path[1] == ':') return path[2] == '\\' or path[2] == '/';
    return std.mem.startsWith(u8, path, "\\\\");
}

pub fn currentUser() u32 {
    return 0;
}

pub fn sleep(duration_ms: u32) void {
    Sleep(duration_ms);
}

pub fn processorCount() usize {
    var process: usize = 0;
    var system: usize = 0;
    if (GetProcessAffinityMask(windows.GetCurrentProcess(), &process, &system) == 0) return 1;
    return @max(@popCount(process), 1);
}

pub fn readStandardInput(buffer: []u8) Error!usize {
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

pub fn writeStandardError(text: []const u8) void {
    var size: u32 = 0;
    _ = WriteFile(windows.peb().ProcessParameters.hStdError, text.ptr, @intCast(text.len), &size, null);
}

pub fn exit(code: u32) noreturn {
    windows.ntdll.RtlExitUserProcess(code);
}

const PathBuffer = [32 * 1024]u16;

fn wide(buffer: *PathBuffer, dir: ?Dir, path: []const u8) Error![*:0]const u16 {
    var length: usize = 0;
    if (dir) |parent| {
        length = try append(buffer, 0, parent.path);
        if (std.mem.eql(u8, path, ".")) {
            // Without the separator, a drive such as `C:` is a device.
            if (std.mem.endsWith(u8, parent.path, ":")) length += try append(buffer, length, "\\");
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
    // UTF-16 has at most as many code units as UTF-8 has bytes; one more is for the terminator.
    if (text.len >= buffer.len - at) return error.NameTooLong;
    return std.unicode.wtf8ToWtf16Le(buffer[at..], text) catch error.NotFound;
}

fn open(path: [*:0]const u16, access: u32, share: u32, disposition: u32, flags: u32) Error!File {
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
extern "kernel32" fn CopyFileW([*:0]const u16, [*:0]const u16, c_int) callconv(.winapi) c_int;
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
extern "ntdll" fn RtlMoveMemory(?*anyopaque, ?*const anyopaque, usize) callconv(.winapi) void;
extern "ntdll" fn RtlFillMemory(?*anyopaque, usize, c_int) callconv(.winapi) void;

// The compiler calls these functions. Zig's compiler_rt has them too, but the linker for Windows can only take that
// library as a whole, which would add up to 35 KiB. Therefore `platforms.json` leaves it out by a flag.
comptime {
    @export(&moveMemory, .{ .name = "memcpy" });
    @export(&moveMemory, .{ .name = "memmove" });
    @export(&setMemory, .{ .name = "memset" });
    switch (builtin.cpu.arch) {
        .x86_64 => @export(&probeStack, .{ .name = "___chkstk_ms" }),
        .aarch64 => @export(&probeStack, .{ .name = "__chkstk" }),
        else => @compileError("no way to probe the stack"),
    }
}

fn moveMemory(to: ?*anyopaque, from: ?*const anyopaque, size: usize) callconv(.c) ?*anyopaque {
    RtlMoveMemory(to, from, size);
    return to;
}

fn setMemory(to: ?*anyopaque, byte: c_int, size: usize) callconv(.c) ?*anyopaque {
    RtlFillMemory(to, size, byte);
    return to;
}

/// Touch each page of a new stack frame from the top down, because Windows grows a stack only by its next page. The
/// frame's size is in rax, or in units of 16 bytes in x15. Only x16 and x17 may change.
fn probeStack() callconv(.naked) void {
    switch (builtin.cpu.arch) {
        .x86_64 => asm volatile (
            \\  pushq %%rcx
            \\  pushq %%rax
            \\  cmpq $0x1000, %%rax
            \\  leaq 24(%%rsp), %%rcx
            \\  jb 2f
            \\1:
            \\  subq $0x1000, %%rcx
            \\  testq %%rcx, (%%rcx)
            \\  subq $0x1000, %%rax
            \\  cmpq $0x1000, %%rax
            \\  ja 1b
            \\2:
            \\  subq %%rax, %%rcx
            \\  testq %%rcx, (%%rcx)
            \\  popq %%rax
            \\  popq %%rcx
            \\  retq
        ),
        .aarch64 => asm volatile (
            \\  lsl x16, x15, #4
            \\  mov x17, sp
            \\1:
            \\  sub x17, x17, 4096
            \\  subs x16, x16, 4096
            \\  ldr xzr, [x17]
            \\  b.gt 1b
            \\  ret
        ),
        else => unreachable,
    }
}
