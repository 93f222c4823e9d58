//! The operating system, as the runtime uses it: files below a directory, locks, time, processors, standard error
//! and the exit. `posix.zig` and `windows.zig` implement it. Only memory and threads come from Zig's standard
//! library. This file knows no packs, plans or stores, and the caller decides what an error means.
//!
//! A path is UTF-8 with "/" between its components, relative to a `Dir`. A symbolic link as its last component is
//! never followed, except by the functions `openFile` and `openDir`, which open paths that the user named.

const builtin = @import("builtin");
const std = @import("std");

const native = switch (builtin.os.tag) {
    .linux, .macos => @import("posix.zig"),
    .windows => @import("windows.zig"),
    else => @compileError("the runtime doesn't know this operating system"),
};

/// The errors of all operating systems, under common names.
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

/// A directory's identity is `device` and `inode`: two paths with the same identity lead to the same directory.
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
/// Lists the names in a directory. Removing an entry meanwhile may hide others: list again afterwards.
pub const Lister = native.Lister;

/// Whether a lock is taken on the directory itself, or on a file beside it.
pub const locks_directories = native.locks_directories;
/// Whether a symbolic link can be made without asking an administrator.
pub const makes_symbolic_links = native.makes_symbolic_links;

pub const openDir = native.openDir;
pub const openFile = native.openFile;
pub const isAbsolute = native.isAbsolute;
pub const currentUser = native.currentUser;
/// Return a random number that differs between processes and machines. Exists only where directories are locked.
pub const uniqueNumber = native.uniqueNumber;
pub const sleep = native.sleep;
/// Return how many processors this process may run on.
pub const processorCount = native.processorCount;
pub const readStandardInput = native.readStandardInput;
pub const writeStandardError = native.writeStandardError;
pub const exit = native.exit;

/// Return whether a name stands for the directory itself or for its parent.
pub fn isDots(name: []const u8) bool {
    return std.mem.eql(u8, name, ".") or std.mem.eql(u8, name, "..");
}
