//! The targets of the runtime's fuzzer, which native/tests/fuzzing/runtime_fuzz_test.py links with libFuzzer. They
//! cover everything that the runtime reads of files made by others. Each `fuzz_X` takes an input in a format of
//! docs/format.md, and each `mutate_X` changes an input. A safe build traps on an overflow or an access out of bounds.
//! The targets also check that every pack and plan that is accepted keeps its promises.
//!
//! libzstd is built to ignore checksums here: a fuzzer would never find a right one, nor the code behind that check.
//! The targets write only to files without a name, and `fuzz_install` below $TMPDIR.

const std = @import("std");
const install = @import("../src/install.zig").install;
const os = @import("../src/os.zig");
const pack_format = @import("../src/pack.zig");
const plan_format = @import("../src/plan.zig");
const store_dirs = @import("../src/store.zig");
const FrameReader = @import("../src/frame.zig").FrameReader;
const frame_buffer_bytes = @import("../src/frame.zig").buffer_bytes;
const world = @import("world.zig");
const Pack = pack_format.Pack;
const Heap = world.Heap;
const Report = @import("../src/report.zig").Report;
const ReportError = @import("../src/report.zig").Error;
const decoderOfAll = world.decoderOfAll;
const hold = world.hold;

comptime {
    _ = @import("mutators.zig");
}

pub const panic = std.debug.FullPanic(stop);
pub const std_options: std.Options = .{ .signal_stack_size = null, .enable_segfault_handler = false };
pub const std_options_debug_threaded_io: ?*std.Io.Threaded = null;

extern fn abort() noreturn;
extern fn getenv(name: [*:0]const u8) ?[*:0]const u8;

/// Print the message and abort: libFuzzer then saves the input.
fn stop(message: []const u8, _: ?usize) noreturn {
    os.writeStandardError(message);
    os.writeStandardError("\n");
    abort();
}

extern const __start___sancov_cntrs: u8;
extern const __stop___sancov_cntrs: u8;
extern fn __sanitizer_cov_pcs_init(start: [*]const [2]usize, end: [*]const [2]usize) void;

/// Register a table of all edges with libFuzzer, which needs it to report how many it has covered. Zig and C both count
/// for each edge, but their tables differ. This table lists the addresses of all counters.
export fn LLVMFuzzerInitialize(_: *c_int, _: *[*][*:0]u8) c_int {
    const start = @intFromPtr(&__start___sancov_cntrs);
    const count = @intFromPtr(&__stop___sancov_cntrs) - start;
    const table = std.heap.page_allocator.alloc([2]usize, count) catch @panic("out of memory");
    for (table, start..) |*edge, at| edge.* = .{ at, 0 };
    __sanitizer_cov_pcs_init(table.ptr, table.ptr + count);
    return 0;
}

var archive: world.Scratch = .{};
var plan_file: world.Scratch = .{};

/// Check that a path can't lead out of its directory.
fn holdInside(path: []const u8) void {
    hold(path.len > 0 and std.mem.findScalar(u8, path, 0) == null, "a path is text");
    var components = std.mem.splitScalar(u8, path, '/');
    while (components.next()) |component| {
        hold(component.len > 0 and component.len <= 255, "a component is a name");
        hold(!std.mem.eql(u8, component, ".") and !std.mem.eql(u8, component, ".."), "a path leads in");
    }
}

export fn fuzz_plan(data: [*]const u8, size: usize) c_int {
    var heap: Heap = .{};
    defer heap.release();
    const plan = plan_format.parse(heap.allocator(), data[0..size]) catch return 0;
    hold(os.isAbsolute(plan.store) and os.isAbsolute(plan.venv_root), "a directory's path is absolute");
    hold(plan.linking == .copies or std.mem.eql(u8, plan.venv_root, plan.store), "a venv with links is in the store");
    holdInside(plan.venv);
    for (plan.files) |file| holdInside(file.path);
    for (plan.links) |link| holdInside(link.path);
    for (plan.packs) |pack| {
        hold(pack.offset + pack.size <= std.math.maxInt(i64), "a pack ends at an offset in a file");
        holdInside(pack.directory());
        for (pack.mounts.items) |mount| {
            holdInside(mount.scheme);
            if (mount.destination.len > 0) holdInside(mount.destination);
        }
    }
    return 0;
}

export fn fuzz_frame(data: [*]const u8, size: usize) c_int {
    var heap: Heap = .{};
    defer heap.release();
    readFrame(&heap, data[0..size]) catch {};
    return 0;
}

/// Check that the runtime's three ways to decode a frame agree: on the content, or on damage.
fn readFrame(heap: *Heap, frame: []const u8) error{OutOfMemory}!void {
    const stored = try heap.unfilled(frame.len);
    @memcpy(stored, frame);
    // A wrong size is refused at once, so the target takes the size from the frame itself.
    const content_bytes = world.contentBytes(frame);
    if (content_bytes == 0 or content_bytes > frame_content_bytes_max) return;
    const content = try heap.unfilled(content_bytes);
    const is_good = if (decoderOfAll().decode(stored, content)) true else |_| false;

    const record = recordOf(frame);
    for ([_][]const u8{ stored, "" }) |head| {
        var pack: Pack = .{
            .record = &record,
            .file = archive.filled(frame),
            .head = head,
            .sections = undefined,
            .content_bytes = content_bytes,
            .frames = &.{.{ .offset = 0, .packed_bytes = @intCast(frame.len), .raw_bytes = content_bytes, .content_offset = 0 }},
        };
        const other = try heap.unfilled(content_bytes);
        const buffer = try heap.unfilled(@min(frame.len, frame_buffer_bytes));
        if (readContent(&pack, 0, buffer, other)) {
            hold(is_good and std.mem.eql(u8, content, other), "a frame has one content");
        } else |_| hold(!is_good, "a frame is good or damaged");
    }
}

/// Enough for several blocks.
const frame_content_bytes_max = 500_000;

/// Read a frame as an unpacking thread does, in steps that don't match its blocks.
fn readContent(pack: *const Pack, number: u32, buffer: []u8, content: []u8) ReportError!void {
    var report: Report = .{};
    const frame = pack.frames[number];
    const end = frame.content_offset + frame.raw_bytes;
    var reader: FrameReader = try .begin(decoderOfAll(), pack, number, buffer, content, &report);
    var at = frame.content_offset;
    while (at < end) {
        const until = @min(end, at + 1000);
        hold((try reader.contentTo(at, until)).len == until - at, "content has the size that was asked for");
        at = until;
    }
    try reader.finish();
}

fn recordOf(pack: []const u8) plan_format.Pack {
    return .{ .archive = "/archive", .kind = .wheel, .fingerprint = &@as([40]u8, @splat('f')), .offset = 0, .size = pack.len };
}

export fn fuzz_pack(data: [*]const u8, size: usize) c_int {
    var heap: Heap = .{};
    defer heap.release();
    const record = recordOf(data[0..size]);
    readPack(&heap, &record, data[0..size]) catch {};
    return 0;
}

fn readPack(heap: *Heap, record: *const plan_format.Pack, data: []const u8) ReportError!void {
    var report: Report = .{};
    var pack: Pack = try .open(heap.allocator(), decoderOfAll(), archive.filled(data), record, .with_outline, &report);
    try pack.readIndex(heap.allocator(), decoderOfAll(), &report);
    for (pack.outline) |entry| holdInside(entry.path);
    var content_bytes: u64 = 0;
    for (pack.entries) |entry| {
        holdInside(entry.path);
        hold(entry.offset == content_bytes, "files follow each other");
        content_bytes += entry.size;
    }
    hold(content_bytes == pack.content_bytes, "a pack has the content of its files");
    holdPieces(&pack);
    for (pack.frames, 0..) |frame, number| {
        hold(frame.offset + frame.packed_bytes <= data.len, "a frame is in its pack");
        const buffer = try heap.unfilled(@min(frame.packed_bytes, frame_buffer_bytes));
        const content = try heap.unfilled(frame.raw_bytes);
        try readContent(&pack, @intCast(number), buffer, content);
    }
}

/// Check that each part of a pack is in exactly one of its pieces.
fn holdPieces(pack: *const Pack) void {
    var entries: usize = 0;
    var content_bytes: u64 = 0;
    for (0..pack.pieceCount()) |number| {
        const piece = pack.piece(@intCast(number));
        hold(piece.content_offset == content_bytes, "pieces follow each other");
        for (piece.entries) |entry| hold(entry.offset >= piece.content_offset, "a file begins in its piece");
        if (piece.continued) |entry| {
            hold(entry.offset < piece.content_offset and entry.offset + entry.size > piece.content_offset, "a file goes on");
        }
        entries += piece.entries.len;
        content_bytes = piece.content_end;
    }
    hold(entries == pack.entries.len and content_bytes == pack.content_bytes, "a pack is its pieces");
}

const first_name = "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0";
const second_name = "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0";

/// Install a pack under two names into one venv, so that everything in it has to be merged.
export fn fuzz_install(data: [*]const u8, size: usize) c_int {
    var heap: Heap = .{};
    defer heap.release();
    // The runtime leaves its files open until its process ends. This process continues, so it closes them.
    _ = .{ archive.filled(""), plan_file.filled("") };
    const first = std.os.linux.dup(2);
    defer _ = std.os.linux.syscall3(.close_range, first, std.math.maxInt(u32), 0);
    installPack(heap.allocator(), data[0..size]) catch {};
    return 0;
}

fn installPack(allocator: std.mem.Allocator, data: []const u8) ReportError!void {
    var report: Report = .{};
    const record = recordOf(data);
    var pack: Pack = try .open(allocator, decoderOfAll(), archive.filled(data), &record, .with_outline, &report);
    try pack.readIndex(allocator, decoderOfAll(), &report);
    // A large pack only takes long, and the runtime would unpack it in threads that the fuzzer doesn't know.
    if (pack.content_bytes > 1 << 20 or pack.entries.len > 64 or pack.sections.meta.raw_bytes > 1 << 20) return;

    const root_path = std.mem.sliceTo(getenv("TMPDIR") orelse @panic("no $TMPDIR"), 0);
    const root: store_dirs.Store = try .open(allocator, root_path, &report);
    const making = (try root.begin("fuzz", &report)).making;
    defer making.abandon();
    making.dir.makeDir("store") catch @panic("can't write to $TMPDIR");
    const result = install(allocator, try planFor(allocator, root_path, data.len), &report);
    hold(result != error.Reported or report.doing.len > 0, "an error is told");
    holdOnly(making.dir, &.{"store"});
    const store = making.dir.openDir(allocator, "store") catch unreachable;
    holdOnly(store, &.{ "wheels", "venvs" });
    const venvs = store.openDir(allocator, "venvs") catch return;
    holdOnly(venvs, if (result) &.{"app"} else |_| &.{});
    const wheels = store.openDir(allocator, "wheels") catch return;
    holdOnly(wheels, &.{ first_name, second_name });
}

/// Write a plan for the pack in `archive`, and return its path.
fn planFor(allocator: std.mem.Allocator, root_path: []const u8, pack_bytes: usize) ![:0]const u8 {
    var plan: std.ArrayList(u8) = .empty;
    const store = try std.fmt.allocPrint(allocator, "{s}/fuzz.tmp/store", .{root_path});
    const venv = try std.fmt.allocPrint(allocator, "{s}/venvs/app", .{store});
    const archive_path = try std.fmt.allocPrint(allocator, "/proc/self/fd/{d}", .{archive.file.?.fd});
    const size = try std.fmt.allocPrint(allocator, "{d}", .{pack_bytes});
    const copy = ([_][]const u8{ "0", "1", "2" })[pack_bytes % 3];
    for ([_][]const []const u8{
        &.{ "czex-plan", "1" },
        &.{ "store", store },
        &.{ "venv", venv },
        &.{ "shebang", "#!/venv/bin/python" },
        &.{ "copy", copy },
        &.{ "archive", archive_path },
        &.{ "pack", "wheel", first_name, "0", size },
        &.{ "mount", "lib", "lib/python/site" },
        &.{ "mount", "scripts", "bin" },
        &.{ "mount", "data", "" },
        &.{ "pack", "wheel", second_name, "0", size },
        &.{ "mount", "lib", "lib/python/site" },
        &.{ "mount", "scripts", "lib/python" },
        &.{ "file", "644", "lib/x", "x" },
        &.{ "link", "bin/python", "/usr/bin/python" },
    }) |fields| for (fields) |field| try plan.print(allocator, "{d}:{s},", .{ field.len, field });
    return std.fmt.allocPrintSentinel(allocator, "/proc/self/fd/{d}", .{plan_file.filled(plan.items).fd}, 0);
}

/// Check that a directory has no entries except `names`.
fn holdOnly(dir: os.Dir, names: []const []const u8) void {
    var lister = os.Lister.open(dir) catch unreachable;
    defer lister.close();
    while (lister.next() catch unreachable) |name| {
        const is_known = for (names) |known| {
            if (std.mem.eql(u8, name, known)) break true;
        } else false;
        hold(is_known, "no other file is written or left behind");
    }
}
