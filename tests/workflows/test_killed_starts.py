"""A folder that a killed command left half-written can be written again: whatever stands there is known as its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from podium import durable
from podium.cli import main
from podium.dataset.prepared import MARK_NAME, check_prepared_folder
from podium.dataset.sources import SCAN_MARK, check_scan_folder
from podium.report.audit_folder import RECORD, check_audit_folder
from podium.store import create_run
from tiny.contest import TINY
from tiny.nursery import NoWaiting


class Watching(NoWaiting):
    """Keeps what a folder holds before each operation on a file, as long as its mark is not written."""

    def __init__(self, folder: Path, mark: str) -> None:
        self.folder, self.mark = folder, mark
        self.seen: set[frozenset[tuple[str, bool]]] = set()

    def before(self, operation: str) -> None:
        """Look."""
        if self.folder.is_dir() and not (self.folder / self.mark).is_file():
            self.seen.add(frozenset((entry.name, entry.is_dir()) for entry in self.folder.iterdir()))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    draw = np.random.default_rng(0)
    for number in range(24):
        file = folder / ("dog" if number % 2 else "cat") / f"{number:02d}.png"
        file.parent.mkdir(exist_ok=True)
        pixels = draw.integers(0, 256, (40, 40, 3), dtype=np.uint8)
        pixels[:, :, number % 2] //= 4
        Image.fromarray(pixels).save(file)
    (folder / "cat" / "broken.png").write_bytes(b"no image")
    (folder.parent / "corrections.csv").write_text("image,head,old,new\ndog/01.png,label,dog,cat\n")
    return folder


def claim_run(folder: Path) -> None:
    create_run(folder.parent, folder.name, {})


RECIPE = [word for line in (*TINY, "training.epochs=1") for word in ("--set", line)]
LAX = ["--max-bad-fraction", "0.5", "--corrections", "CORRECTIONS", "--folds", "2"]
DOORS: dict[str, tuple[list[str], str, Callable[[Path], object]]] = {
    "train": (["train", "DATA", "--preset", "baseline", "--name", "OUT", *RECIPE, *LAX], "run.json", claim_run),
    "split": (["split", "DATA", "--out", "OUT", *LAX], MARK_NAME, check_prepared_folder),
    "scan": (["scan", "DATA", "--out", "OUT"], SCAN_MARK, check_scan_folder),
    "audit": (["audit", "DATA", "--out", "OUT"], RECORD, check_audit_folder),
}


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_what_a_killed_start_leaves_may_be_written_again(
    door: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, mark, check = DOORS[door]
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs" / "mine" if door == "train" else tmp_path / "mine"
    places = {"DATA": str(data), "OUT": "mine", "CORRECTIONS": str(data.parent / "corrections.csv")}
    with durable.using_backend(Watching(folder, mark)) as watching:
        code = main([places.get(word, word) for word in words])
    assert code == (3 if door == "audit" else 0)  # it met a broken image
    assert len(watching.seen) > 2
    for number, entries in enumerate(watching.seen):
        left = tmp_path / "left" / str(number)
        left.mkdir(parents=True)
        for name, is_folder in entries:
            (left / name).mkdir() if is_folder else (left / name).touch()
        check(left)
