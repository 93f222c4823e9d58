//! Reads a plan, in which the boot lists what to install (docs/format.md). All fields are checked, but files that they
//! name are not read. The result points into the plan's own bytes.

const std = @import("std");
const assert = std.debug.assert;
const netstring = @import("netstring.zig");
const os = @import("os.zig");
const path_rules = @import("path.zig");
const Report = @import("report.zig").Report;
const ReportError = @import("report.zig").Error;
const decimal = netstring.decimal;

pub const plan_bytes_max = 64 << 20;
pub const packs_max = 1 << 16;
pub const fingerprint_bytes = 40;
/// The bound on an offset and on a size, whose sum must be an offset in a file.
const offset_max = std.math.maxInt(u62);

pub const Kind = enum { wheel, sources };

pub const Mount = struct {
    /// The first component of the paths in a pack.
    scheme: []const u8,
    /// A directory of the venv. Empty stands for the venv itself.
    destination: []const u8,
};

pub const Pack = struct {
    archive: []const u8,
    kind: Kind,
    fingerprint: []const u8,
    offset: u64,
    size: u64,
    mounts: std.ArrayList(Mount) = .empty,
    bytecode: ?Bytecode = null,

    /// Return the name of the pack's directory in the store.
    pub fn directory(pack: *const Pack) []const u8 {
        return if (pack.bytecode) |bytecode| bytecode.together else pack.fingerprint;
    }
};

/// A pack of bytecode, whose files go to the directory of the pack before it.
pub const Bytecode = struct {
    archive: []const u8,
    /// The directory's name. The same pack without bytecode, or with other bytecode, has another directory.
    together: []const u8,
    fingerprint: []const u8,
    offset: u64,
    size: u64,
};

pub const File = struct { path: []const u8, mode: os.Mode, content: []const u8 };
pub const Link = struct { path: []const u8, target: []const u8 };

/// How the venv gets the files of the store.
pub const Linking = enum { directories, copies, files };

pub const Plan = struct {
    store: []const u8,
    /// The directory to make the venv in: the store, or the parent of a venv that is a copy elsewhere.
    venv_root: []const u8,
    /// Relative to that directory.
    venv: []const u8,
    shebang: []const u8,
    linking: Linking,
    packs: []const Pack,
    files: []const File,
    links: []const Link,
};

/// The names of records. The fields of a record follow its name.
const Record = enum {
    store,
    venv,
    shebang,
    copy,
    archive,
    pack,
    bytecode,
    mount,
    file,
    link,

    fn fieldCount(record: Record) usize {
        return switch (record) {
            .store, .venv, .shebang, .copy, .archive => 1,
            .mount, .link => 2,
            .file => 3,
            .pack, .bytecode => 4,
        };
    }
};

const fields_max = 4;

/// The faults of a plan, named after the record or field.
const Fault = error{
    BadNetstring,
    BadVersion,
    UnknownRecord,
    MissingField,
    MissingStore,
    MissingVenv,
    VenvOutsideStore,
    RepeatedRecord,
    BadCopy,
    BadPack,
    BadBytecode,
    PackWithoutArchive,
    TooManyPacks,
    MountWithoutPack,
    BadMount,
    BadFile,
    BadLink,
};

const ParseError = Fault || error{OutOfMemory};

/// This path stands for standard input.
const standard_input = "-";

pub fn read(arena: std.mem.Allocator, report: *Report, path: []const u8) ReportError!Plan {
    const file: ?os.File = if (std.mem.eql(u8, path, standard_input)) null else os.openFile(path) catch |err|
        return report.system(.source, "can't open the plan", .{ path, "", "" }, err);
    defer if (file) |opened| opened.close();
    var bytes: []u8 = try arena.alloc(u8, 64 << 10);
    var size: usize = 0;
    while (true) {
        const rest = bytes[size..];
        size += (if (file) |opened| opened.read(rest, size) else os.readStandardInput(rest)) catch |err|
            return report.system(.source, "can't read the plan", .{ path, "", "" }, err);
        if (size < bytes.len) break;
        if (size >= plan_bytes_max) return report.usage(path, "the plan is too large");
        bytes = try arena.realloc(bytes, bytes.len * 2);
    }
    return parse(arena, bytes[0..size]) catch |err| switch (err) {
        error.OutOfMemory => error.OutOfMemory,
        else => |fault| report.usage(path, describe(fault)),
    };
}

pub fn parse(arena: std.mem.Allocator, bytes: []const u8) ParseError!Plan {
    var fields: netstring.Reader = .{ .rest = bytes };
    if (!std.mem.eql(u8, try fields.next() orelse "", "czex-plan")) return error.BadVersion;
    if (!std.mem.eql(u8, try fields.next() orelse "", "1")) return error.BadVersion;
    var builder: Builder = .{ .arena = arena };
    while (try fields.next()) |name| {
        const record = std.meta.stringToEnum(Record, name) orelse return error.UnknownRecord;
        var values: [fields_max][]const u8 = undefined;
        for (values[0..record.fieldCount()]) |*value| value.* = try fields.next() orelse return error.MissingField;
        try builder.add(record, values);
    }
    return builder.finish();
}

const Builder = struct {
    arena: std.mem.Allocator,
    store: ?[]const u8 = null,
    venv: ?[]const u8 = null,
    shebang: ?[]const u8 = null,
    linking: ?Linking = null,
    archive: ?[]const u8 = null,
    packs: std.ArrayList(Pack) = .empty,
    files: std.ArrayList(File) = .empty,
    links: std.ArrayList(Link) = .empty,

    fn add(builder: *Builder, record: Record, values: [fields_max][]const u8) ParseError!void {
        switch (record) {
            .store => {
                if (builder.store != null) return error.RepeatedRecord;
                builder.store = try absolutePath(values[0], error.MissingStore);
            },
            .venv => {
                if (builder.venv != null) return error.RepeatedRecord;
                builder.venv = try absolutePath(values[0], error.MissingVenv);
            },
            .shebang => {
                if (builder.shebang != null) return error.RepeatedRecord;
                builder.shebang = values[0];
            },
            .copy => {
                if (builder.linking != null) return error.RepeatedRecord;
                builder.linking = switch (decimal(values[0], 2) orelse return error.BadCopy) {
                    0 => .directories,
                    1 => .copies,
                    else => .files,
                };
            },
            .archive => builder.archive = try absolutePath(values[0], error.PackWithoutArchive),
            .pack => try builder.addPack(values),
            .bytecode => try builder.addBytecode(values),
            .mount => try builder.addMount(values[0], values[1]),
            .file => {
                path_rules.check(values[1], path_rules.native_rules) catch return error.BadFile;
                const mode: u16 = @intCast(netstring.number(values[0], 8, 0o777) orelse return error.BadFile);
                try builder.files.append(builder.arena, .{ .mode = @fromBackingInt(mode), .path = values[1], .content = values[2] });
            },
            .link => {
                path_rules.check(values[0], path_rules.native_rules) catch return error.BadLink;
                if (values[1].len == 0 or hasNul(values[1])) return error.BadLink;
                try builder.links.append(builder.arena, .{ .path = values[0], .target = values[1] });
            },
        }
    }

    fn addPack(builder: *Builder, values: [fields_max][]const u8) ParseError!void {
        const archive = builder.archive orelse return error.PackWithoutArchive;
        if (builder.packs.items.len == packs_max) return error.TooManyPacks;
        const kind = std.meta.stringToEnum(Kind, values[0]) orelse return error.BadPack;
        if (!isFingerprint(values[1])) return error.BadPack;
        try builder.packs.append(builder.arena, .{
            .archive = archive,
            .kind = kind,
            .fingerprint = values[1],
            .offset = decimal(values[2], offset_max) orelse return error.BadPack,
            .size = decimal(values[3], offset_max) orelse return error.BadPack,
        });
    }

    fn addBytecode(builder: *Builder, values: [fields_max][]const u8) ParseError!void {
        if (builder.packs.items.len == 0) return error.BadBytecode;
        const pack = &builder.packs.items[builder.packs.items.len - 1];
        if (pack.bytecode != null) return error.RepeatedRecord;
        if (!isFingerprint(values[0]) or !isFingerprint(values[1])) return error.BadBytecode;
        pack.bytecode = .{
            // An archive was set, because a pack comes first and needs one.
            .archive = builder.archive.?,
            .together = values[0],
            .fingerprint = values[1],
            .offset = decimal(values[2], offset_max) orelse return error.BadBytecode,
            .size = decimal(values[3], offset_max) orelse return error.BadBytecode,
        };
    }

    fn addMount(builder: *Builder, scheme: []const u8, destination: []const u8) ParseError!void {
        if (builder.packs.items.len == 0) return error.MountWithoutPack;
        path_rules.check(scheme, path_rules.native_rules) catch return error.BadMount;
        if (std.mem.findScalar(u8, scheme, '/') != null) return error.BadMount;
        if (destination.len > 0) {
            path_rules.check(destination, path_rules.native_rules) catch return error.BadMount;
        }
        const pack = &builder.packs.items[builder.packs.items.len - 1];
        try pack.mounts.append(builder.arena, .{ .scheme = scheme, .destination = destination });
    }

    fn finish(builder: *Builder) ParseError!Plan {
        const store = builder.store orelse return error.MissingStore;
        const venv = builder.venv orelse return error.MissingVenv;
        const linking = builder.linking orelse .directories;
        // Only a venv without links may be outside of the store: links lead to the store by relative paths.
        const venv_root = if (linking == .copies and !isBelow(store, venv)) parentOf(venv) else store;
        return .{
            .store = store,
            .venv_root = venv_root,
            .venv = try below(builder.arena, venv_root, venv),
            .shebang = builder.shebang orelse "",
            .linking = linking,
            .packs = builder.packs.items,
            .files = builder.files.items,
            .links = builder.links.items,
        };
    }
};

fn isFingerprint(text: []const u8) bool {
    for (text) |digit| switch (digit) {
        '0'...'9', 'a'...'f' => {},
        else => return false,
    };
    return text.len == fingerprint_bytes;
}

fn isBelow(directory: []const u8, venv: []const u8) bool {
    const parent = std.mem.trimEnd(u8, directory, separators);
    if (venv.len <= parent.len or !std.mem.startsWith(u8, venv, parent)) return false;
    return std.mem.findScalar(u8, separators, venv[parent.len]) != null;
}

/// Return an absolute path without its last component, but with the separator before that component.
fn parentOf(path: []const u8) []const u8 {
    const trimmed = std.mem.trimEnd(u8, path, separators);
    const last = std.mem.findLastAny(u8, trimmed, separators) orelse return path;
    return path[0 .. last + 1];
}

/// Return the path of the venv relative to a directory above it.
fn below(arena: std.mem.Allocator, directory: []const u8, venv: []const u8) ParseError![]const u8 {
    if (!isBelow(directory, venv)) return error.VenvOutsideStore;
    const parent = std.mem.trimEnd(u8, directory, separators);
    const relative = try arena.dupe(u8, std.mem.trim(u8, venv[parent.len..], separators));
    for (separators) |separator| std.mem.replaceScalar(u8, relative, separator, '/');
    path_rules.check(relative, path_rules.native_rules) catch return error.VenvOutsideStore;
    return relative;
}

const separators = switch (path_rules.native_rules) {
    .posix => "/",
    .windows => "/\\",
};

fn absolutePath(path: []const u8, fault: Fault) Fault![]const u8 {
    return if (os.isAbsolute(path) and !hasNul(path)) path else fault;
}

fn describe(fault: Fault) []const u8 {
    return switch (fault) {
        error.BadNetstring => "it isn't a sequence of netstrings",
        error.BadVersion => "it isn't a plan of version 1",
        error.UnknownRecord => "a record has an unknown name",
        error.MissingField => "it ends within a record",
        error.MissingStore => "it has no absolute path of a store",
        error.MissingVenv => "it has no absolute path of a venv",
        error.VenvOutsideStore => "the venv is outside of the store and isn't made of copies",
        error.RepeatedRecord => "it repeats a record that must be unique",
        error.BadCopy => "a \"copy\" record is not 0, 1 or 2",
        error.BadPack => "a \"pack\" record has an invalid kind, fingerprint, offset or size",
        error.BadBytecode => "a \"bytecode\" record comes before the first pack, or has an invalid fingerprint, offset or size",
        error.PackWithoutArchive => "a pack comes before its archive, or the archive's path isn't absolute",
        error.TooManyPacks => "it has too many packs",
        error.MountWithoutPack => "a \"mount\" record comes before the first pack",
        error.BadMount => "a \"mount\" record has an invalid path",
        error.BadFile => "a \"file\" record has an invalid mode or path",
        error.BadLink => "a \"link\" record has an invalid path or target",
    };
}

fn hasNul(text: []const u8) bool {
    return std.mem.findScalar(u8, text, 0) != null;
}

const testing = std.testing;

/// Write a plan as the boot does. Each record is a list of fields.
fn encode(arena: std.mem.Allocator, records: []const []const []const u8) ![]u8 {
    var bytes: std.ArrayList(u8) = .empty;
    for (records) |fields| for (fields) |field| {
        try bytes.print(arena, "{d}:{s},", .{ field.len, field });
    };
    return bytes.items;
}

const good_header: [3][]const []const u8 = switch (path_rules.native_rules) {
    .posix => .{ &.{ "czex-plan", "1" }, &.{ "store", "/s" }, &.{ "venv", "/s/v/x" } },
    .windows => .{ &.{ "czex-plan", "1" }, &.{ "store", "C:\\s" }, &.{ "venv", "C:\\s\\v/x" } },
};
const archive_record: []const []const u8 = switch (path_rules.native_rules) {
    .posix => &.{ "archive", "/a" },
    .windows => &.{ "archive", "C:\\a" },
};
const other_archive_record: []const []const u8 = switch (path_rules.native_rules) {
    .posix => &.{ "archive", "/b" },
    .windows => &.{ "archive", "C:\\b" },
};
const some_fingerprint = "0123456789abcdef0123456789abcdef01234567";
const other_fingerprint = "76543210fedcba9876543210fedcba9876543210";

fn expectFault(fault: Fault, records: []const []const []const u8) !void {
    var arena = std.heap.ArenaAllocator.init(testing.allocator);
    defer arena.deinit();
    const bytes = try encode(arena.allocator(), records);
    try testing.expectError(fault, parse(arena.allocator(), bytes));
}

test "a plan has all records that were written" {
    var arena = std.heap.ArenaAllocator.init(testing.allocator);
    defer arena.deinit();
    const plan = try parse(arena.allocator(), try encode(arena.allocator(), &good_header ++ [_][]const []const u8{
        &.{ "shebang", "#!/x\n,1:y" },
        &.{ "copy", "1" },
        archive_record,
        &.{ "pack", "wheel", some_fingerprint, "0", "12" },
        &.{ "mount", "lib", "lib/python3.11/site-packages" },
        &.{ "mount", "data", "" },
        &.{ "pack", "sources", some_fingerprint, "12", "34" },
        other_archive_record,
        &.{ "bytecode", other_fingerprint, some_fingerprint, "46", "5" },
        &.{ "file", "755", "bin/x", "\x00\xff" },
        &.{ "link", "bin/python", "/usr/bin/python" },
    }));
    try testing.expectEqualStrings(good_header[1][1], plan.venv_root);
    try testing.expectEqualStrings("v/x", plan.venv);
    try testing.expectEqualStrings("#!/x\n,1:y", plan.shebang);
    try testing.expectEqual(Linking.copies, plan.linking);
    try testing.expectEqual(2, plan.packs.len);
    try testing.expectEqual(2, plan.packs[0].mounts.items.len);
    try testing.expectEqualStrings("", plan.packs[0].mounts.items[1].destination);
    try testing.expectEqual(Kind.sources, plan.packs[1].kind);
    try testing.expectEqual(34, plan.packs[1].size);
    try testing.expectEqualStrings(some_fingerprint, plan.packs[0].directory());
    try testing.expectEqualStrings(other_fingerprint, plan.packs[1].directory());
    try testing.expectEqualStrings(archive_record[1], plan.packs[1].archive);
    try testing.expectEqualStrings(other_archive_record[1], plan.packs[1].bytecode.?.archive);
    try testing.expectEqual(46, plan.packs[1].bytecode.?.offset);
    try testing.expectEqual(os.Mode.executable, plan.files[0].mode);
    try testing.expectEqualStrings("\x00\xff", plan.files[0].content);
    try testing.expectEqualStrings("/usr/bin/python", plan.links[0].target);
}

test "a plan must begin with its version and name a venv in the store" {
    try expectFault(error.BadVersion, &.{});
    try expectFault(error.BadVersion, &.{&.{ "czex-plan", "2" }});
    try expectFault(error.MissingStore, good_header[0..1]);
    try expectFault(error.MissingVenv, good_header[0..2]);
    try expectFault(error.RepeatedRecord, &good_header ++ good_header[1..2]);
    for ([_][]const u8{ "/s", "/s/", "/sx/v", "/s/../v", "/t/v", "/s//v/../../t" }) |venv| {
        if (path_rules.native_rules != .posix) break;
        try expectFault(error.VenvOutsideStore, &.{ good_header[0], good_header[1], &.{ "venv", venv } });
    }
}

test "a venv of copies may be outside of the store" {
    if (path_rules.native_rules != .posix) return;
    var arena = std.heap.ArenaAllocator.init(testing.allocator);
    defer arena.deinit();
    const copy: []const []const u8 = &.{ "copy", "1" };
    for ([_][3][]const u8{
        .{ "/t/v", "/t/", "v" },
        .{ "/t/u//v/", "/t/u//", "v" },
        .{ "/v", "/", "v" },
        .{ "/s/v", "/s", "v" },
    }) |case| {
        const plan = try parse(arena.allocator(), try encode(arena.allocator(), &.{
            good_header[0], good_header[1], &.{ "venv", case[0] }, copy,
        }));
        try testing.expectEqualStrings(case[1], plan.venv_root);
        try testing.expectEqualStrings(case[2], plan.venv);
    }
    for ([_][]const u8{ "/", "//", "/t/..", "/t/.", "/t/a\\b" }) |venv| {
        try expectFault(error.VenvOutsideStore, &.{ good_header[0], good_header[1], &.{ "venv", venv }, copy });
    }
}

test "an invalid record is refused" {
    try expectFault(error.UnknownRecord, &good_header ++ [_][]const []const u8{&.{"x"}});
    try expectFault(error.MissingField, &good_header ++ [_][]const []const u8{&.{ "link", "x" }});
    try expectFault(error.BadCopy, &good_header ++ [_][]const []const u8{&.{ "copy", "yes" }});
    try expectFault(error.PackWithoutArchive, &good_header ++ [_][]const []const u8{&.{ "pack", "wheel", some_fingerprint, "0", "1" }});
    try expectFault(error.MountWithoutPack, &good_header ++ [_][]const []const u8{&.{ "mount", "lib", "" }});
    const bytecode: []const []const u8 = &.{ "bytecode", other_fingerprint, some_fingerprint, "0", "1" };
    const pack: []const []const u8 = &.{ "pack", "wheel", some_fingerprint, "0", "1" };
    try expectFault(error.BadBytecode, &good_header ++ [_][]const []const u8{ archive_record, bytecode });
    try expectFault(error.RepeatedRecord, &good_header ++ [_][]const []const u8{ archive_record, pack, bytecode, bytecode });
    for ([_][4][]const u8{
        .{ "x", some_fingerprint, "0", "1" },
        .{ other_fingerprint, "x", "0", "1" },
        .{ other_fingerprint, some_fingerprint, "-1", "1" },
        .{ other_fingerprint, some_fingerprint, "0", "" },
    }) |values| {
        try expectFault(error.BadBytecode, &good_header ++ [_][]const []const u8{ archive_record, pack, &(.{"bytecode"} ++ values) });
    }
    try expectFault(error.BadFile, &good_header ++ [_][]const []const u8{&.{ "file", "8", "x", "" }});
    try expectFault(error.BadFile, &good_header ++ [_][]const []const u8{&.{ "file", "644", "../x", "" }});
    try expectFault(error.BadLink, &good_header ++ [_][]const []const u8{&.{ "link", "x", "" }});
    for ([_][4][]const u8{
        .{ "egg", some_fingerprint, "0", "1" },
        .{ "wheel", some_fingerprint[1..], "0", "1" },
        .{ "wheel", "/" ++ some_fingerprint[1..], "0", "1" },
        .{ "wheel", some_fingerprint, "-1", "1" },
        .{ "wheel", some_fingerprint, "0x1", "1" },
        .{ "wheel", some_fingerprint, "00", "1" },
        .{ "wheel", some_fingerprint, "", "1" },
        .{ "wheel", some_fingerprint, "0", "9223372036854775808" },
    }) |values| {
        try expectFault(error.BadPack, &good_header ++ [_][]const []const u8{ archive_record, &(.{"pack"} ++ values) });
    }
}

test "a plan that is cut short is refused" {
    var arena = std.heap.ArenaAllocator.init(testing.allocator);
    defer arena.deinit();
    const good = try encode(arena.allocator(), &good_header);
    for (0..good.len) |end| {
        if (parse(arena.allocator(), good[0..end])) |_| return error.TestUnexpectedResult else |_| {}
    }
    const longer = try std.mem.concat(arena.allocator(), u8, &.{ good, "1:x;" });
    try testing.expectError(error.BadNetstring, parse(arena.allocator(), longer));
}
