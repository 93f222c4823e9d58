//! Calls libzstd. Its context is in memory of the caller's arena, and libzstd itself allocates none. A frame is decoded
//! block by block, so that it can be read and its content written in parts.

const std = @import("std");
const assert = std.debug.assert;

const Context = opaque {};

extern fn ZSTD_estimateDCtxSize() usize;
extern fn ZSTD_initStaticDCtx(workspace: [*]align(8) u8, size: usize) ?*Context;
extern fn ZSTD_getFrameContentSize(frame: [*]const u8, frame_size: usize) u64;
extern fn ZSTD_decompressBegin(context: *Context) usize;
extern fn ZSTD_nextSrcSizeToDecompress(context: *Context) usize;
extern fn ZSTD_decompressContinue(context: *Context, content: [*]u8, content_size: usize, part: [*]const u8, part_size: usize) usize;

/// The largest block, stored or decoded (RFC 8878, 3.1.1.2.4). One step takes and returns at most one block.
pub const step_bytes_max = 128 << 10;

/// Return the largest size of a frame with this much content: ZSTD_COMPRESSBOUND with the largest value of its term for
/// small inputs.
pub fn packedBytesMax(raw_bytes: u64) u64 {
    return raw_bytes + (raw_bytes >> 8) + 128;
}

pub const Decoder = struct {
    context: *Context,

    pub fn init(arena: std.mem.Allocator) error{OutOfMemory}!Decoder {
        const size = ZSTD_estimateDCtxSize();
        const workspace = try arena.alignedAlloc(u8, .@"8", size);
        return .{ .context = ZSTD_initStaticDCtx(workspace.ptr, size).? };
    }

    /// Decode `frame` to `content`. It must be exactly one frame, with a checksum, and its content must fill `content`.
    pub fn decode(decoder: Decoder, frame: []const u8, content: []u8) error{Damaged}!void {
        var decoding = try decoder.begin(frame, content);
        var rest = frame;
        while (true) {
            const size = decoding.needed();
            if (size == 0) break;
            if (size > rest.len) return error.Damaged;
            try decoding.step(rest[0..size]);
            rest = rest[size..];
        }
        if (rest.len > 0 or decoding.done != content.len) return error.Damaged;
    }

    /// Begin to decode a frame, given its first bytes. It must have a checksum, and its content must fill `content`. A
    /// decoder decodes one frame at a time.
    pub fn begin(decoder: Decoder, front: []const u8, content: []u8) error{Damaged}!Decoding {
        if (!hasChecksum(front)) return error.Damaged;
        if (ZSTD_getFrameContentSize(front.ptr, front.len) != content.len) return error.Damaged;
        const result = ZSTD_decompressBegin(decoder.context);
        assert(result == 0);
        return .{ .context = decoder.context, .content = content };
    }

    /// Return bit 2 of the byte after the magic number (RFC 8878, 3.1.1.1).
    fn hasChecksum(front: []const u8) bool {
        if (front.len < 5 or std.mem.readInt(u32, front[0..4], .little) != 0xFD2FB528) return false;
        return front[4] & 4 != 0;
    }
};

/// A frame that is being decoded. The first `done` bytes of `content` are filled.
pub const Decoding = struct {
    context: *Context,
    content: []u8,
    done: usize = 0,

    /// Return how many bytes the next step takes. 0 means that the frame has ended and its checksum was right.
    pub fn needed(decoding: *const Decoding) usize {
        return ZSTD_nextSrcSizeToDecompress(decoding.context);
    }

    /// Decode the next bytes of the frame, exactly `needed()`.
    pub fn step(decoding: *Decoding, part: []const u8) error{Damaged}!void {
        const rest = decoding.content[decoding.done..];
        // An error code is close to the largest usize, and therefore larger than any buffer.
        const size = ZSTD_decompressContinue(decoding.context, rest.ptr, rest.len, part.ptr, part.len);
        if (size > rest.len) return error.Damaged;
        decoding.done += size;
    }
};

const testing = std.testing;

const sample_content = "czex czex czex czex czex czex \n";
/// `sample_content` compressed at level 3, with its size and a checksum.
const sample = bytes("28b52ffd241f65000030637a6578200a0100588a166f3ae7e6");
/// The same without the checksum.
const sample_unchecked = bytes("28b52ffd201f65000030637a6578200a0100588a16");

fn bytes(comptime hex: []const u8) [hex.len / 2]u8 {
    comptime {
        var result: [hex.len / 2]u8 = undefined;
        _ = std.fmt.hexToBytes(&result, hex) catch unreachable;
        return result;
    }
}

test "a frame decodes to its content" {
    var arena = std.heap.ArenaAllocator.init(testing.allocator);
    defer arena.deinit();
    const decoder = try Decoder.init(arena.allocator());
    var content: [sample_content.len]u8 = undefined;
    try decoder.decode(&sample, &content);
    try testing.expectEqualStrings(sample_content, &content);
}

test "a frame with any bit flipped is damaged, or decodes to the same bytes" {
    var arena = std.heap.ArenaAllocator.init(testing.allocator);
    defer arena.deinit();
    const decoder = try Decoder.init(arena.allocator());
    for (0..sample.len * 8) |bit| {
        var frame = sample;
        frame[bit / 8] ^= @as(u8, 1) << @intCast(bit % 8);
        var content: [sample_content.len]u8 = undefined;
        if (decoder.decode(&frame, &content)) {
            try testing.expectEqualStrings(sample_content, &content);
        } else |err| try testing.expectEqual(error.Damaged, err);
    }
}

test "a frame that is too short, too long or of another size is damaged" {
    var arena = std.heap.ArenaAllocator.init(testing.allocator);
    defer arena.deinit();
    const decoder = try Decoder.init(arena.allocator());
    var content: [sample_content.len + 1]u8 = undefined;
    for (0..sample.len) |end| {
        try testing.expectError(error.Damaged, decoder.decode(sample[0..end], content[0..sample_content.len]));
    }
    try testing.expectError(error.Damaged, decoder.decode(&(sample ++ [_]u8{0}), content[0..sample_content.len]));
    try testing.expectError(error.Damaged, decoder.decode(&(sample ++ sample), content[0..sample_content.len]));
    try testing.expectError(error.Damaged, decoder.decode(&sample, &content));
    try testing.expectError(error.Damaged, decoder.decode(&sample, content[0 .. sample_content.len - 1]));
}

test "a frame without a checksum is refused" {
    var arena = std.heap.ArenaAllocator.init(testing.allocator);
    defer arena.deinit();
    const decoder = try Decoder.init(arena.allocator());
    var content: [sample_content.len]u8 = undefined;
    try testing.expectError(error.Damaged, decoder.decode(&sample_unchecked, &content));
}
