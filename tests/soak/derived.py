"""R17: derived data that were damaged, and images that were replaced under their size and times.

Whatever is read is what was written, or is made again, or is refused; nothing ever gives other numbers.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from PIL import Image

from podium import durable
from podium.backbone.features import compute_features
from podium.data import build_cache, cached_thumbnails, file_stamps
from podium.data.cache_filling import JOURNAL_NAME
from podium.dataset.fingerprints import load_fingerprints
from podium.dataset.prepared import load_prepared
from podium.errors import PodiumError
from podium.store import RunFolder, load_tables
from podium.tables import Samples, as_text_array, load_predictions
from podium.training.predictor import open_predictor
from podium.training.timed_choice import remembered
from podium.workflows import train
from tiny.contest import Notes, draw_images, make_recipe, make_samples, make_settings

from .damage import CHANGES
from .trial import Figure, Trial, count

__all__ = ["TRIALS"]

_N_IMAGES, _SIDE_PX = 9, 12
_N_ROWS, _N_FEATURES = 600, 7
"""More than two chunks of features a view."""
Read = Callable[[Path], object]


@dataclass(frozen=True)
class Kind:
    """One kind of derived data.

    Attributes:
        make: Writes it into an empty folder.
        read: Uses it as Podium does; gives what must never differ.
        files: Patterns of its files.
        may_refuse: Whether it cannot be made again, so that an error is the right answer.
    """

    make: Callable[[Path], object]
    read: Read
    files: tuple[str, ...]
    may_refuse: bool = False


def _draw(path: Path, rng: np.random.Generator) -> None:
    Image.fromarray(rng.integers(0, 256, (_SIDE_PX, _SIDE_PX, 3), dtype=np.uint8)).save(path)


def _images(folder: Path) -> Samples:
    names = as_text_array([f"{row}.bmp" for row in range(_N_IMAGES)])
    return Samples(folder / "images", names, names)


def _draw_images(folder: Path) -> None:
    (folder / "images").mkdir(parents=True)
    for row in range(_N_IMAGES):
        _draw(folder / "images" / f"{row}.bmp", np.random.default_rng(row))
    (folder / "images" / "3.bmp").write_bytes(b"no image")


def _cache(folder: Path, **options: Any) -> Any:
    options = {"isolation": "thread", "announce": lambda line: None} | options
    return build_cache(_images(folder), folder / "cache", height=_SIDE_PX, width=_SIDE_PX, **options)


def _make_cache(folder: Path) -> None:
    _draw_images(folder)
    cached_thumbnails(_cache(folder))


def _make_half_a_cache(folder: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done > total // 2:
            raise InterruptedError

    _draw_images(folder)
    with patch("podium.data.cache_filling._CHUNK_BYTES", 1):
        try:
            _cache(folder, on_progress=stop, n_threads=1)
        except InterruptedError:
            return
    raise AssertionError("it was not stopped")


def _read_cache(folder: Path) -> object:
    cache = _cache(folder)
    facts = [getattr(cache.facts, name).tolist() for name in ("outcome", "sha256", "phash", "brightness", "crc32")]
    return cache.key, cache.pixels.tobytes(), cached_thumbnails(cache).tobytes(), facts


def _features(dtype: Any, n_rows: int, folder: Path) -> object:
    def encode(view: str, rows: np.ndarray) -> torch.Tensor:
        turned = torch.from_numpy(rows[:, None] * np.arange(1, _N_FEATURES + 1)).float().sin()
        return turned if view == "plain" else -turned

    options: dict[str, Any] = {"shape": (_N_FEATURES,), "views": ["plain", "hflip"], "batch_size": 64}
    return compute_features(folder, encode, n_samples=n_rows, dtype=dtype, **options).tobytes()


def _answers(folder: Path) -> object:
    return remembered(folder, {"model": "tiny"}, lambda: {"seconds": 0.25, "precision": "fp32"})


def _run(folder: Path) -> RunFolder:
    return RunFolder(folder / "runs" / "mine")


def _train(folder: Path) -> None:
    samples = make_samples(folder / "images", "attributes")
    train(samples, recipe=make_recipe(), folds=2, name="mine", settings=make_settings(folder))


def _read_tables(folder: Path) -> object:
    samples, folds = load_tables(_run(folder))
    prepared = load_prepared(_run(folder).path)
    return samples.table_digest, folds.digest, prepared.samples.ids.tolist(), prepared.folds.fold.tolist()


def _read_predictions(folder: Path) -> object:
    found = load_predictions(_run(folder).oof_file)
    probs = {name: values.tobytes() for name, values in found.probs.items()}
    return found.task, found.ids.tolist(), found.fold.tolist(), probs


def _read_fingerprints(folder: Path) -> object:
    run = _run(folder)
    found = load_fingerprints(run.fingerprints_file, run.read()["fingerprints_sha256"])
    return {name: values.tolist() for name, values in found.items()}  # type: ignore[attr-defined]


def _predict(folder: Path) -> object:
    """What the models answer, from the weights in the run folder."""
    predictor = open_predictor(_run(folder), make_settings(folder), Notes())
    picture = np.random.default_rng(1).integers(0, 256, (36, 40, 3), dtype=np.uint8)
    return {name: values.tobytes() for name, values in predictor.predict([picture, picture[:, ::-1]]).probs.items()}


_CACHE_FILES = ("cache/*/pixels.u8", "cache/*/facts.parquet", "cache/*/*.json", "cache/*/*.bin")
KINDS = {
    "image cache": Kind(_make_cache, _read_cache, _CACHE_FILES),
    "unfinished image cache": Kind(_make_half_a_cache, _read_cache, ("cache/*/pixels.u8", f"cache/*/{JOURNAL_NAME}")),
    "features": Kind(
        partial(_features, np.float32, _N_ROWS), partial(_features, np.float32, _N_ROWS), ("features.bin", "done.jsonl")
    ),
    "outputs of blocks": Kind(
        partial(_features, np.float16, _N_ROWS), partial(_features, np.float16, _N_ROWS), ("features.bin", "done.jsonl")
    ),
    "answers of autotune": Kind(_answers, _answers, ("*.json",)),
    "tables of a run": Kind(_train, _read_tables, ("runs/mine/samples.*", "runs/mine/folds.*"), True),
    "out-of-fold predictions": Kind(_train, _read_predictions, ("runs/mine/predictions/oof.parquet",), True),
    "fingerprints": Kind(_train, _read_fingerprints, ("runs/mine/fingerprints.parquet",), True),
    "weights": Kind(_train, _predict, ("runs/mine/fold-*/all/model.*", "runs/mine/backbone/model.*"), True),
}


def damage_derived(n: int, folder: Path) -> Figure:
    """Damage one file of one kind of derived data, n times over all kinds, and use it."""
    rng, fates = random.Random(), Counter[str]()
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        truth: dict[str, object] = {}
        for name, kind in KINDS.items():
            home = folder / "whole" / name
            trained = next((folder / "whole" / other for other in truth if KINDS[other].make is kind.make), None)
            if trained is not None:
                shutil.copytree(trained, home)
            else:
                home.mkdir(parents=True)
                kind.make(home)
            truth[name] = kind.read(shutil.copytree(home, folder / "read" / name))
        attempts = []
        for place in range(n):
            name = list(KINDS)[place % len(KINDS)]
            attempt = partial(_damage, name, folder / "whole" / name, folder / str(place), truth[name], rng, fates)
            attempts.append((f"{place}, {name}", attempt))
        figure = count(attempts)
    finally:
        torch.set_num_threads(n_threads)
    told = ", ".join(f"{number} {fate}" for fate, number in sorted(fates.items()))
    return Figure(figure.tried, figure.held, f"{len(KINDS)} kinds of data; {told}; {figure.note}", figure.failures)


def _damage(name: str, whole: Path, folder: Path, truth: object, rng: random.Random, fates: Counter[str]) -> str | None:
    shutil.copytree(whole, folder)
    path = rng.choice(sorted(path for pattern in KINDS[name].files for path in folder.glob(pattern)))
    before = after = path.read_bytes()
    while after == before:
        how = rng.choice(list(CHANGES))
        after = CHANGES[how](before, rng)
    path.write_bytes(after)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            problem = None if KINDS[name].read(folder) == truth else "other numbers"
        fates["made again or not needed"] += 1
    except PodiumError as error:
        problem = None if KINDS[name].may_refuse else f"it is not made again: {error}"
        fates["refused"] += 1
    shutil.rmtree(folder)
    return problem and f"{path.name} {how}: {problem}"


def replace_images(n: int, folder: Path) -> Figure:
    """Replace some images of a data set under their names, sizes and times, n files in all, and open its cache."""
    rng = random.Random()
    _draw_images(folder)
    os.truncate(folder / "images" / "3.bmp", 0)
    _draw(folder / "images" / "3.bmp", np.random.default_rng(3))
    attempts, left = [], n
    while left > 0:
        rows = rng.sample(range(_N_IMAGES), min(left, rng.choice([1, 1, 2, _N_IMAGES])))
        left -= len(rows)
        attempts += [(f"file {row} of {len(rows)}", partial(_is_noticed, folder, rows, row)) for row in rows]
    return count(attempts, "BMP files of one size, their times put back")


def _is_noticed(folder: Path, rows: list[int], row: int) -> str | None:
    """Replace all of them with the first, then look at one."""
    if row == rows[0]:
        _cache(folder)
        with patch.object(file_stamps, "SETTLED_NS", 0):
            _cache(folder)
            for each in rows:
                _replace(folder / "images" / f"{each}.bmp")
            cache = _cache(folder)
    else:
        cache = _cache(folder)
    shown = np.asarray(Image.open(folder / "images" / f"{row}.bmp"))
    sha256 = hashlib.sha256((folder / "images" / f"{row}.bmp").read_bytes()).hexdigest()
    if not np.array_equal(cache.pixels[row], shown):
        return "the old pixels"
    return None if cache.facts.sha256[row] == sha256 else "the old digest"


def _replace(path: Path) -> None:
    before = path.stat()
    _draw(path, np.random.default_rng())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def predict_replaced(n: int, folder: Path) -> Figure:
    """The same for the images that a finished run predicts: as a run does that never saw the old ones."""
    _train(folder)
    draw_images(folder / "test", 4, seed=5)
    for path in (folder / "test").glob("*.png"):
        Image.open(path).save(path.with_suffix(".bmp"))
        path.unlink()
    from podium.workflows import load_run

    run = load_run("mine", runs=folder / "runs")
    attempts = [(str(place), partial(_is_predicted, run, folder, place)) for place in range(n)]
    return count(attempts)


def _is_predicted(run: Any, folder: Path, place: int) -> str | None:
    old = run.predict(folder / "test", name="old")
    for path in (folder / "test").glob("*.bmp"):
        before = path.stat()
        Image.fromarray(np.random.default_rng().integers(0, 256, (36, 40, 3), dtype=np.uint8)).save(path)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    new = run.predict(folder / "test", name="new")
    durable.remove_tree(run.settings.cache_folder)
    fresh = run.predict(folder / "test", name="fresh")
    for name, values in fresh.probs.items():
        if values.tobytes() != new.probs[name].tobytes():
            return "not the predictions of the new images"
        if values.tobytes() == old.probs[name].tobytes():
            return "noise is predicted as before"
    return None


TRIALS = (
    Trial("R17", "one file of derived data damaged: right, made again, or refused", damage_derived, 1000, 90),
    Trial("R17", "images replaced under their size and times: their own pixels", replace_images, 200, 20),
    Trial("R17", "the same for images that a run predicts", predict_replaced, 4, 1),
)
