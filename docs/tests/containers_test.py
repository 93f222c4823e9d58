"""Run the Dockerfiles of the page. A directory stands for the root of each image."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

import pytest

from docs.tests.examples import blocks
from testing.pythons import PYTHON

ONE_STAGE, TWO_LAYERS, SEVERAL_APPS = blocks("containers.md", "dockerfile")
ABSOLUTE = re.compile(r"(?<![\w.:/])/(?=[a-z])")


@dataclass
class Image:
    """The result of the lines of a Dockerfile."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def here(self, text: str) -> str:
        """Put this image's root before absolute paths."""
        return ABSOLUTE.sub(f"{self.root}/", text)

    def run(self, *argv: str) -> str:
        python = Path(PYTHON.path()).resolve()
        environment = {
            "HOME": f"{self.root}/root",
            "PATH": f"{python.parent}:/usr/bin:/bin",
            **self.environment,
        }
        process = subprocess.run(argv, env=environment, cwd=self.root, capture_output=True)
        assert process.returncode == 0, process.stderr.decode()
        return process.stdout.decode() + process.stderr.decode()

    def start(self, *more: str) -> str:
        return self.run(*self.entrypoint, *self.command, *more)


def build(dockerfile: str, context: Path, directory: Path) -> Image:
    """Return the last stage, at `root`. Each earlier stage is at its name."""
    stage = ""
    image = Image(directory / "root")
    for line in dockerfile.splitlines():
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            base, _, following = rest.partition(" AS ")
            assert base == f"python:{PYTHON.name.replace('cpython', '')}-slim"
            if stage:
                image.root.rename(directory / stage)
            stage, image = following, Image(image.root)
            image.root.mkdir(parents=True)
        elif instruction == "ENV":
            name, _, value = rest.partition("=")
            image.environment[name] = image.here(value)
        elif instruction == "COPY":
            copy(rest.split(), context, directory, image)
        elif instruction == "RUN":
            image.run("sh", "-c", image.here(rest))
        elif instruction == "ENTRYPOINT":
            image.entrypoint = [image.here(word) for word in json.loads(rest)]
        elif instruction == "CMD":
            image.command = json.loads(rest)
        else:
            assert not line, line
    return image


def copy(words: list[str], context: Path, directory: Path, image: Image) -> None:
    if words[0].startswith("--from="):
        origin, *words = words
        context = directory / origin[len("--from=") :]
    *sources, target = words
    place = Path(image.here(target))
    for source in (context / name.lstrip("/") for name in sources):
        if source.is_dir():
            place.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", f"{source}/.", str(place)], check=True)
        else:
            to = place / source.name if target.endswith("/") else place
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, to)


def context_of(directory: Path, **apps: str) -> Path:
    """Make a build context with apps that Pants has built, under the names in the page."""
    directory.mkdir()
    for name, app in apps.items():
        shutil.copy(f"testprojects.servers/{app}.czex", directory / f"{name}.czex")
    return directory


def content(root: Path) -> dict[str, object]:
    """Return everything in a layer, except times."""
    return dict(entries(root))


def entries(root: Path) -> Iterator[tuple[str, object]]:
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            yield name, os.readlink(path)
        else:
            yield name, (path.stat().st_mode, path.read_bytes() if path.is_file() else b"")


def assert_starts_read_only(image: Image) -> None:
    """Assert that the image starts without a change to any file, and that other users could read its files.

    Python writes no bytecode here: these apps bring none, and Python works without it if it can't be written.
    """
    before = content(image.root)
    image.environment["PYTHONDONTWRITEBYTECODE"] = "1"
    for _ in range(2):
        image.start("--check-config")
    assert content(image.root) == before
    for path in image.root.rglob("*"):
        needed = 0o005 if path.is_dir() else 0o004
        assert path.is_symlink() or path.stat().st_mode & needed == needed, path


@pytest.fixture(scope="module", autouse=True)
def umask() -> Iterator[None]:
    """Set Docker's umask."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_an_app_that_is_installed_with_its_image_starts_read_only(tmp_path: Path) -> None:
    image = build(ONE_STAGE, context_of(tmp_path / "context", app="image-1"), tmp_path)
    assert_starts_read_only(image)


def test_a_change_of_the_code_leaves_the_layer_of_the_dependencies(tmp_path: Path) -> None:
    layers = []
    for app in ("image-1", "image-2"):
        # Images are built at different times, and always from the same root.
        context = context_of(tmp_path / app, app=app)
        layers.append(build_at(tmp_path / "build", context))
    (first_deps, first_srcs), (second_deps, second_srcs) = layers
    assert first_deps == second_deps
    assert first_srcs != second_srcs


def build_at(directory: Path, context: Path) -> tuple[dict[str, object], dict[str, object]]:
    shutil.rmtree(directory, ignore_errors=True)
    image = build(TWO_LAYERS, context, directory)
    layers = content(directory / "deps" / "app"), content(directory / "srcs" / "app")
    if context.name == "image-1":
        assert_starts_read_only(image)
        assert not (image.root / "app.czex").exists()
    return layers


def test_apps_of_one_image_share_their_wheels(tmp_path: Path) -> None:
    context = context_of(tmp_path / "context", app="image-1", worker="image-2")
    image = build(SEVERAL_APPS, context, tmp_path)
    cache = image.root / "opt" / "czex"
    assert len(list((cache / "sources").iterdir())) == 2
    (gunicorn,) = (cache / "wheels").glob("*/lib/gunicorn")
    assert list((cache / "wheels").iterdir()) == [gunicorn.parents[1]]
    assert_starts_read_only(image)
