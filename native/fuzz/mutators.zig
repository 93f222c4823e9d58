//! Changes inputs and keeps their sizes consistent, so that more of them get past the first checks.

const std = @import("std");
const world = @import("world.zig");

/// Change bytes in one of libFuzzer's own ways.
extern fn LLVMFuzzerMutate(data: [*]u8, size: usize, size_max: usize) usize;

/// Change one field of a plan and its length, or, half of the time, any bytes.
export fn mutate_plan(data: [*]u8, size: usize, size_max: usize, seed: c_uint) usize {
    var random: std.Random.DefaultPrng = .init(seed);
    const fallback = random.random().boolean();
    return (if (fallback) null else mutateField(data[0..size_max], size, random.random())) orelse
        LLVMFuzzerMutate(data, size, size_max);
}

fn mutateField(data: []u8, size: usize, random: std.Random) ?usize {
    var fields: [256]Range = undefined;
    var count: usize = 0;
    var at: usize = 0;
    while (count < fields.len) : (count += 1) {
        const colon = std.mem.findScalarPos(u8, data[0..size], at, ':') orelse break;
        const length = std.fmt.parseInt(u16, data[at..colon], 10) catch break;
        const end = colon + 1 + length + 1;
        if (end > size) break;
        fields[count] = .{ .start = at, .end = end, .content = colon + 1 };
        at = end;
    }
    if (count == 0) return null;
    const field = fields[random.uintLessThan(usize, count)];
    var changed: [512]u8 = undefined;
    const old = data[field.content .. field.end - 1];
    if (old.len > changed.len) return null;
    @memcpy(changed[0..old.len], old);
    const length = LLVMFuzzerMutate(&changed, old.len, changed.len);
    var encoded: [changed.len + 8]u8 = undefined;
    const netstring = std.fmt.bufPrint(&encoded, "{d}:{s},", .{ length, changed[0..length] }) catch unreachable;
    return replace(data, size, field.start, field.end, netstring);
}

const Range = struct { start: usize, end: usize, content: usize };

/// Change the decoded outline or index of a pack and store it anew, or, half of the time, change any bytes.
export fn mutate_pack(data: [*]u8, size: usize, size_max: usize, seed: c_uint) usize {
    var random: std.Random.DefaultPrng = .init(seed);
    const fallback = random.random().boolean();
    return (if (fallback) null else mutateSection(data[0..size_max], size, random.random())) orelse
        LLVMFuzzerMutate(data, size, size_max);
}

const section_sizes_at = 16;
const section_bytes_max = 16 << 10;

fn mutateSection(data: []u8, size: usize, random: std.Random) ?usize {
    const number: usize = if (random.boolean()) 0 else 2;
    if (size < 48) return null;
    var start: u64 = 48;
    for (0..number) |before| start += sizeAt(data, before).*;
    const end = start + sizeAt(data, number).*;
    if (end > size) return null;

    const frame = data[@intCast(start)..@intCast(end)];
    var raw: [section_bytes_max]u8 = undefined;
    const old_bytes = world.contentBytes(frame);
    if (old_bytes > raw.len) return null;
    world.decoderOfAll().decode(frame, raw[0..old_bytes]) catch return null;
    const raw_bytes = LLVMFuzzerMutate(&raw, old_bytes, raw.len);
    var stored: [raw.len + 16]u8 = undefined;
    const changed = storedFrame(&stored, raw[0..raw_bytes]);
    const result = replace(data, size, @intCast(start), @intCast(end), changed) orelse return null;
    sizeAt(data, number).* = @intCast(changed.len);
    std.mem.writeInt(u32, data[section_sizes_at + 8 * number + 4 ..][0..4], @intCast(raw_bytes), .little);
    return result;
}

fn sizeAt(data: []u8, section: usize) *align(1) u32 {
    return @ptrCast(data[section_sizes_at + 8 * section ..][0..4]);
}

/// Return a frame of one uncompressed block, with the content's size and room for a checksum (RFC 8878, 3.1.1).
fn storedFrame(buffer: []u8, content: []const u8) []const u8 {
    std.mem.writeInt(u32, buffer[0..4], 0xFD2FB528, .little);
    buffer[4] = 0xA4;
    std.mem.writeInt(u32, buffer[5..9], @intCast(content.len), .little);
    std.mem.writeInt(u24, buffer[9..12], @intCast(content.len << 3 | 1), .little);
    @memcpy(buffer[12..][0..content.len], content);
    @memset(buffer[12 + content.len ..][0..4], 0);
    return buffer[0 .. 12 + content.len + 4];
}

/// Replace a part of the data. Return the new size, or null if the result doesn't fit.
fn replace(data: []u8, size: usize, start: usize, end: usize, with: []const u8) ?usize {
    const result = size - (end - start) + with.len;
    if (result > data.len) return null;
    @memmove(data[start + with.len .. result], data[end..size]);
    @memcpy(data[start..][0..with.len], with);
    return result;
}
