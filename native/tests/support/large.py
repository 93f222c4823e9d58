"""A CZEX of more than 4 GiB. Most of the file is a hole, which needs no disk space."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Dict, Sequence, Tuple

import pytest

from pexcz import assemble, packplaces
from pexcz.inject import inject
from pexcz.pack import PackInfo
from pexcz.zipwriter import ZipWriter
from support.workshop import Workshop

HOLE_BYTES = 5 << 30


def make_large(workshop: Workshop, pex: Path, platform: str) -> Path:
    def write_packs(
        stream: IO[bytes], packs: Sequence[Tuple[Path, PackInfo]]
    ) -> Tuple[ZipWriter, Dict[str, int]]:
        stream.seek(HOLE_BYTES, os.SEEK_CUR)
        return packplaces.write_packs(stream, packs)

    output = workshop.root / f"large.{platform}.czex"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packplaces, "PACKS_IN_ZIP_BYTES_MAX", 0)
        patch.setattr(assemble, "write_packs", write_packs)
        inject(pex, output, workshop.native, [platform])
    assert output.stat().st_size > HOLE_BYTES
    return output
