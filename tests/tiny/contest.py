"""Contests of three dozen noise images, one a task shape, and the settings that train on them in a second."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from podium.machine import Settings
from podium.machine.progress import Update
from podium.recipe import Recipe
from podium.store import RunFolder
from podium.tables import Composite, Folds, Head, Samples, Task, as_text_array, load_samples
from podium.workflows import Run, compose_recipe, resume, train

MASK, AGE = Head("mask", "single", ("worn", "none")), Head("age", "ordinal", ("<30", "30-59", ">=60"))
TAGS = Head("tags", "multi", ("red", "green"))
COMPOSITE = Composite.from_heads({"mask": MASK.classes, "age": AGE.classes})
TASKS = {
    "single": Task((MASK,)),
    "multi": Task((TAGS,)),
    "attributes": Task((MASK, AGE, TAGS), COMPOSITE),
}
TINY = (
    "model.name=tiny",
    "model.weights=random",
    "image.size_px=32",
    "image.stored_px=32",
    "head.kind=gradient",
    "training.epochs=2",
    "training.batch_size=8",
    "training.precision=fp32",  # two starts of one run would ask the clock twice
    "training.layout=channels_last",
    "model.frozen_precision=fp32",
    "model.frozen_engine=torch",
)
N = 36


def draw_images(folder: Path, n: int = N, *, seed: int = 0) -> list[str]:
    """Write noise images of 40 by 36 pixels, tinted by class; gives their names."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for row in range(n):
        pixels = rng.integers(0, 256, (36, 40, 3), dtype=np.uint8)
        pixels[..., row % 2] //= 3
        names.append(f"{row:02d}.png")
        Image.fromarray(pixels).save(folder / names[-1])
    return names


def make_samples(folder: Path, shape: str) -> Samples:
    """Images with labels of a task; two photos a person, two labels missing."""
    names = draw_images(folder)
    number = np.arange(N)
    labels = {
        "mask": number % 2,
        "age": (number // 2) % 3,
        "tags": np.column_stack([number % 2, (number // 4) % 2]).astype(np.int8),
    }
    if shape == "attributes":
        labels["age"][5] = -1
        labels["tags"][7, 1] = -1
    task = TASKS[shape]
    return Samples(
        folder,
        as_text_array(names),
        as_text_array(names),
        task,
        {head.name: labels[head.name] for head in task.heads},
        group=as_text_array([f"person {row % (N // 2)}" for row in range(N)]),
    )


def make_recipe(*lines: str, preset: str = "baseline") -> Recipe:
    """A preset for the tiny model."""
    return compose_recipe(preset, overrides=[*TINY, *lines])


def make_settings(folder: Path, **changes: object) -> Settings:
    """One thread on the CPU, everything below one folder."""
    return replace(Settings(runs=folder / "runs", device="cpu", threads=1), **changes)  # type: ignore[arg-type]


def copy_run(run: Run, folder: Path) -> Run:
    """The run in another place with a cache of its own, as it would be if it had been trained there."""
    shutil.copytree(run.settings.runs, folder / "runs")
    return Run(RunFolder(folder / "runs" / run.name), replace(run.settings, runs=folder / "runs"))


def go_on(root: Path, samples: Path, lines: Sequence[str], *, every_s: float = 0.0, cloud_drive: bool = False) -> Path:
    """Start the run "mine", or go on with it where it is there, saving after every step or so; gives its folder."""
    settings = make_settings(root, checkpoint_seconds=every_s, cloud_drive=cloud_drive)
    if (settings.runs / "mine" / "run.json").is_file():
        resume("mine", settings=settings)
    else:
        train(load_samples(samples), recipe=make_recipe(*lines), folds=2, name="mine", settings=settings)
    return settings.runs / "mine"


class Notes:
    """Keeps what a person would have read."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.stages: list[str] = []

    @contextmanager
    def stage(self, title: str, total: int) -> Iterator[Update]:
        """Note the stage."""
        self.stages.append(title)
        yield lambda done: None

    def note(self, line: str) -> None:
        """Keep the line."""
        self.notes.append(line)


def results_of(folder: Path) -> dict[str, bytes]:
    """What two runs of the same recipe must share to the byte: weights, predictions, epochs, scores."""
    kinds = ("*.safetensors", "predictions/*.parquet", "results.csv", "scores.json", "fold-*/*/journal.jsonl")
    paths = [path for kind in kinds for path in folder.rglob(kind) if "checkpoints" not in path.parts]
    return {str(path.relative_to(folder)): _without_times(path) for path in paths}


def _without_times(path: Path) -> bytes:
    """A file's bytes; of results.csv without the seconds that epochs took, the last column but one."""
    data = path.read_bytes()
    if path.name != "results.csv":
        return data
    cells = [line.rsplit(b",", 2) for line in data.splitlines()]
    return b"\n".join(line[0] + b"," + line[-1] for line in cells)


def check_folds(folds: Folds, samples: Samples) -> None:
    """No person is divided, every fold judges somebody."""
    keys = samples.group_keys
    for fold in range(folds.n_folds):
        assert len(folds.valid_rows(fold))
        assert not set(keys[folds.train_rows(fold)]) & set(keys[folds.valid_rows(fold)])
