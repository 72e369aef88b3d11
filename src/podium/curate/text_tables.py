"""Tables near the images that nobody named, found by their lines: such as CelebA's list_attr_celeba.txt."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from podium.curate.files import ImageFiles
from podium.durable import open_regular
from podium.tables import normalise_id
from podium.texttable import TABLE_ENDINGS

__all__ = ["find_tables_beside", "find_text_tables"]

_READ_BYTES, _MOST_TABLES = 65536, 20
_FEWEST_LINES, _SHARE, _FIRST_COLUMNS = 5, 0.8, 3
_BETWEEN = re.compile(r"[\s,;|]+")


def find_text_tables(files: ImageFiles) -> list[Path]:
    """Files that end in .txt, right in the folder, most of whose lines name an image and say something of it.

    Lists of names alone say nothing, and a README does not name images line by line.
    """
    return [path for path in _visible(files.root, (".txt",)) if _names_images(path, _names_of(files), first_only=True)]


def find_tables_beside(files: ImageFiles) -> list[Path]:
    """Tables in the folder above, most of whose lines name an image of this one, but for sample submissions.

    As where `train.csv` lies beside `train/` and its cells read train/0001.jpg, or its first columns hold 0001, each
    image once.
    """
    parent = files.root.absolute().parent
    try:
        tables = _visible(parent, (*TABLE_ENDINGS, ".txt"))
    except OSError:  # a folder that may not be read
        return []
    tables = [path for path in tables if "submission" not in path.name.lower()][:_MOST_TABLES]
    names = _names_of(files)
    stems = {PurePosixPath(name).stem for name in names}
    return [path for path in tables if _names_images(path, names) or _holds_ids(path, stems)]


def _names_of(files: ImageFiles) -> set[str]:
    return {PurePosixPath(name).name for name in files.ids}


def _visible(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in endings)
    return [path for path in paths if path.is_file() and not path.name.startswith(".")]


def _names_images(path: Path, names: set[str], *, first_only: bool = False) -> bool:
    rows = _read_rows(path)
    n_hits = sum(
        len(row) > 1 and any(_last(cell) in names for cell in row[: 1 if first_only else None]) for row in rows
    )
    return n_hits >= max(_FEWEST_LINES, _SHARE * len(rows))


def _holds_ids(path: Path, stems: set[str]) -> bool:
    """Whether one of the first columns holds names of images without their endings, each once."""
    rows = _read_rows(path)[1:]
    for place in range(_FIRST_COLUMNS):
        cells = [_last(row[place]) for row in rows if len(row) > max(place, 1)]
        if len(set(cells)) == len(cells) and len(stems & set(cells)) >= max(_FEWEST_LINES, _SHARE * len(rows)):
            return True
    return False


def _read_rows(path: Path) -> list[list[str]]:
    """The cells of the first lines, as far as blanks and delimiters tell."""
    try:
        with open_regular(path) as file:
            text = file.read(_READ_BYTES)
    except OSError:
        return []
    lines = text.decode("utf-8", errors="ignore").splitlines()
    lines = lines[:-1] if len(text) == _READ_BYTES else lines  # the last may be cut
    return [_BETWEEN.split(line.strip()) for line in lines if line.strip()]


def _last(cell: str) -> str:
    return PurePosixPath(normalise_id(cell.strip("\"'").replace("\\", "/"))).name
