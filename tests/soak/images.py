"""R10: image files from anywhere. Each gets an outcome from the workers that the audit uses, without a crash, a hang or
a printed word; what the audit passes never fails later; what it does not pass is left out, counted, and refused above
the limit.
"""

from __future__ import annotations

import csv
import io
import os
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from podium.curate import audit
from podium.data import EvalLoader, ImageCache, TrainLoader, build_cache, sample_keys
from podium.images import Decoded, Outcome, decode_file, decode_many, resize_to
from podium.tables import Head, Samples, Task, as_text_array, load_predictions, load_samples

from .command_line import TINY, Answer, ask, draw, refusal_problem, watched_streams
from .mutations import good_files, mutate
from .trial import Figure, Trial, count

__all__ = ["TRIALS", "broken_images"]

_DATA = Path(os.environ.get("PODIUM_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
_ARCHIVE = _DATA / "broken_images" / "broken_images.tar.xz"
_DEADLINE_S, _MEMORY_MIB = 30.0, 2048
_SIDE_PX = 32

Named = tuple[str, bytes]


def broken_images(n: int) -> Iterator[Named]:
    """n files of the collection, evenly spread over it: name and content."""
    with tarfile.open(_ARCHIVE) as archive:
        members = [member for member in archive if member.isfile()]
    wanted = {members[int(place)].name for place in np.linspace(0, len(members) - 1, min(n, len(members)))}
    with tarfile.open(_ARCHIVE) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name in wanted else None
            if stream is not None:
                yield member.name, stream.read()


def _outcome_problem(result: Decoded, seen: Counter[str]) -> str | None:
    seen[result.outcome.value] += 1
    if result.outcome in (Outcome.CRASHED, Outcome.TIMEOUT, Outcome.MISSING, Outcome.UNREADABLE):
        return f"{result.outcome}: {result.reason}"
    if result.is_ok != (result.facts is not None) or result.is_ok == bool(result.reason):
        return f"{result.outcome} with facts {result.facts} and reason {result.reason!r}"
    if "\n" in result.reason:
        return f"a reason of several lines: {result.reason!r}"
    return None


def _decode_all(files: Iterator[Named], folder: Path) -> Figure:
    """Decode files as the audit does; only the few that are under way are on the disk."""
    names: dict[int, str] = {}
    seen: Counter[str] = Counter()

    def lay_out() -> Iterator[Path]:
        for number, (name, data) in enumerate(files):
            names[number] = name
            path = folder / f"{number}.bin"
            path.write_bytes(data)
            yield path

    def take(number: int, result: Decoded) -> str | None:
        (folder / f"{number}.bin").unlink()
        return _outcome_problem(result, seen)

    with watched_streams() as said:
        results = decode_many(lay_out(), target_px=1, with_pixels=False, deadline_s=_DEADLINE_S, memory_mib=_MEMORY_MIB)
        figure = count(_in_turn(results, take, names))
    note = ", ".join(f"{name} {n}" for name, n in seen.most_common())
    if said[0].strip():
        return replace(figure, held=figure.held - 1, failures=(f"printed: {said[0][:300]!r}", *figure.failures))
    return replace(figure, note=f"{note}; {figure.note}")


def _in_turn(
    results: Iterator[tuple[int, Decoded]], take: Callable[[int, Decoded], str | None], names: dict[int, str]
) -> Iterator[tuple[str, Callable[[], str | None]]]:
    for number, result in results:
        yield names[number], partial(take, number, result)


def _collection(n: int, folder: Path) -> Figure:
    if not _ARCHIVE.is_file():
        return Figure(0, 0, f"no broken_images in {_DATA} (set PODIUM_SHARED_DATA)")
    return _decode_all(broken_images(n), folder)


def _mutations(n: int, folder: Path) -> Figure:
    return _decode_all(map(mutate, range(n)), folder)


def _mixture(n: int) -> Iterator[Named]:
    """Good, damaged and hostile files in turn."""
    good = list(good_files().items())
    hostile = broken_images(n // 4) if _ARCHIVE.is_file() else iter(())
    for number in range(n):
        if number % 4 == 0:
            yield good[number // 4 % len(good)]
        elif number % 4 == 1:
            yield next(hostile, mutate(500_000 + number))
        else:
            yield mutate(1_000_000 + number)


def _lay_out(n: int, folder: Path) -> tuple[Samples, dict[str, str]]:
    """Samples of two classes over such a mixture, and what each file is."""
    what = {}
    for number, (name, data) in enumerate(_mixture(n)):
        file = f"{number:05d}.jpg"
        (folder / file).write_bytes(data)
        what[file] = name
    ids = as_text_array(list(what))
    labels = {"kind": np.arange(len(ids)) % 2}
    return Samples(folder, ids, ids, Task((Head("kind", "single", ("a", "b")),)), labels), what


def _loader_rows(cache: ImageCache, rows: NDArray[np.int64], samples: Samples) -> tuple[set[int], set[int]]:
    """Rows that training's and prediction's loaders gave finite images for."""
    targets = {"kind": samples.labels["kind"][rows]}
    keys = sample_keys(samples.ids[rows])
    train = TrainLoader(cache.pixels, rows, targets, keys=keys, batch_size=16, height=_SIDE_PX, width=_SIDE_PX)
    test = EvalLoader(cache.pixels, rows, 16, _SIDE_PX, _SIDE_PX)
    seen: tuple[set[int], set[int]] = (set(), set())
    for found, batches in zip(seen, (train.from_position(0), iter(test)), strict=True):
        for batch in batches:
            is_whole = np.isfinite(np.asarray(batch.images, dtype=np.float32)).all(axis=(1, 2, 3))
            found.update(batch.rows[is_whole].tolist())
    return seen


def _passed(n: int, folder: Path) -> Figure:
    """What the isolated audit says of each file against what training's own decode makes of it."""
    (folder / "images").mkdir()
    samples, what = _lay_out(n, folder / "images")
    with watched_streams() as said:
        facts = audit(samples, n_workers=2)
        cache = build_cache(samples, folder / "cache", height=_SIDE_PX, width=_SIDE_PX, n_threads=2)
        ok = np.flatnonzero(facts.is_ok)
        trained, predicted = _loader_rows(cache, ok, samples)

    def check(row: int) -> str | None:
        if (facts.outcome[row], facts.reason[row]) != (cache.facts.outcome[row], cache.facts.reason[row]):
            return f"audit {facts.outcome[row]}, training {cache.facts.outcome[row]}: {cache.facts.reason[row]}"
        for name in ("sha256", "phash", "width", "height", "mode", "orientation"):
            if getattr(facts, name)[row] != getattr(cache.facts, name)[row]:
                return f"another {name}"
        if not facts.is_ok[row]:
            return None if not cache.is_usable[row] else "usable without being ok"
        if row not in trained or row not in predicted:
            return "passed by the audit, and no batch holds it"
        pixels = decode_file(samples.file(row), target_px=_SIDE_PX).pixels
        same = pixels is not None and np.array_equal(resize_to(pixels, _SIDE_PX, _SIDE_PX), cache.pixels[row])
        return None if same else "other pixels in the cache"

    figure = count((what[name], partial(check, row)) for row, name in enumerate(samples.ids))
    if said[0].strip():
        return replace(figure, held=figure.held - 1, failures=(f"printed: {said[0][:300]!r}", *figure.failures))
    return replace(figure, note=f"{len(ok)} passed, {n - len(ok)} set aside")


def _train(folder: Path, *arguments: object) -> Answer:
    leaks = ("--allow-leaks", "near_duplicate", "same_bytes")
    return ask(
        *("train", folder / "data", *TINY, "--folds", "2", "--runs", folder / "runs", "--json"),
        *(*leaks, *arguments),
    )


def _set_aside(number: int, folder: Path) -> str | None:
    """A training on a mixture: refused above the limit and where a class is emptied, else on what the audit passes."""
    rng = np.random.default_rng([77, number])
    for row in range(12):
        draw(folder / "data" / "ab"[row % 2] / f"good {row}.png", 100 * number + row, tint=row)
    for row in range(int(rng.integers(2, 12))):
        path = folder / "data" / "ab"[row % 2] / f"odd {row}.png"
        path.write_bytes(mutate(2_000_000 + 100 * number + row)[1])
    ids = sorted(str(path.relative_to(folder / "data").as_posix()) for path in (folder / "data").rglob("*.png"))
    outcomes = {name: decode_file(folder / "data" / name).outcome.value for name in ids}
    bad = {name: outcome for name, outcome in outcomes.items() if outcome != "ok"}
    answer = _train(folder, "--max-bad-fraction", "0", "--name", "mine")
    if bad:
        problem = refusal_problem(answer, 3, [f"{len(bad)} of {len(ids)} images", "--max-bad-fraction", *list(bad)[:3]])
        if problem or list((folder / "runs").glob("[!.]*")):
            return problem or "a refused training left a run folder"
        answer = _train(folder, "--max-bad-fraction", "1", "--name", "mine")
    if answer.code:
        return f"trained with {answer.code}: {answer.last_line}"
    return _run_problem(folder, bad, set(ids) - set(bad)) or _emptied_problem(folder)


def _run_problem(folder: Path, bad: dict[str, str], good: set[str]) -> str | None:
    run = folder / "runs" / "mine"
    rows = list(csv.reader(io.StringIO((run / "quarantine.csv").read_text(), newline="")))[1:]
    if {row[0]: row[1] for row in rows} != bad:
        return f"quarantine.csv holds {rows}, expected {bad}"
    if set(load_samples(run).ids) != good:
        return "other samples than those that decode"
    judged = load_predictions(run / "predictions" / "oof.parquet").ids.tolist()
    if sorted(judged) != sorted(good):
        return "out-of-fold predictions of other images"
    answer = ask("predict", "mine", folder / "data", "--runs", folder / "runs", "--threads", "1", "--device", "cpu")
    found = load_predictions(run / "predictions" / "test.parquet").ids.tolist() if not answer.code else []
    return None if sorted(found) == sorted({*bad, *good}) else f"predict gave {answer.code}: {answer.last_line}"


def _emptied_problem(folder: Path) -> str | None:
    for path in (folder / "data" / "b").iterdir():
        path.write_bytes(path.read_bytes()[:20])
    return refusal_problem(_train(folder, "--max-bad-fraction", "1", "--name", "empty"), 3, ["label: b"])


def _quarantine(n: int, folder: Path) -> Figure:
    return count((f"folder {number}", partial(_set_aside, number, folder / str(number))) for number in range(n))


TRIALS: tuple[Trial, ...] = (
    Trial("R10", "hostile files of public fuzzers, decoded by the audit's workers", _collection, 9015, 60),
    Trial("R10", "mutations of good files, decoded by the audit's workers", _mutations, 20_000, 120),
    Trial("R10", "what the audit passes is what training and prediction get", _passed, 4000, 60),
    Trial("R10", "bad images are counted, left out, and refused above the limit", _quarantine, 100, 1),
)
