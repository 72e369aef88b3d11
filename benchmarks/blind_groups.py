"""Scores that were asked nothing about groups, beside the truth of groups that are known.

    python benchmarks/blind_groups.py --data ../shared/data --work /tmp/blind [--sets digits bursts ...]

Every set is copied under names that say nothing and cross-validated twice: with images and labels alone, and with its
true groups. A set with groups passes if the first score is within 0.06 of the second, or if
the run warns and its pessimistic score is within 0.06; a set without groups passes if the run does not warn. Prints a
Markdown line a set.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageEnhance

TOLERANCE = 0.06
SEED = 20261130


class Row(NamedTuple):
    """One image: its bytes with the ending of its name, its labels by column, and its group; "" where there is none."""

    content: bytes
    ending: str
    labels: dict[str, str]
    group: str = ""


def read_table(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rows_of(folder: Path, table: list[dict[str, str]], label: str, group: str | None) -> Iterator[Row]:
    for cells in table:
        path = folder / cells["path"]
        yield Row(path.read_bytes(), path.suffix, {"label": cells[label]}, "" if group is None else cells[group])


def some(table: list[dict[str, str]], n: int) -> list[dict[str, str]]:
    """Rows drawn at random."""
    return [table[i] for i in np.random.default_rng(SEED).permutation(len(table))[:n]]


def commonest(table: list[dict[str, str]], label: str, n_classes: int) -> list[dict[str, str]]:
    names, counts = np.unique([cells[label] for cells in table], return_counts=True)
    kept = set(names[np.argsort(-counts, kind="stable")[:n_classes]])
    return [cells for cells in table if cells[label] in kept]


def digits(data: Path) -> Iterator[Row]:
    table = read_table(data / "sign_digits")
    students = sorted({cells["group"] for cells in table})
    kept = set(np.random.default_rng(SEED).permutation(students)[:100])
    yield from rows_of(data / "sign_digits", [cells for cells in table if cells["group"] in kept], "label", "group")


def letters(data: Path) -> Iterator[Row]:
    folder = data / "dirty_letters26"
    for cells in some(read_table(folder), 900):
        labels = {name: value for name, value in cells.items() if len(name) == 1}
        yield Row((folder / cells["path"]).read_bytes(), ".jpg", labels, cells["group"])


def faces(data: Path) -> Iterator[Row]:
    for folder in sorted((data / "mask7_semisynth/train/images").iterdir()):
        number, gender, _, age = folder.name.split("_")
        band = "young" if int(age) < 30 else "middle" if int(age) < 60 else "old"
        for path in sorted(folder.iterdir()):
            mask = "mask" if path.stem.startswith("mask") else path.stem.partition("_")[0]
            yield Row(path.read_bytes(), path.suffix, {"label": f"{mask} {gender} {band}"}, number)


def covid(data: Path) -> Iterator[Row]:
    table = read_table(data / "covid_chestxray")
    for cells in table:
        cells["label"] = "covid" if cells["finding"].startswith("COVID-19") else "other"
    yield from rows_of(data / "covid_chestxray", table, "label", "patient")


def make_burst(image: Image.Image, n: int, rng: np.random.Generator) -> Iterator[Image.Image]:
    """Frames of one object, as a camera that comes nearer takes them: zoom, shift and light change."""
    width, height = image.size
    zoom, light = rng.uniform(0.55, 0.7), rng.uniform(0.8, 1.2)
    for step in range(n):
        part = zoom + (0.95 - zoom) * step / max(1, n - 1)
        w, h = part * width, part * height
        x, y = rng.uniform(0.3, 0.7, 2) * (width - w, height - h)
        frame = image.resize((128, 128), Image.Resampling.BILINEAR, box=(x, y, x + w, y + h))
        yield ImageEnhance.Brightness(frame).enhance(light * rng.uniform(0.9, 1.1))


def burst_rows(folder: Path, table: list[dict[str, str]], label: str, n_frames: int) -> Iterator[Row]:
    rng = np.random.default_rng(SEED)
    for number, cells in enumerate(table):
        image = Image.open(folder / cells["path"]).convert("RGB")
        for frame in make_burst(image, n_frames, rng):
            buffer = io.BytesIO()
            frame.save(buffer, "JPEG", quality=88)
            yield Row(buffer.getvalue(), ".jpg", {"label": cells[label]}, f"o{number}")


def bursts(data: Path) -> Iterator[Row]:
    """Frames of clothes by the person they are for."""
    folder = data / "fashion_products"
    table = [cells for cells in read_table(folder) if cells["gender"] in ("Men", "Women", "Boys", "Girls", "Unisex")]
    yield from burst_rows(folder, some(table, 130), "gender", 8)


def cell_bursts(data: Path) -> Iterator[Row]:
    """Frames of solar cells by how broken they are."""
    folder = data / "elpv_solar"
    yield from burst_rows(folder, some(read_table(folder), 150), "defect_probability", 7)


def digit_bursts(data: Path) -> Iterator[Row]:
    """Frames of signed digits."""
    folder = data / "sign_digits"
    yield from burst_rows(folder, some(read_table(folder), 120), "label", 8)


def photo_bursts(data: Path) -> Iterator[Row]:
    """Frames of photos of ants and bees."""
    folder = data / "hymenoptera"
    yield from burst_rows(folder, some(read_table(folder), 130), "label", 7)


def usage(data: Path) -> Iterator[Row]:
    """What clothes are for: kinds of clothes in every class, no objects."""
    folder = data / "fashion_products"
    yield from rows_of(folder, some(commonest(read_table(folder), "usage", 4), 1000), "usage", None)


def colours(data: Path) -> Iterator[Row]:
    folder = data / "fashion_products"
    yield from rows_of(folder, some(commonest(read_table(folder), "baseColour", 8), 1000), "baseColour", None)


def mnist(data: Path) -> Iterator[Row]:
    folder = data / "mnist_t10k"
    pixels = np.frombuffer(gzip.decompress((folder / "t10k-images-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16)
    labels = np.frombuffer(gzip.decompress((folder / "t10k-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8)
    for i in np.random.default_rng(SEED).permutation(len(labels))[:1000]:
        buffer = io.BytesIO()
        Image.fromarray(pixels.reshape(-1, 28, 28)[i]).save(buffer, "PNG")
        yield Row(buffer.getvalue(), ".png", {"label": str(labels[i])})


def fashion(data: Path) -> Iterator[Row]:
    folder = data / "fashion_products"
    yield from rows_of(folder, some(commonest(read_table(folder), "subCategory", 12), 1000), "subCategory", None)


def seasons(data: Path) -> Iterator[Row]:
    """Every class holds all kinds of clothes, which are clusters, but no objects."""
    folder = data / "fashion_products"
    yield from rows_of(folder, some(commonest(read_table(folder), "season", 4), 1000), "season", None)


def cells(data: Path) -> Iterator[Row]:
    """Solar cells of 44 modules, which nobody published: what is true is not known."""
    folder = data / "elpv_solar"
    yield from rows_of(folder, some(read_table(folder), 1000), "defect_probability", None)


def insects(data: Path) -> Iterator[Row]:
    yield from rows_of(data / "hymenoptera", read_table(data / "hymenoptera"), "label", None)


def characters(data: Path) -> Iterator[Row]:
    """Drawn characters, 20 drawers each."""
    with zipfile.ZipFile(data / "omniglot_small/images_background_small1.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png"))
        chosen = sorted({name.rpartition("/")[0] for name in names})[::4][:35]
        for name in names:
            if name.rpartition("/")[0] in chosen:
                yield Row(archive.read(name), ".png", {"label": name.rpartition("/")[0][-30:].replace("/", " ")})


Source = Callable[[Path], Iterator[Row]]
WITH_GROUPS: dict[str, Source] = {
    "digits": digits,
    "letters": letters,
    "faces": faces,
    "bursts": bursts,
    "cell_bursts": cell_bursts,
    "covid": covid,
    "photo_bursts": photo_bursts,
    "digit_bursts": digit_bursts,
}
WITHOUT_GROUPS: dict[str, Source] = {
    "mnist": mnist,
    "fashion": fashion,
    "seasons": seasons,
    "insects": insects,
    "characters": characters,
    "usage": usage,
    "colours": colours,
}
UNKNOWN: dict[str, Source] = {"cells": cells}


def write_blinded(rows: list[Row], folder: Path) -> None:
    """Images under the digest of their content, `blind.csv` without and `grouped.csv` with their groups."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names = [hashlib.sha256(row.content).hexdigest()[:12] + row.ending for row in rows]
    order = sorted({name: i for i, name in enumerate(names)}.items())
    for name, i in order:
        (folder / name).write_bytes(rows[i].content)
    for table, groups in (("blind", False), ("grouped", True)):
        with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["image", *rows[0].labels, *["group"] * groups])
            writer.writerows([name, *rows[i].labels.values(), *[rows[i].group] * groups] for name, i in order)


def cross_validate(folder: Path, table: str, group: str, runs: Path, *, keep: bool):  # type: ignore[no-untyped-def]
    import podium
    from podium.crossval.gather import gather
    from podium.curate import ScanOptions
    from podium.machine import Settings, Silent
    from podium.store import RunFolder

    labels = next(csv.reader((folder / f"{table}.csv").open(encoding="utf-8")))[1:]
    columns = [name for name in labels if name != "group"]
    options = ScanOptions(labels=folder / f"{table}.csv", label_columns=columns, group=group)
    name, settings = f"{folder.name}-{table}", Settings(runs=runs, threads=1)
    if keep and (runs / name / "scores.json").is_file():
        gather(RunFolder(runs / name), settings=settings)
        return podium.load_run(name, runs=runs)
    shutil.rmtree(runs / name, ignore_errors=True)
    return podium.train(folder, options=options, preset="baseline", name=name, settings=settings, progress=Silent())


def row_of(name: str, scores, truth, seconds: float) -> str:  # type: ignore[no-untyped-def]
    warned, look = scores.pessimistic, scores.look_alikes
    if truth is None:
        verdict = "unknown" if name in UNKNOWN else "false alarm" if warned else "silent"
    else:
        believed = warned or scores.main
        verdict = "fine" if abs(believed.value - truth.value) <= TOLERANCE else "missed"
    numbers = f"{look.separation:.2f} ({look.by_chance:.2f}) | {look.gap:.2f}"
    stated = f"{scores.main_metric} {scores.main}"
    name = f"{name} | {look.n}"
    return f"| {name} | {stated} | {warned or 'silent'} | {truth or ''} | {verdict} | {numbers} | {seconds:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, default=Path("blind"))
    parser.add_argument("--sets", nargs="+", choices=[*WITH_GROUPS, *WITHOUT_GROUPS, *UNKNOWN])
    parser.add_argument("--keep", action="store_true", help="score runs of before anew, and train only what is missing")
    options = parser.parse_args()
    print(
        "| data | images | stated | warned, pessimistic | true groups | verdict | separation (chance) | gap | CPU s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name, source in (WITH_GROUPS | WITHOUT_GROUPS | UNKNOWN).items():
        if options.sets and name not in options.sets:
            continue
        folder, runs = options.work / name, options.work / "runs"
        if not options.keep or not folder.is_dir():
            write_blinded(list(source(options.data)), folder)
        started = time.process_time()
        blind = cross_validate(folder, "blind", "none", runs, keep=options.keep)
        seconds = time.process_time() - started
        truth = None
        if name in WITH_GROUPS:
            truth = cross_validate(folder, "grouped", "group", runs, keep=options.keep).scores.main
        print(row_of(name, blind.scores, truth, seconds), flush=True)


if __name__ == "__main__":
    main()
