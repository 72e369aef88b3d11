"""Every kind of save, with what a reader finds before and after it; the tracer in `syscalls.py` breaks them off."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from podium import durable

__all__ = ["SAVES", "Save", "save"]

Mode = Literal["folders", "slots"]
NEW = 9


@dataclass(frozen=True)
class Save:
    """One kind of save.

    Args:
        prepare: Brings an empty folder to the old state.
        write: The save.
        read: What a reader finds, compared by ==.
    """

    prepare: Callable[[Path], object]
    write: Callable[[Path], object]
    read: Callable[[Path], object]


def save(kind: str, folder: str) -> None:
    """The errand of a child: one save, with the real operations of the system."""
    SAVES[kind].write(Path(folder))


def _nothing(_folder: Path) -> None:
    pass


def _read_file(folder: Path) -> bytes | None:
    path = folder / "deep" / "file"
    return path.read_bytes() if path.exists() else None


def _write_file(content: bytes, folder: Path) -> None:
    durable.write_bytes(folder / "deep" / "file", content)


def _append(numbers: Sequence[int], folder: Path) -> None:
    for number in numbers:
        durable.Journal(folder / "journal.jsonl").append({"epoch": number, "score": number / 7})


def _tear(folder: Path) -> None:
    _append([0, 1], folder)
    with (folder / "journal.jsonl").open("ab") as file:
        file.write(b'{"epoch":2,"sco')


def _read_journal(folder: Path) -> object:
    return durable.Journal(folder / "journal.jsonl").read()


def _commit(mode: Mode, number: int, folder: Path) -> None:
    content = bytes([number]) * 3000
    writers: dict[str, durable.PartWriter] = {name: lambda file: file.write(content) for name in ("state", "tensors")}
    durable.commit_version(folder / "checkpoints", number, writers, {"n": number}, mode=mode)


def _commit_old(mode: Mode, n_old: int, folder: Path) -> None:
    for number in range(1, n_old + 1):
        _commit(mode, number, folder)


def _read_version(folder: Path) -> object:
    version = durable.load_newest(folder / "checkpoints")
    if version is None:
        return None
    content = {path.read_bytes() for path in version.parts.values()}
    assert content == {bytes([version.number]) * 3000}, "the files of a version are not of one save"
    return version.number


def _draw(folder: Path) -> None:
    (folder / "images").mkdir()
    rng = np.random.default_rng(0)
    for number in range(4):
        Image.fromarray(rng.integers(0, 256, (9, 8, 3), dtype=np.uint8)).save(folder / "images" / f"{number}.png")


def _samples(folder: Path) -> Any:
    from podium.tables import Samples, as_text_array

    names = as_text_array([f"{number}.png" for number in range(4)])
    return Samples(folder / "images", names, names)


def _build_cache(folder: Path) -> None:
    from podium.data import build_cache

    build_cache(_samples(folder), folder / "cache", height=8, width=8, n_threads=1)


def _read_cache(folder: Path) -> object:
    """Digest of the pixels, once the cache says that it is finished."""
    from podium.data import open_cache
    from podium.data.image_cache import is_complete

    places = [place for place in (folder / "cache").glob("*") if is_complete(place)]
    if not places:
        return None
    found = open_cache(places[0])
    assert not len(found.find_damage()), "a row that is marked done is not"
    assert found.is_usable.all()
    return hashlib.sha256(found.pixels.tobytes()).hexdigest()


def _compute_features(folder: Path) -> Any:
    import torch

    from podium.backbone.features import compute_features

    return compute_features(
        folder / "features",
        lambda view, rows: torch.from_numpy(
            np.repeat(2 * (rows[:, None] + 0.5 * (view == "hflip")), 3, axis=1)
        ).float(),
        n_samples=20,
        shape=(3,),
        views=["plain", "hflip"],
        batch_size=8,
    )


def _read_features(folder: Path) -> object:
    """Whether all is marked done; what is marked is compared with what it must be."""
    path, journal = folder / "features" / "features.bin", durable.Journal(folder / "features" / "done.jsonl")
    marks = journal.read()
    if marks:
        values = durable.open_mapped(path, (2, 20, 3), np.dtype(np.float32))
        for mark in marks:
            wanted = np.repeat(2 * (np.arange(20)[:, None] + 0.5 * mark["view"]), 3, axis=1)
            np.testing.assert_array_equal(values[mark["view"]], wanted)
    return "done" if len(marks) == 2 else "begun"


def _make_run(folder: Path) -> None:
    from podium.store import RunFolder, create_run

    def fill(run: RunFolder) -> None:
        durable.write_text(run.recipe_file, "seed: 1\n")
        durable.write_json(run.environment_file, {"python": "3"})

    create_run(folder, "mine", {"folds": [0, 1]}, fill=fill)


def _read_runs(folder: Path) -> object:
    from podium.store import list_runs

    return [(run.name, run.read()["folds"], durable.read_bytes(run.recipe_file)) for run in list_runs(folder)]


def _versions(mode: Mode, n_old: int) -> Save:
    return Save(partial(_commit_old, mode, n_old), partial(_commit, mode, NEW), _read_version)


SAVES = {
    "first file": Save(_nothing, partial(_write_file, b"new" * 50), _read_file),
    "file over another": Save(partial(_write_file, b"old" * 9), partial(_write_file, b"new" * 50), _read_file),
    "first line of a journal": Save(_nothing, partial(_append, [0]), _read_journal),
    "line of a journal": Save(partial(_append, [0]), partial(_append, [1]), _read_journal),
    "line after a torn one": Save(_tear, partial(_append, [2]), _read_journal),
    "first checkpoint, folders": _versions("folders", 0),
    "second checkpoint, folders": _versions("folders", 1),
    "third checkpoint, folders": _versions("folders", 2),
    "first checkpoint, slots": _versions("slots", 0),
    "second checkpoint, slots": _versions("slots", 1),
    "third checkpoint, slots": _versions("slots", 2),
    "image cache": Save(_draw, _build_cache, _read_cache),
    "features": Save(_nothing, _compute_features, _read_features),
    "run folder": Save(_nothing, _make_run, _read_runs),
}
