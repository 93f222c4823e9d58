#!/usr/bin/env python3
"""Build the native runtime of czex, for any platform on any machine.

This file alone knows Zig's command line. Zig comes from the `ziglang` package of the interpreter that runs this file,
libzstd's source from the sdist of the `zstandard` package:

    python native/build.py --zstd-sdist zstandard-0.25.0.tar.gz --platform linux-x86_64 --output dist
    python native/build.py --zstd-sdist zstandard-0.25.0.tar.gz --test

The first command writes dist/linux-x86_64/pexcz. Its bytes depend only on the sources and on Zig's version, not on the
machine, the directories or the caches. The second command runs the unit tests on this machine. Both change only the
output directory and the cache directory. They need Python 3.8.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

NATIVE_DIR = os.path.dirname(os.path.abspath(__file__))
SOURCE_DIR = os.path.join(NATIVE_DIR, "src")

ZSTD_FILES = ("zstd.c", "zstd.h", "zstd_errors.h")

# zstd.c contains all files of libzstd, each after one of these comments. The runtime only decompresses, so two parts are
# cut out: from the first comment of a pair to the second, or to the end. They contain no header of the decoder.
ZSTD_CUTS = (
    (
        "/**** start inlining compress/fse_compress.c ****/",
        "/**** start inlining decompress/huf_decompress.c ****/",
    ),
    ("/**** start inlining dictBuilder/cover.c ****/", None),
)
ZSTD_THREADS = "#define ZSTD_MULTITHREAD\n"

# Edits of libzstd that make the decoder smaller and that no flag can express: a text and its replacement.
ZSTD_EDITS = (
    # The buffer has room for the literals of the largest block, so they are never split.
    ("dctx->litBufferLocation == ZSTD_split", "0"),
    # The runtime uses no dictionaries.
    ("dctx->refMultipleDDicts == ZSTD_rmd_refMultipleDDicts", "0"),
    # A fast loop decodes four streams of literals on most processors. The other loop then decodes only a few bytes and
    # needn't be unrolled.
    ("U32 endSignal = 1;", "U32 endSignal = MEM_32bits() || !MEM_isLittleEndian();"),
    ("HINT_INLINE size_t\nHUF_decodeStreamX1(", "static size_t\nHUF_decodeStreamX1("),
    # FSE alone decodes at most the 255 weights of a Huffman table, so it needs no fast mode.
    ("if (fastMode)", "if (0)"),
)

ZSTD_FLAGS = (
    # There is no libc. The headers come from the compiler, and two from src/zstd_headers.
    "-ffreestanding",
    "-DZSTD_STRIP_ERROR_STRINGS=1",
    "-DZSTD_DECODER_INTERNAL_BUFFER=(128<<10)",
    # Leave out three variants of the decoder, each a tenth of the executable. They are for newer x86 processors, for
    # windows of more than 16 MiB (a frame has 8), and for literals that compress very well. Each is faster by less than
    # two measurements of the same decoder differ.
    "-DDYNAMIC_BMI2=0",
    "-DZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT=1",
    "-DHUF_FORCE_DECOMPRESS_X1=1",
    "-DXXH_NO_XXH3=1",
)


class BuildError(Exception):
    """An error whose text is a one-line message to the user."""


def read_platforms():
    with open(os.path.join(NATIVE_DIR, "platforms.json"), encoding="utf-8") as file:
        return json.load(file)


def extract_zstd(sdist, directory):
    """Write libzstd's decoder, from the sdist of `zstandard`, to a directory."""
    try:
        with tarfile.open(sdist) as archive:
            members = {
                member.name.partition("/zstd/")[2]: member for member in archive if member.isfile()
            }
            streams = {name: archive.extractfile(members[name]) for name in ZSTD_FILES}
            sources = {
                name: stream.read().decode("utf-8") for name, stream in streams.items() if stream
            }
    except (OSError, tarfile.TarError) as error:
        raise BuildError("can't read {}: {}".format(sdist, error))
    except KeyError as error:
        raise BuildError(
            "can't extract libzstd from {}: it has no zstd/{}; give the sdist of zstandard".format(
                sdist, error.args[0]
            )
        )
    sources["zstd.c"] = cut_decoder(sources["zstd.c"])
    for name, text in sources.items():
        with open(os.path.join(directory, name), "w", encoding="utf-8", newline="\n") as file:
            file.write(text)


def cut_decoder(source):
    try:
        for start, end in ZSTD_CUTS:
            at = source.index(start)
            source = source[:at] + (source[source.index(end, at) :] if end else "")
        at = source.index(ZSTD_THREADS)
    except ValueError:
        raise BuildError(
            "can't cut libzstd: its source isn't that of zstandard 0.25.0; adapt ZSTD_CUTS"
        )
    source = source[:at] + source[at + len(ZSTD_THREADS) :]
    for text, replacement in ZSTD_EDITS:
        if text not in source:
            raise BuildError(
                "can't edit libzstd: its source isn't that of zstandard 0.25.0; adapt ZSTD_EDITS, {!r}".format(
                    text
                )
            )
        source = source.replace(text, replacement)
    return source


@contextlib.contextmanager
def scratch_directory(sdist):
    """Yield a new directory with all sources, to run Zig in.

    A remote worker may start this process in the root directory. There Zig would report each file as outside of its
    module.
    """
    with tempfile.TemporaryDirectory(prefix="czex-build-") as scratch:
        for name in ("zstd", "build"):
            os.mkdir(os.path.join(scratch, name))
        extract_zstd(sdist, os.path.join(scratch, "zstd"))
        shutil.copytree(SOURCE_DIR, os.path.join(scratch, "src"))
        yield scratch


def zig(arguments, scratch, cache):
    """Run Zig in the scratch directory; raise BuildError if it fails."""
    command = [
        sys.executable, "-m", "ziglang", *arguments,
        "--cache-dir", os.path.join(cache, "local"), "--global-cache-dir", os.path.join(cache, "global"),
    ]  # fmt: skip
    # These variables would move Zig's caches.
    env = {name: value for name, value in os.environ.items() if not name.startswith("ZIG_")}
    if subprocess.call(command, cwd=scratch, env=env) != 0:
        raise BuildError("can't build: zig {} failed; read its messages above".format(arguments[0]))


def sources(flags, root="src/main.zig"):
    """Return the arguments that name the sources, relative to the scratch directory."""
    return [
        "-I",
        "zstd",
        "-isystem",
        "src/zstd_headers",
        "-cflags",
        *ZSTD_FLAGS,
        *flags,
        "--",
        "zstd/zstd.c",
        root,
    ]


def build(platform, scratch, cache, output):
    result = os.path.join("build", platform["executable"])
    zig(
        [
            "build-exe", "--name", "pexcz", "-femit-bin=" + result,
            "-target", platform["target"], "-mcpu", platform.get("cpu", "baseline"),
            "-O", "small", "-fstrip", "-fno-unwind-tables", "-fno-stack-check", "-fno-stack-protector", "-fno-sanitize-c",
            "-ffunction-sections", "-fdata-sections", "--gc-sections",
            *platform.get("flags", ()),
            *sources(["-fno-asynchronous-unwind-tables", "-fno-unwind-tables"]),
        ],
        scratch,
        cache,
    )  # fmt: skip
    os.makedirs(output, exist_ok=True)
    shutil.copy(os.path.join(scratch, result), os.path.join(output, platform["executable"]))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--zstd-sdist",
        required=True,
        help="the sdist of the zstandard package, for libzstd's source",
    )
    parser.add_argument(
        "--platform",
        action="append",
        default=[],
        help="a platform of platforms.json; can be repeated",
    )
    parser.add_argument("--output", help="the directory to write to: <platform>/pexcz[.exe]")
    parser.add_argument("--cache", help="a directory for Zig's caches; by default they are deleted")
    parser.add_argument("--test", action="store_true", help="run the unit tests on this machine")
    arguments = parser.parse_args()
    if not arguments.test and not (arguments.platform and arguments.output):
        parser.error("give --platform and --output, or --test")
    return arguments


def run():
    arguments = parse_arguments()
    if importlib.util.find_spec("ziglang") is None:
        raise BuildError(
            "can't run Zig: {} doesn't have it; install the ziglang package".format(sys.executable)
        )
    platforms = read_platforms()
    for name in arguments.platform:
        if name not in platforms:
            raise BuildError(
                "can't build for {!r}: the platform is unknown; choose from {}".format(
                    name, ", ".join(platforms)
                )
            )
    with scratch_directory(arguments.zstd_sdist) as scratch:
        cache = os.path.abspath(arguments.cache or os.path.join(scratch, "cache"))
        if arguments.test:
            zig(["test", *sources([])], scratch, cache)
        for name in arguments.platform:
            build(
                platforms[name],
                scratch,
                cache,
                os.path.join(os.path.abspath(arguments.output), name),
            )


if __name__ == "__main__":
    try:
        run()
    except BuildError as error:
        sys.exit("build.py: {}".format(error))
