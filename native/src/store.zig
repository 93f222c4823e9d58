//! Makes directories of the store. Each is made under a temporary name, by one process at a time, and renamed when it
//! is whole. The caller fills the directory.

const std = @import("std");
const assert = std.debug.assert;
const os = @import("os.zig");
const path_rules = @import("path.zig");
const Line = @import("report.zig").Line;
const Report = @import("report.zig").Report;
const ReportError = @import("report.zig").Error;
const Role = @import("report.zig").Role;

const wait_message_after_ms = 5000;
const wait_step_ms_max = 50;
/// Another process may finish or remove a directory between two steps; then `begin` tries again. After this many
/// attempts it reports an error.
const attempts_max = 1000;

pub const Store = struct {
    arena: std.mem.Allocator,
    root: os.Dir,
    root_path: []const u8,
    role: Role = .cache,

    pub fn open(arena: std.mem.Allocator, root_path: []const u8, report: *Report) ReportError!Store {
        const root = os.openDir(arena, root_path) catch |err|
            return report.system(.cache, "can't open the cache", .{ root_path, "", "" }, err);
        return .{ .arena = arena, .root = root, .root_path = root_path };
    }

    /// Open a directory outside of the store, to make a venv in it.
    pub fn openForVenv(arena: std.mem.Allocator, root_path: []const u8, report: *Report) ReportError!Store {
        const root = os.openDir(arena, root_path) catch |err|
            return report.system(.venv, "can't open", .{ root_path, "", "" }, err);
        return .{ .arena = arena, .root = root, .root_path = root_path, .role = .venv };
    }

    pub const Begin = union(enum) {
        /// The directory is in its place.
        installed,
        /// Another process is making the directory.
        busy,
        making: Making,
    };

    /// Begin to make a directory that was missing when the caller looked, unless another process makes it.
    pub fn begin(store: *const Store, path: []const u8, report: *Report) ReportError!Begin {
        for (0..attempts_max) |_| {
            if (try store.tryBegin(path, report)) |result| return result;
            if (try store.isInstalled(path, report)) return .installed;
        }
        // On Windows a lock file that is being deleted denies access for a moment, a protected directory always.
        return store.failed("can't lock", path, if (os.locks_directories) error.Busy else error.AccessDenied, report);
    }

    /// Begin to make a directory, after waiting for any other process that makes it. The caller must hold no other lock.
    pub fn beginWaiting(store: *const Store, path: []const u8, report: *Report) ReportError!Begin {
        var wait: Wait = .{ .store = store, .path = path };
        while (true) {
            const result = try store.begin(path, report);
            if (result != .busy) return result;
            wait.more();
        }
    }

    /// Keep other processes from removing anything from the store until this process ends. Does nothing on a file
    /// system without locks.
    pub fn hold(store: *const Store) void {
        if (!os.locks_directories) return;
        var wait: Wait = .{ .store = store, .path = "" };
        while (true) {
            store.root.lockShared() catch |err| if (err == error.Busy) {
                wait.more();
                continue;
            };
            return;
        }
    }

    pub fn isInstalled(store: *const Store, path: []const u8, report: *Report) ReportError!bool {
        const status = store.root.status(path) catch |err| switch (err) {
            error.NotFound => return false,
            else => return store.failed("can't examine", path, err, report),
        };
        if (!status.is_directory) return store.failed("can't install to", path, error.NotADirectory, report);
        return true;
    }

    /// Try to begin once. Null means that another process has changed something meanwhile: look again.
    fn tryBegin(store: *const Store, path: []const u8, report: *Report) ReportError!?Begin {
        return if (os.locks_directories) store.tryBeginByDirectory(path, report) else store.tryBeginByFile(path, report);
    }

    fn tryBeginByDirectory(store: *const Store, path: []const u8, report: *Report) ReportError!?Begin {
        const temporary = try std.mem.concat(store.arena, u8, &.{ path, ".tmp" });
        const is_new = try store.makeDir(temporary, report);
        const dir = store.root.openDir(store.arena, temporary) catch |err| switch (err) {
            error.NotFound => return null,
            else => return store.failed("can't open", temporary, err, report),
        };
        var keep_open = false;
        defer if (!keep_open) dir.close();
        dir.lock() catch |err| switch (err) {
            error.Busy => return .busy,
            error.NotSupported => return try store.beginUnlocked(path, temporary, report),
            else => return store.failed("can't lock", temporary, err, report),
        };
        errdefer if (is_new) store.root.removeDir(temporary) catch {};
        // Before the lock was taken, another process may have renamed or removed this directory.
        const opened = dir.status(".") catch |err|
            return store.failed("can't examine", temporary, err, report);
        const named = store.root.status(temporary) catch |err| switch (err) {
            error.NotFound => return null,
            else => return store.failed("can't examine", temporary, err, report),
        };
        if (!opened.same(named)) return null;
        const making: Making = .{ .store = store, .path = path, .temporary = temporary, .dir = dir, .lock = null };
        if (try store.isInstalled(path, report)) {
            store.root.removeDir(temporary) catch {};
            return .installed;
        }
        if (!is_new) {
            // A process that died has left this directory. Another user may have made it to change its content later.
            if (opened.owner != os.currentUser()) return store.failed("can't use another user's", temporary, error.AccessDenied, report);
            try making.empty(report);
        }
        keep_open = true;
        return .{ .making = making };
    }

    /// Begin on a file system without locks. Several processes may do the same work; the first to finish wins, and the
    /// others discard theirs.
    fn beginUnlocked(
        store: *const Store,
        path: []const u8,
        unused: []const u8,
        report: *Report,
    ) ReportError!Begin {
        store.root.removeDir(unused) catch {};
        const digits = std.fmt.bytesToHex(std.mem.toBytes(os.uniqueNumber()), .lower);
        const temporary = try std.mem.concat(store.arena, u8, &.{ path, ".", &digits, ".tmp" });
        if (!try store.makeDir(temporary, report)) return store.failed("can't create", temporary, error.AlreadyExists, report);
        const dir = store.root.openDir(store.arena, temporary) catch |err|
            return store.failed("can't open", temporary, err, report);
        return .{ .making = .{ .store = store, .path = path, .temporary = temporary, .dir = dir, .lock = null } };
    }

    fn tryBeginByFile(store: *const Store, path: []const u8, report: *Report) ReportError!?Begin {
        const lock_path = try std.mem.concat(store.arena, u8, &.{ path, ".lock" });
        const temporary = try std.mem.concat(store.arena, u8, &.{ path, ".tmp" });
        const lock = store.root.lockFile(lock_path) catch |err| switch (err) {
            error.Busy => return .busy,
            error.NotFound => {
                try store.makeParents(lock_path, report);
                return null;
            },
            error.AccessDenied => {
                // Windows denies access also while the lock file of the last holder is being deleted.
                os.sleep(1);
                return null;
            },
            else => return store.failed("can't lock", lock_path, err, report),
        };
        var keep_open = false;
        defer if (!keep_open) lock.close();
        if (try store.isInstalled(path, report)) return .installed;
        const is_new = try store.makeDir(temporary, report);
        const dir = store.root.openDir(store.arena, temporary) catch |err|
            return store.failed("can't open", temporary, err, report);
        const making: Making = .{ .store = store, .path = path, .temporary = temporary, .dir = dir, .lock = lock };
        if (!is_new) try making.empty(report);
        keep_open = true;
        return .{ .making = making };
    }

    /// Make a directory and its parents; return false if it existed before.
    fn makeDir(store: *const Store, path: []const u8, report: *Report) ReportError!bool {
        for (0..2) |_| {
            return if (store.root.makeDir(path)) |_| true else |err| switch (err) {
                error.AlreadyExists => false,
                error.NotFound => {
                    try store.makeParents(path, report);
                    continue;
                },
                else => store.failed("can't create", path, err, report),
            };
        }
        return store.failed("can't create", path, error.NotFound, report);
    }

    fn makeParents(store: *const Store, path: []const u8, report: *Report) ReportError!void {
        for (path, 0..) |byte, end| {
            if (byte != '/') continue;
            store.root.makeDir(path[0..end]) catch |err| switch (err) {
                error.AlreadyExists => {},
                else => return store.failed("can't create", path[0..end], err, report),
            };
        }
    }

    fn failed(
        store: *const Store,
        doing: []const u8,
        path: []const u8,
        err: os.Error,
        report: *Report,
    ) error{Reported} {
        return report.system(store.role, doing, .{ store.root_path, path, "" }, err);
    }
};

/// Waits for a lock of another process, in growing steps, and tells the user after five seconds.
const Wait = struct {
    store: *const Store,
    path: []const u8,
    waited_ms: u32 = 0,
    step_ms: u32 = 1,

    fn more(wait: *Wait) void {
        os.sleep(wait.step_ms);
        const waited_ms = wait.waited_ms +| wait.step_ms;
        if (wait.waited_ms < wait_message_after_ms and waited_ms >= wait_message_after_ms) wait.announce();
        wait.waited_ms = waited_ms;
        wait.step_ms = @min(wait.step_ms * 2, wait_step_ms_max);
    }

    fn announce(wait: *const Wait) void {
        var buffer: [1024]u8 = undefined;
        var line: Line = .{ .buffer = &buffer };
        line.add("czex: waiting for another process that uses ");
        line.add(wait.store.root_path);
        line.add("/");
        line.add(wait.path);
        line.add("; this start continues when that process ends");
        os.writeStandardError(line.end());
    }
};

/// A directory that this process is making. Its maker calls `finish` or `abandon` at the end.
pub const Making = struct {
    store: *const Store,
    /// The final path, relative to the store.
    path: []const u8,
    temporary: []const u8,
    dir: os.Dir,
    /// The lock file, where directories themselves can't be locked.
    lock: ?os.File,

    /// Give the directory its final name. If another process was faster, discard this one.
    pub fn finish(making: Making, report: *Report) ReportError!void {
        making.store.root.rename(making.temporary, making.path) catch |err| switch (err) {
            error.AlreadyExists, error.DirectoryNotEmpty => {
                making.abandon();
                if (try making.store.isInstalled(making.path, report)) return;
                return making.store.failed("can't rename a directory to", making.path, err, report);
            },
            else => {
                making.abandon();
                return making.store.failed("can't rename a directory to", making.path, err, report);
            },
        };
        making.release();
    }

    /// Remove the directory. Errors are ignored, because the report must keep the error that led here.
    pub fn abandon(making: Making) void {
        var ignored: Report = .{};
        making.empty(&ignored) catch {};
        making.store.root.removeDir(making.temporary) catch {};
        making.release();
    }

    pub fn failed(
        making: Making,
        doing: []const u8,
        path: []const u8,
        err: os.Error,
        report: *Report,
    ) error{Reported} {
        return report.system(making.store.role, doing, .{ making.store.root_path, making.temporary, path }, err);
    }

    fn empty(making: Making, report: *Report) ReportError!void {
        emptyDir(making.store.arena, making.dir, 0) catch |err|
            return making.failed("can't empty", "", err, report);
    }

    fn release(making: Making) void {
        making.dir.close();
        if (making.lock) |lock| lock.close();
    }
};

/// Remove everything in a directory, without following symbolic links.
fn emptyDir(arena: std.mem.Allocator, dir: os.Dir, depth: usize) os.Error!void {
    // The runtime makes no directory as deep as this.
    if (depth > path_rules.components_max) return error.NameTooLong;
    while (true) {
        var removed_any = false;
        var lister = try os.Lister.open(dir);
        defer lister.close();
        while (try lister.next()) |name| {
            removed_any = true;
            dir.removeFile(name) catch |err| switch (err) {
                error.NotFound => {},
                // macOS reports a directory as "not permitted".
                error.IsADirectory, error.AccessDenied => {
                    const child = dir.openDir(arena, name) catch |open_err| {
                        // On Windows a link to a directory can't be opened as one; remove the link itself.
                        dir.removeDir(name) catch return if (open_err == error.NotADirectory) err else open_err;
                        continue;
                    };
                    defer child.close();
                    try emptyDir(arena, child, depth + 1);
                    try dir.removeDir(name);
                },
                else => return err,
            };
        }
        if (!removed_any) return;
    }
}
