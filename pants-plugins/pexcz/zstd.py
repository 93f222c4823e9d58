"""Compress and decompress by libzstd, in version 1.5.7 for all supported packages.

The package `backports.zstd` is a tenth of the size of `zstandard`, but supports only Python 3.9 to 3.13. Both contain libzstd. The
module `compression.zstd` of Python 3.14 doesn't: it can have another version on each machine, and so compress to other bytes.
"""

from __future__ import annotations

from typing import IO, Callable, cast

WRONG_SIZE = "a section is not as large as the header says"

try:
    from backports import zstd
except ImportError:
    import zstandard

    Error: type[Exception] = zstandard.ZstdError

    def compressor(level: int) -> Callable[[bytes], bytes]:
        """Return a function that compresses its argument to a frame, with its size and a checksum. It is for one thread."""
        return zstandard.ZstdCompressor(
            level=level, write_checksum=True, write_content_size=True
        ).compress

    def decompressed(frame: bytes, size: int) -> bytes:
        """Return the content of a frame. Raise ValueError if its size is not `size`, and Error for a damaged frame."""
        if zstandard.frame_content_size(frame) != size:
            raise ValueError(WRONG_SIZE)
        return zstandard.ZstdDecompressor().decompress(frame)

    def reader(stream: IO[bytes]) -> IO[bytes]:
        """Return a stream of the content of all frames of a stream."""
        return zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)

else:
    Error = zstd.ZstdError

    def compressor(level: int) -> Callable[[bytes], bytes]:
        parameter = zstd.CompressionParameter
        one = zstd.ZstdCompressor(
            options={parameter.compression_level: level, parameter.checksum_flag: 1}
        )
        return lambda content: one.compress(content, one.FLUSH_FRAME)

    def decompressed(frame: bytes, size: int) -> bytes:
        one = zstd.ZstdDecompressor()
        content = one.decompress(frame, size + 1)
        if len(content) != size or not one.eof:
            raise ValueError(WRONG_SIZE)
        return content

    def reader(stream: IO[bytes]) -> IO[bytes]:
        return cast(IO[bytes], zstd.ZstdFile(stream))
