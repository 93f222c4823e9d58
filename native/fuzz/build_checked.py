#!/usr/bin/env python3
"""Build the runtime with all of Zig's checks, for tests of hostile input.

    python native/fuzz/build_checked.py --zstd-sdist zstandard-0.25.0.tar.gz --platform linux-x86_64 --output dist

writes dist/pexcz, which traps on an overflow, an access out of bounds, or undefined behaviour of C. For Linux it also
writes dist/fuzz.o: the targets of fuzz.zig with coverage counters, to be linked with a fuzzer. It needs the same as
`build.py`, which knows how libzstd is compiled.
"""

import argparse
import os
import shutil
import sys

# The PEX that contains Zig runs this file without adding its directory to sys.path.
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import build

CHECKED = ("-O", "safe", "-fsanitize-c=trap")

# A fuzzer would never find an input with a right checksum, so no input would get past that check.
UNCHECKED = (
    "dctx->forceIgnoreChecksum = ZSTD_d_validateChecksum;",
    "dctx->forceIgnoreChecksum = ZSTD_d_ignoreChecksum;",
)

# Zig compiles only files below the directory of the root file, and looks for these public names in the root file.
ROOT = """
const fuzz = @import("fuzz/fuzz.zig");
pub const panic = fuzz.panic;
pub const std_options = fuzz.std_options;
pub const std_options_debug_threaded_io = fuzz.std_options_debug_threaded_io;
comptime {
    _ = fuzz;
}
"""

FUZZED_C = (
    "-fsanitize=address",
    # Zig and C have different tables of edges, so fuzz.zig makes one for both.
    "-fno-sanitize-coverage=pc-table",
)


def build_runtime(platform, scratch, cache, output):
    result = os.path.join("build", platform["executable"])
    build.zig(
        [
            "build-exe", "--name", "pexcz", "-femit-bin=" + result, *target(platform),
            *CHECKED, *build.sources([]),
        ],
        scratch,
        cache,
    )  # fmt: skip
    shutil.copy(os.path.join(scratch, result), output)


def build_fuzzed(platform, scratch, cache, output):
    with open(os.path.join(scratch, "fuzz.zig"), "w", encoding="utf-8") as file:
        file.write(ROOT)
    shutil.copytree(os.path.join(build.NATIVE_DIR, "fuzz"), os.path.join(scratch, "fuzz"))
    path = os.path.join(scratch, "zstd", "zstd.c")
    with open(path, encoding="utf-8") as file:
        source = file.read()
    if UNCHECKED[0] not in source:
        raise build.BuildError(
            "can't turn off checksums: libzstd's source isn't that of zstandard 0.25.0; adapt UNCHECKED"
        )
    with open(path, "w", encoding="utf-8") as file:
        file.write(source.replace(*UNCHECKED))
    result = os.path.join("build", "fuzz.o")
    build.zig(
        [
            "build-obj", "-femit-bin=" + result, *target(platform),
            *CHECKED, "-ffuzz", "-fPIC", "-fno-stack-check", "-fno-stack-protector",
            *build.sources(FUZZED_C, "fuzz.zig"),
        ],
        scratch,
        cache,
    )  # fmt: skip
    shutil.copy(os.path.join(scratch, result), output)


def target(platform):
    return ["-target", platform["target"], "-mcpu", platform.get("cpu", "baseline")]


def run():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--zstd-sdist", required=True)
    parser.add_argument("--platform", required=True, help="a platform of platforms.json")
    parser.add_argument("--output", required=True, help="the directory to write to")
    parser.add_argument("--cache", help="a directory for Zig's caches")
    arguments = parser.parse_args()
    platform = build.read_platforms()[arguments.platform]
    output = os.path.abspath(arguments.output)
    os.makedirs(output, exist_ok=True)
    with build.scratch_directory(arguments.zstd_sdist) as scratch:
        cache = os.path.abspath(arguments.cache or os.path.join(scratch, "cache"))
        build_runtime(platform, scratch, cache, output)
        if arguments.platform.startswith("linux-"):
            build_fuzzed(platform, scratch, cache, output)


if __name__ == "__main__":
    try:
        run()
    except build.BuildError as error:
        sys.exit("build_checked.py: {}".format(error))
