//! Reads netstrings, of which a plan consists (docs/format.md), and numbers in digits. Never reads past the end.

const std = @import("std");

/// Reads a sequence of netstrings.
pub const Reader = struct {
    rest: []const u8,

    /// Return the next text, or null at the end.
    pub fn next(reader: *Reader) error{BadNetstring}!?[]const u8 {
        const rest = reader.rest;
        if (rest.len == 0) return null;
        const colon = std.mem.findScalar(u8, rest[0..@min(rest.len, 20)], ':') orelse return error.BadNetstring;
        const length: usize = @intCast(decimal(rest[0..colon], rest.len) orelse return error.BadNetstring);
        const after = rest[colon + 1 ..];
        if (length >= after.len or after[length] != ',') return error.BadNetstring;
        reader.rest = after[length + 1 ..];
        return after[0..length];
    }
};

/// Read a decimal number of at most `max`. It has only digits, and no leading zero except in "0" itself.
pub fn decimal(text: []const u8, max: u64) ?u64 {
    return if (text.len > 1 and text[0] == '0') null else number(text, 10, max);
}

/// Read a number of at most `max` in a base up to ten. It has only digits, and may have leading zeros.
pub fn number(text: []const u8, base: u8, max: u64) ?u64 {
    if (text.len == 0) return null;
    var result: u64 = 0;
    for (text) |byte| {
        const digit = byte -% '0';
        if (digit >= base or result > max / base) return null;
        result = result * base + digit;
    }
    return if (result > max) null else result;
}

const testing = std.testing;

test "netstrings follow each other" {
    var reader: Reader = .{ .rest = "1:a,0:,3:,1:," };
    for ([_][]const u8{ "a", "", ",1:" }) |expected| try testing.expectEqualStrings(expected, (try reader.next()).?);
    try testing.expectEqual(null, try reader.next());
}

test "bytes that aren't netstrings are refused" {
    for ([_][]const u8{ "x", "1:", "1:x", "1:x;", "01:x,", ":,", "-1:x,", "99999999999999999999:x,", " 1:x," }) |bad| {
        var reader: Reader = .{ .rest = bad };
        try testing.expectError(error.BadNetstring, reader.next());
    }
}

test "a number with other characters or above the bound is refused" {
    try testing.expectEqual(12, decimal("12", 12));
    try testing.expectEqual(0, decimal("0", 12));
    for ([_][]const u8{ "13", "012", "", "1_2", "+1", "0x1", "18446744073709551616" }) |bad| try testing.expectEqual(null, decimal(bad, 12));
    try testing.expectEqual(0o644, number("0644", 8, 0o777));
    for ([_][]const u8{ "8", "1000" }) |bad| try testing.expectEqual(null, number(bad, 8, 0o777));
    try testing.expectEqual(std.math.maxInt(u64), decimal("18446744073709551615", std.math.maxInt(u64)));
}
