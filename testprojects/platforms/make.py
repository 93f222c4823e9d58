"""Write the JSON files in this directory. Each describes a machine, so that Pex can choose wheels for it.

On a real machine, `pex3 interpreter inspect --markers --tags` prints the same facts, and more.
"""

import json
from pathlib import Path

PLATFORMS = {
    "linux-x86_64": ("linux", "Linux", "x86_64"),
    "linux-aarch64": ("linux", "Linux", "aarch64"),
    "macos-arm64": ("darwin", "Darwin", "arm64"),
    "windows-x86_64": ("win32", "Windows", "AMD64"),
}
GLIBC = ("2_28", "2_27", "2_24", "2_17", "2_12", "2_5")
LEGACY = {"2_17": "2014", "2_12": "2010", "2_5": "1"}
MACOS = ("14_0", "13_0", "12_0", "11_0")
WANTED = {
    "linux-x86_64": (9, 10, 11, 12, 13),
    "linux-aarch64": (11, 13),
    "macos-arm64": (11, 13),
    "windows-x86_64": (11,),
}


def platform_tags(platform: str) -> list:
    machine = PLATFORMS[platform][2]
    if platform.startswith("macos"):
        return [f"macosx_{version}_{kind}" for version in MACOS for kind in (machine, "universal2")]
    if platform == "windows-x86_64":
        return ["win_amd64"]
    tags = []
    for version in GLIBC:
        if machine == "aarch64" and version in ("2_12", "2_5"):
            continue
        tags.append(f"manylinux_{version}_{machine}")
        if version in LEGACY:
            tags.append(f"manylinux{LEGACY[version]}_{machine}")
    return [*tags, f"linux_{machine}"]


def tags(minor: int, platform: str) -> list:
    python = f"cp3{minor}"
    compiled = platform_tags(platform)
    return [
        *(f"{python}-{abi}-{tag}" for abi in (python, "abi3", "none") for tag in compiled),
        *(f"cp3{older}-abi3-{tag}" for older in range(minor - 1, 1, -1) for tag in compiled),
        *(f"py3-none-{tag}" for tag in compiled),
        f"{python}-none-any",
        *(f"py3{older}-none-any" for older in range(minor, -1, -1)),
        "py3-none-any",
    ]


def markers(minor: int, platform: str) -> dict:
    sys_platform, system, machine = PLATFORMS[platform]
    return {
        "implementation_name": "cpython",
        "implementation_version": f"3.{minor}.0",
        "os_name": "nt" if sys_platform == "win32" else "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_system": system,
        "python_full_version": f"3.{minor}.0",
        "python_version": f"3.{minor}",
        "sys_platform": sys_platform,
    }


if __name__ == "__main__":
    for platform, minors in WANTED.items():
        for minor in minors:
            facts = {
                "compatible_tags": tags(minor, platform),
                "marker_environment": markers(minor, platform),
            }
            path = Path(__file__).parent / f"cp3{minor}-{platform}.json"
            path.write_text(json.dumps(facts, indent=1) + "\n")
