"""How time and memory grow with images, classes and folds: tables, folds, leak check, audit, scores, predictions.

Made data, no images: 2 % of the rows are near duplicates and 1 % equal files. Each point runs in a process of its own,
one after the other, with one thread; time is CPU time, so a busy machine matters little, and memory is the peak
above what was resident before the call, its inputs. The slope is the exponent over the last decade: 1 is a cost per
image that stays flat.

    python benchmarks/scaling.py --most 100000 --plot scaling.svg
    python benchmarks/scaling.py --parts leaks twins --most 1000000
    python benchmarks/scaling.py --axis classes
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from podium.curate import audit_of_facts
from podium.metrics import score_predictions
from podium.splits import find_leaks, hint_groups, join_groups, make_folds, summarise_folds
from podium.tables import (
    Folds,
    Head,
    Predictions,
    Samples,
    Task,
    as_text_array,
    concat_predictions,
    load_folds,
    load_predictions,
    load_samples,
    save_folds,
    save_predictions,
    save_samples,
)
from podium.twins import chain_equal_files, find_near_duplicates

Work = Callable[[], object]
LIMIT_S = 900


@dataclass(frozen=True)
class Point:
    """What is measured: a part at a size."""

    part: str
    images: int
    classes: int = 10
    folds: int = 5


def make_table(point: Point, *, multi: bool = False, grouped: bool = True) -> Samples:
    """Samples of skewed classes; people with one to nine images each."""
    rng = np.random.default_rng(point.images)
    n, c = point.images, point.classes
    ids = as_text_array([f"images/{row % 997:03d}/{row * 7919 % 10**9:09d}.jpg" for row in range(n)])
    if multi:
        head = Head("tags", "multi", tuple(f"t{i}" for i in range(c)))
        labels = (rng.random((n, c), dtype=np.float32) < 3 / c).astype(np.int8)
    else:
        head = Head("kind", "single", tuple(f"c{i}" for i in range(c)))
        labels = np.minimum((c * rng.random(n) ** 1.5).astype(np.int64), c - 1)
    group = as_text_array([f"person {number}" for number in rng.integers(0, max(n // 5, 1), n)]) if grouped else None
    return Samples(Path("data"), ids, ids, Task((head,)), {head.name: labels}, group=group)


def make_prints(n: int) -> dict[str, Any]:
    """Digests, hashes of 32 set bits and thumbnails, with near duplicates and equal files among them."""
    rng = np.random.default_rng(1)
    bits = np.argsort(rng.random((n, 64), dtype=np.float32), axis=1)[:, :32].astype(np.uint64)
    phash = np.bitwise_or.reduce(np.uint64(1) << bits, axis=1)
    thumbnails = rng.integers(0, 256, (n, 16, 16), dtype=np.uint8)
    sha256 = as_text_array([f"{row:064x}" for row in range(n)]).copy()
    twin = np.arange(0, n - 1, 50)
    phash[twin] = phash[twin + 1] ^ np.uint64(0b101000011)
    thumbnails[twin] = thumbnails[twin + 1]
    equal = np.arange(10, n - 1, 100)
    sha256[equal], phash[equal], thumbnails[equal] = sha256[equal + 1], phash[equal + 1], thumbnails[equal + 1]
    return {"sha256": sha256, "phash": phash, "thumbnails": thumbnails}


def make_predictions(samples: Samples, folds: Folds) -> list[Predictions]:
    """A fold's predictions each, better than chance."""
    assert samples.task is not None
    head = samples.task.main_target
    parts = []
    for fold in range(folds.n_folds):
        rows, rng = folds.valid_rows(fold), np.random.default_rng(fold)
        probs = rng.random((len(rows), head.n_classes))
        if not head.is_multi:
            probs[np.arange(len(rows)), samples.labels[head.name][rows]] += 0.5
            probs /= probs.sum(axis=1, keepdims=True)
        made_by = np.full(len(rows), fold, dtype=np.int64)
        parts.append(Predictions(samples.task, samples.ids[rows], made_by, {head.name: probs}))
    return parts


def folds_of(point: Point, *, multi: bool = False, grouped: bool = True) -> Work:
    samples = make_table(point, multi=multi, grouped=grouped)
    return lambda: make_folds(samples, folds=point.folds)


def build(point: Point, folder: Path) -> Work:
    samples = make_table(point)
    names, groups = samples.ids.tolist(), samples.group_keys.tolist()
    make = lambda: Samples(  # noqa: E731
        samples.root, as_text_array(names), as_text_array(names), samples.task, samples.labels, as_text_array(groups)
    )
    return lambda: make().digest


def keep_samples(point: Point, folder: Path) -> Work:
    samples = make_table(point)
    return lambda: (save_samples(samples, folder), load_samples(folder))


def keep_folds(point: Point, folder: Path) -> Work:
    samples = make_table(point)
    folds = make_folds(samples, folds=point.folds, split_method="random")
    return lambda: (save_folds(folds, folder), load_folds(folder).match(samples))


def leaks(point: Point, folder: Path) -> Work:
    samples = make_table(point)
    folds, prints = make_folds(samples, folds=point.folds, split_method="random"), make_prints(point.images)
    return lambda: find_leaks(samples, folds, **prints)


def twins(point: Point, folder: Path) -> Work:
    samples, prints = make_table(point), make_prints(point.images)
    sha256 = prints.pop("sha256")

    def join() -> object:
        near = find_near_duplicates(sha256=sha256, **prints).pairs
        return join_groups(samples, np.concatenate([chain_equal_files(sha256), near]))

    return join


def hints(point: Point, folder: Path) -> Work:
    samples = make_table(point, grouped=False)
    return lambda: hint_groups(samples)


def summary(point: Point, folder: Path) -> Work:
    samples = make_table(point)
    folds = make_folds(samples, folds=point.folds, split_method="random")
    return lambda: summarise_folds(samples, folds)


def audit(point: Point, folder: Path) -> Work:
    samples, n = make_table(point), point.images
    rng, prints = np.random.default_rng(2), make_prints(point.images)
    text = {"outcome": "ok", "reason": "", "mode": "RGB", "format": "JPEG"}
    whole = {"n_bytes": 50_000, "orientation": 1, "n_frames": 1}
    facts = SimpleNamespace(
        **{name: as_text_array([value] * n) for name, value in text.items()},
        **{name: np.full(n, value, dtype=np.int64) for name, value in whole.items()},
        width=rng.integers(200, 2000, n),
        height=rng.integers(200, 2000, n),
        brightness=rng.random(n),
        has_alpha=np.zeros(n, dtype=bool),
        sha256=prints["sha256"],
        phash=prints["phash"],
    )
    return lambda: audit_of_facts(samples, facts).to_dict()  # type: ignore[arg-type]


def scores(point: Point, folder: Path) -> Work:
    samples = make_table(point)
    folds = make_folds(samples, folds=point.folds, split_method="random")
    oof = concat_predictions(make_predictions(samples, folds))
    return lambda: score_predictions(oof, samples)


def predictions(point: Point, folder: Path) -> Work:
    samples = make_table(point)
    parts = make_predictions(samples, make_folds(samples, folds=point.folds, split_method="random"))

    def gather() -> object:
        save_predictions(concat_predictions(parts), folder / "oof.parquet")
        return load_predictions(folder / "oof.parquet")

    return gather


PARTS: dict[str, tuple[str, Callable[[Point, Path], Work]]] = {
    "build": ("build a table, its digest", build),
    "samples": ("save and load samples", keep_samples),
    "folds-file": ("save, load and match folds", keep_folds),
    "stratified": ("make folds, by class", lambda point, _: folds_of(point, grouped=False)),
    "grouped": ("make folds, by class and group", lambda point, _: folds_of(point)),
    "multilabel": ("make folds, many labels and groups", lambda point, _: folds_of(point, multi=True)),
    "summary": ("summary of folds", summary),
    "hints": ("hints at groups", hints),
    "leaks": ("leak check", leaks),
    "twins": ("group duplicates", twins),
    "audit": ("audit of decoded images", audit),
    "scores": ("scores with intervals", scores),
    "predictions": ("gather, save and load predictions", predictions),
}
DECADES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
AXES: dict[str, tuple[tuple[str, ...], Sequence[int]]] = {
    "classes": (
        ("stratified", "grouped", "multilabel", "summary", "audit", "scores", "predictions"),
        (2, 10, 100, 1_000, 10_000),
    ),
    "folds": (
        ("stratified", "grouped", "multilabel", "summary", "leaks", "scores", "predictions"),
        (2, 5, 10, 20, 50),
    ),
}


def resident_bytes(field: str) -> int | None:
    """VmRSS or VmHWM of this process; None where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(field)), None)


def measure_here(point: Point) -> dict[str, float]:
    """Processor time and peak memory of one call, in this process."""
    importlib.import_module("pyarrow.parquet")
    importlib.import_module("scipy.sparse.csgraph")
    with tempfile.TemporaryDirectory() as folder:
        work = PARTS[point.part][1](point, Path(folder))
        warm = PARTS[point.part][1](Point(point.part, 500, min(point.classes, 10), min(point.folds, 5)), Path(folder))
        warm()  # what a first call costs once does not grow
        before = resident_bytes("VmRSS")
        try:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew
        except OSError:
            before = None
        usage, started = resource.getrusage(resource.RUSAGE_SELF), time.process_time()
        kept = work()
        seconds = time.process_time() - started
        peak = resident_bytes("VmHWM")
        del kept
    if before is None or peak is None:
        unit = 1 if sys.platform == "darwin" else 1024
        before, peak = usage.ru_maxrss * unit, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {"s": seconds, "bytes": max(peak - before, 0)}


def measure(point: Point) -> dict[str, float] | None:
    """The same in a child; None if it takes too long."""
    command = [sys.executable, __file__, "--one", point.part, str(point.images), str(point.classes), str(point.folds)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:  # told even where the figures are there: an ordinary command could end like that too
        print(f"{point} ended with {done.returncode}: {done.stderr.strip()}", file=sys.stderr, flush=True)
        if not done.stdout:
            sys.exit(1)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def slope(sizes: Sequence[int], values: Sequence[float | None]) -> float | None:
    """The exponent between the last size measured and the one before it."""
    known = [(size, value) for size, value in zip(sizes, values, strict=True) if value]
    if len(known) < 2:
        return None
    (size, value), (larger, more) = known[-2:]
    return math.log(more / value) / math.log(larger / size)


def show_time(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--axis", choices=["images", *AXES], default="images")
    parser.add_argument("--most", type=int, default=100_000, help="images of the largest point")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), help="all when left out")
    parser.add_argument("--plot", type=Path, help="draw here, .png or .svg")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        part, *numbers = given.one
        print(json.dumps(measure_here(Point(part, *map(int, numbers)))), flush=True)
        return
    if given.axis == "images":
        parts, sizes = list(PARTS), [size for size in DECADES if size <= given.most]
        points = {part: [Point(part, size) for size in sizes] for part in parts}
    else:
        usual, sizes = list(AXES[given.axis][0]), list(AXES[given.axis][1])
        parts, n = usual, min(given.most, 20_000)
        points = {part: [Point(part, n, **{given.axis: size}) for size in sizes] for part in parts}
    parts = [part for part in parts if part in (given.parts or parts)]
    found: dict[str, list[dict[str, float] | None]] = {}
    columns = " | ".join(f"{size:,}" for size in sizes)
    print(f"| {given.axis} | {columns} | slope | memory | slope |")
    print("|---" * (len(sizes) + 4) + "|", flush=True)
    for part in parts:
        found[part] = [measure(point) if fits(point) else None for point in points[part]]
        print(row_of(PARTS[part][0], sizes, found[part]), flush=True)
    if given.plot:
        draw(given.plot, given.axis, sizes, found)


def fits(point: Point) -> bool:
    """Whether its probabilities or labels would fill 2 GB at most."""
    return point.part not in ("multilabel", "scores", "predictions") or point.images * point.classes * 8 <= 2e9


def row_of(title: str, sizes: Sequence[int], found: Sequence[dict[str, float] | None]) -> str:
    times = [one and one["s"] for one in found]
    peaks = [one and one["bytes"] for one in found]
    cells = ["-" if value is None else show_time(value) for value in times]
    last = next((value for value in reversed(peaks) if value is not None), 0)
    exponents = [slope(sizes, values) for values in (times, peaks)]
    shown = ["-" if value is None else f"{value:.2f}" for value in exponents]
    return f"| {title} | {' | '.join(cells)} | {shown[0]} | {last / 1e6:,.0f} MB | {shown[1]} |"


def draw(path: Path, axis: str, sizes: Sequence[int], found: dict[str, list[dict[str, float] | None]]) -> None:
    """Cost against size, both logarithmic; per image, where images are what grows."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, places = pyplot.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    colours = pyplot.get_cmap("tab20").colors  # type: ignore[attr-defined]
    for place, key, unit, factor in zip(places, ("s", "bytes"), ("microseconds", "bytes"), (1e6, 1), strict=True):
        for number, (part, values) in enumerate(found.items()):
            per = sizes if axis == "images" else [1] * len(sizes)
            known = [
                (x, one[key] * factor / n) for x, n, one in zip(sizes, per, values, strict=True) if one and one[key]
            ]
            place.plot(*zip(*known, strict=True), "o-", color=colours[number % 20], ms=3, label=PARTS[part][0])
        place.set(xscale="log", yscale="log", xlabel=axis, ylabel=f"{unit}{' an image' if axis == 'images' else ''}")
        place.grid(visible=True, which="major", alpha=0.3)
    places[1].legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1))
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    main()
