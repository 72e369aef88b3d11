"""Text files beside the images whose lines name them, such as CelebA's list_attr_celeba.txt."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from podium.curate.files import ImageFiles
from podium.durable import open_regular
from podium.tables import normalise_id

__all__ = ["find_text_tables"]

_READ_BYTES = 65536
_FEWEST_LINES, _SHARE = 5, 0.8
_BETWEEN = re.compile(r"[\s,;|]+")


def find_text_tables(files: ImageFiles) -> list[Path]:
    """Files that end in .txt, right in the folder, most of whose lines name an image and say something of it.

    Lists of names alone say nothing, and a README does not name images line by line.
    """
    names = {PurePosixPath(name).name for name in files.ids}
    found = sorted(path for path in files.root.glob("*.txt") if path.is_file() and not path.name.startswith("."))
    return [path for path in found if _names_images(path, names)]


def _names_images(path: Path, names: set[str]) -> bool:
    try:
        with open_regular(path) as file:
            lines = file.read(_READ_BYTES).decode("utf-8").splitlines()[:-1]
    except (OSError, UnicodeDecodeError):
        return False
    rows = [_BETWEEN.split(line.strip()) for line in lines if line.strip()]
    n_hits = sum(len(row) > 1 and PurePosixPath(normalise_id(row[0])).name in names for row in rows)
    return n_hits >= max(_FEWEST_LINES, _SHARE * len(rows))
