"""`pexcz verify` finds damage in a CZEX and in the cache."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from support.pexcz import verify
from support.workshop import COW, Workshop
from testing.machine import Machine
from testing.pythons import PYTHON


@pytest.fixture(scope="module")
def app(workshop: Workshop) -> Path:
    """Return an app with bytecode."""
    sources = {"lib.py": "import cow.say\nmain = cow.say.main\n"}
    options = ["-m", "lib:main"]
    return workshop.make(
        "verified", [PYTHON], requirements=["cow"], wheels=[COW], sources=sources, options=options
    )


def test_unchanged_czex_passes(app: Path, machine: Machine) -> None:
    outcome = verify(machine, app)
    assert (outcome.stdout, outcome.stderr, outcome.code) == (
        f"{app} is as it was built.\n",
        "",
        0,
    )


def test_any_flipped_bit_is_found(app: Path, machine: Machine, tmp_path: Path) -> None:
    content = app.read_bytes()
    header_bytes = content.index(b"PK\3\4")
    generator = random.Random(3)
    damaged = tmp_path / "damaged.czex"
    sound = []
    for number in range(40):
        position = generator.randrange(header_bytes if number % 4 == 0 else len(content))
        flipped = bytes([content[position] ^ 1 << generator.randrange(8)])
        damaged.write_bytes(content[:position] + flipped + content[position + 1 :])
        outcome = verify(machine, damaged)
        if outcome.code == 0:
            sound.append(position)
        else:
            assert outcome.stderr.startswith("pexcz: ") and str(damaged) in outcome.stderr
            assert outcome.stderr.count("\n") == 1
    assert sound == []


def test_damage_to_any_file_of_a_directory_is_found(workshop: Workshop, machine: Machine) -> None:
    app = workshop.czex(workshop.pex("packed", requirements=["cow"], wheels=[COW]), layout="packed")
    assert verify(machine, app).stdout == f"{app} is as it was built.\n"
    files = sorted(path for path in app.rglob("*") if path.is_file() and path.stat().st_size)
    assert len(files) > 8
    for file in files:
        content = file.read_bytes()
        position = len(content) // 2
        file.write_bytes(
            content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]
        )
        outcome = verify(machine, app)
        assert (outcome.code, outcome.stderr.count("\n")) == (1, 1), (file, outcome)
        file.write_bytes(content)
    seal = app / ".czex" / "seal"
    lines = seal.read_text().splitlines(keepends=True)
    assert len(lines) == len(files) - len(list(app.glob(".czex/packs/*")))
    for text in ("", "".join(lines[:-1]), "".join(lines)[:-1]):
        seal.write_text(text)
        assert f"{seal.relative_to(app)} is not as it was built" in verify(machine, app).stderr


def test_damaged_files_in_the_cache_are_installed_again(app: Path, machine: Machine) -> None:
    machine.run(PYTHON.path(), app)
    (environment,) = (path.parent for path in machine.cache.glob("venvs/*/*/record"))
    intact = verify(machine, app, "--installed")
    assert f"Its installed files in {machine.cache} are as they were packed." in intact.stdout
    assert f"The environment {environment} was removed" in intact.stdout
    assert not environment.exists()
    assert "was removed" not in verify(machine, app, "--installed").stdout
    assert machine.run(PYTHON.path(), app, "x").stdout == "moo x\n"
    (wheel,) = machine.cache.glob("wheels/*")
    say = wheel / "lib" / "cow" / "say.py"
    (code,) = wheel.glob("lib/cow/__pycache__/say.*")
    for damage, problem in (
        (lambda: say.write_text("raise SystemExit('damaged')"), "has another content"),
        (lambda: code.write_bytes(b"damaged"), "has another content"),
        (lambda: say.unlink(), "can't be read"),
        (lambda: shutil.rmtree(wheel / "lib" / "cow"), "can't be read"),
        (lambda: say.chmod(0o755), "has another mode"),
    ):
        damage()
        outcome = verify(machine, app, "--installed")
        assert f"{wheel} is damaged: lib/cow/" in outcome.stdout
        assert problem in outcome.stdout
        assert not wheel.exists()
        assert machine.run(PYTHON.path(), app, "x").stdout == "moo x\n"
        assert "as they were packed" in verify(machine, app, "--installed").stdout
        machine.run(PYTHON.path(), app)


def test_damaged_environment_of_a_running_app_is_kept(workshop: Workshop, machine: Machine) -> None:
    source = (
        "import cow, sys\ndef main():\n    print(1)\n    sys.stdout.flush()\n    sys.stdin.read()\n"
    )
    options = ["-m", "waits:main"]
    app = workshop.make(
        "waits", requirements=["cow"], wheels=[COW], sources={"waits.py": source}, options=options
    )
    machine.run(PYTHON.path(), app)
    process = machine.start(PYTHON.path(), app)
    assert process.stdout.readline() == b"1\n"  # type: ignore[union-attr]
    (say,) = machine.cache.glob("wheels/*/lib/cow/say.py")
    say.write_text("damaged")
    (environment,) = (path.parent for path in machine.cache.glob("venvs/*/*/record"))
    assert f"Stop the app that runs in {environment}" in verify(machine, app, "--installed").stdout
    assert say.exists() and environment.exists()
    process.communicate()
    verify(machine, app, "--installed")
    assert not say.exists() and not environment.exists()


def test_manifest_cannot_make_verify_remove_other_files(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    pex = workshop.pex("lying", requirements=["cow"], wheels=[COW])
    app = workshop.czex(pex, precompile=[PYTHON], layout="packed")
    precious = tmp_path / "precious"
    precious.mkdir()
    file = app / ".czex" / "manifest.json"
    manifest = json.loads(file.read_text())
    for pack in manifest["packs"]:
        for bytecode in pack["bytecode"].values():
            bytecode["together"] = str(precious)
    file.write_text(json.dumps(manifest))
    outcome = verify(machine, app, "--installed")
    assert outcome.stderr == (
        f"pexcz: {app} is damaged: can't read its manifest: a field is malformed\n"
    )
    assert precious.is_dir()
