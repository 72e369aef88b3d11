"""The runs that trials disturb: a few recipes on tiny contests, and what each ends with undisturbed."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tiny.contest import TINY

from .children import start

__all__ = [
    "CASES",
    "FROZEN",
    "MACHINE",
    "MULTI",
    "SEPARATE",
    "SINGLE",
    "WHOLE",
    "Case",
    "Undisturbed",
    "difference",
    "results_of",
    "scratch",
]

MACHINE = ("--runs", "runs", "--threads", "1", "--device", "cpu")


@dataclass(frozen=True)
class Case:
    """A recipe on a contest.

    Args:
        name: For the figure's failures.
        shape: Task shape of the contest: "single", "multi" or "attributes".
        lines: Recipe lines beside the tiny model's.
    """

    name: str
    shape: str
    lines: tuple[str, ...]

    @property
    def samples(self) -> Path:
        """Folder of the saved samples."""
        return _contest(self.shape) / "samples"

    def train_words(self, *options: str) -> list[str]:
        """Words of the command that trains the run "mine"."""
        words = ["train", str(self.samples), "--folds", "2", "--name", "mine", *MACHINE, *options]
        return [*words, "--set", *TINY, *self.lines]

    def words(self, root: Path, *options: str) -> list[str]:
        """Words of the command that trains the run "mine", or goes on with it where it is there."""
        if (root / "runs" / "mine" / "run.json").is_file():
            return ["train", "--resume", "mine", *MACHINE, *options]
        return self.train_words(*options)


_EMA = ("training.epochs=3", "training.ema_decay=0.9")
_ALL = ("model.freeze=none", "predict_views=[plain]")
FROZEN = Case("frozen backbone, attributes", "attributes", _EMA)
WHOLE = Case("whole network, attributes", "attributes", (*_ALL, "model.drop_rate=0.2", *_EMA))
SINGLE = Case("whole network, single label", "single", (*_ALL, "training.epochs=2"))
MULTI = Case("frozen backbone, multi-label", "multi", _EMA)
SEPARATE = Case("frozen backbone, a model a head", "attributes", ("model.arrangement=separate", "training.epochs=2"))
CASES = (FROZEN, WHOLE, SINGLE, MULTI, SEPARATE)


@dataclass(frozen=True)
class Undisturbed:
    """How a case goes when nobody disturbs it.

    Args:
        results: Bytes of the files that must not differ, by path.
        marks_s: Seconds from the start to: the run folder, the first fold, the scores, the end.
        cache: Folder of its decoded images.
    """

    results: dict[str, bytes]
    marks_s: tuple[float, ...]
    cache: Path

    def give_images(self, root: Path) -> None:
        """Spare a run that is to be the decoding of its images, not the features."""
        shutil.copytree(self.cache, root / "runs" / ".cache", ignore=shutil.ignore_patterns("features"))

    @classmethod
    def of(cls, case: Case) -> Undisturbed:
        """Run the case once in peace; later calls know."""
        return _watch(case)


@cache
def scratch() -> Path:
    """A folder that is gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="podium-soak-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _contest(shape: str) -> Path:
    folder = Path(tempfile.mkdtemp(dir=scratch()))
    child = start("soak.errands:make_contest", folder, shape, at=folder)
    assert child.wait() == 0, child.said
    return folder


@cache
def _watch(case: Case) -> Undisturbed:
    folder = Path(tempfile.mkdtemp(dir=scratch()))
    samples = case.samples
    run = folder / "runs" / "mine"
    awaited = [run / "run.json", run / "fold-0", run / "scores.json"]
    marks: list[float] = []
    started = time.monotonic()
    child = start("soak.errands:go_on", folder, samples, case.lines, at=folder)
    while child.poll() is None:
        if len(marks) < len(awaited) and awaited[len(marks)].exists():
            marks.append(time.monotonic() - started)
        else:
            time.sleep(0.002)
    assert child.code == 0, child.said
    ended = time.monotonic() - started
    return Undisturbed(
        results_of(run), (*marks, *[ended] * (len(awaited) + 1 - len(marks))), folder / "runs" / ".cache"
    )


def results_of(run: Path) -> dict[str, bytes]:
    """What two runs of the same recipe must share to the byte: weights, predictions, epochs, scores."""
    # not results.csv: it has the journals' numbers, and seconds, which differ
    kinds = ("*.safetensors", "predictions/*.parquet", "scores.json", "fold-*/*/journal.jsonl")
    paths = [path for kind in kinds for path in run.rglob(kind) if "checkpoints" not in path.parts]
    return {str(path.relative_to(run)): path.read_bytes() for path in paths}


def difference(case: Case, run: Path) -> str | None:
    """How a run differs from the undisturbed one; None where it does not."""
    found, wanted = results_of(run), Undisturbed.of(case).results
    assert len(wanted) >= 8, sorted(wanted)
    differing = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
    return f"{case.name}: other bytes in {', '.join(differing[:4])}" if differing else None
