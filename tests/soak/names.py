"""R12: file names that a file system allows are the same names at the end: scan, training, prediction, submission.

An id is the path below the folder as UTF-8 text in Unicode form NFC with "/"; bytes that are no UTF-8 stand as `\\xNN`,
and what stands in the CSV files is that id, to the character. Names that would become one id are refused by name.
"""

from __future__ import annotations

import csv
import io
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from podium.tables import load_samples

from .command_line import LEAKS, TINY, ask, ask_well, draw, refusal_problem
from .trial import Figure, Trial, count

__all__ = ["TRIALS", "make_names"]

CLASSES = ("cat", "dog")
NFD = unicodedata.normalize("NFD", "한글é")

# Stems, as bytes. Each is used alone, and then in pairs.
STEMS: tuple[bytes, ...] = tuple(
    stem if isinstance(stem, bytes) else stem.encode()
    for stem in (
        *("한글", NFD, "\u1112\u1161\u11ab", "가\u11a8", "ㄱㅏ", "각", "e\u0301\u0323", "e\u0323\u0301", "Å", "\u212b"),
        *("\u0958", "ﬁ", "①", "ß", "İ", "i\u0307", "ſ", "A", "a", "SS", "ss", "Ω", "\u2126"),
        *(" a", "a ", "a  b", "\u00a0a", "a\u3000", "a,b", "a;b", "a|b", "a\tb", 'q"q', '"', "'", "''", "`", "\\"),
        *("a\\b", "new\nline", "car\rret", "crlf\r\n", "v\x0bt", "f\x0cf", "nel\u0085", "ls\u2028", "ps\u2029"),
        *(
            "\x01",
            "\x1b[31m",
            "\x7f",
            "\u200b",
            "\u200f",
            "\u202eabc",
            "\ufeff",
            "\u200d",
            "👨‍👩‍👧",
            "😀",
            "🇰🇷",
            "\U0001f3fd",
        ),
        *("-rf", "--help", "=1+1", "+1", "@x", "a..b", "a...", "~", "$HOME", "%s", "{0}", "{{7*7}}", "*", "?", "[a]"),
        *(
            "NA",
            "nan",
            "None",
            "true",
            "007",
            "7",
            "1e5",
            "0x10",
            "CON",
            "a.jpg",
            "a.csv",
            "a.tar",
            "&amp;",
            "<b>",
            "#",
        ),
        *(
            b"caf\xe9",
            b"\xff\xfe",
            b"\xc7\xd1\xb1\xdb",
            b"\xed\xa0\x80",
            b"\xc0\xaf",
            b"a\\xe9",
            b"\\x5c",
            b"\xe9\\xe9",
        ),
        *("x" * 250, "가" * 83, "a" * 120 + "é" * 65),
    )
)
FOLDERS: tuple[bytes, ...] = (b"", b"", b"", b"f o/", "폴더/".encode(), b"caf\xe9/", b"d/" * 60, b"-x/=y/")


def make_names(n: int) -> list[bytes]:
    """The first n of an endless row of names that differ, also as ids; ".png" at the end, no hidden file among them."""
    names: dict[str, bytes] = {}
    rng = np.random.default_rng(12)
    for raw in _candidates(rng):
        name = id_of(raw)
        longest = max(len(part) for part in raw.split(b"/"))
        # A name must not be another one's folder, as a back slash in it would make it.
        if longest <= 255 and name not in names and not any(part.startswith(b".") for part in raw.split(b"/")):
            names[name] = raw
        if len(names) == n:
            break
    return list(names.values())


def _candidates(rng: np.random.Generator) -> Iterator[bytes]:
    for stem in STEMS:
        yield stem + b".png"
    while True:
        first, second = (STEMS[place] for place in rng.integers(len(STEMS), size=2))
        folder = FOLDERS[rng.integers(len(FOLDERS))]
        yield folder + first + b"_"[: rng.integers(2)] + second + (b".png" if rng.integers(3) else b".PNG")


def id_of(raw: bytes) -> str:
    """The documented id of a path."""
    text = raw.replace(b"\\x", b"\\x5cx").decode("utf-8", "backslashreplace")
    if b"\\x" not in raw and raw.decode("utf-8", "ignore").encode() == raw:
        text = text.replace("\\", "/")
    return unicodedata.normalize("NFC", text)


@dataclass(frozen=True)
class Journey:
    """Where names were seen on the way, by id; of each place a list, as a name may come twice."""

    scanned: dict[str, str]
    label: dict[str, str]
    content: dict[str, bytes]
    oof: Counter[str]
    test: Counter[str]
    best: dict[str, int]
    sample: list[str]
    submitted: list[list[str]]
    plain: Counter[str]


def _write_images(root: Path, names: Sequence[bytes], *, seed: int) -> None:
    for row, raw in enumerate(names):
        draw(root / os.fsdecode(raw), seed + row, tint=row)


def _write_rows(path: Path, rows: Sequence[Sequence[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    path.write_bytes(text.getvalue().encode())


def _read_rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))


def _travel(root: Path, names: Sequence[bytes]) -> Journey:
    """From two folders of images and a table to a submission, by the commands that a person would use."""
    ids = [id_of(raw) for raw in names]
    _write_images(root / "train", names, seed=0)
    _write_images(root / "test", names, seed=10_000)
    labels = [CLASSES[row % 2] for row in range(len(names))]
    _write_rows(root / "labels.csv", [["image", "label"], *map(list, zip(ids, labels, strict=True))])
    order = np.random.default_rng(1).permutation(len(ids))
    _write_rows(root / "sample.csv", [["ImageID", "ans"], *([ids[row], "0"] for row in order)])
    columns = ("--image-column", "image", "--label-columns", "label")
    ask_well(root, "scan", "train", "--labels", "labels.csv", *columns, "--out", "scan")
    ask_well(root, "train", "scan", *TINY, "--folds", "2", "--name", "odd", *LEAKS)
    ask_well(root, "predict", "odd", "test", "--threads", "1", "--device", "cpu")
    ask_well(root, "submit", "odd", "sample.csv", "--out", "submission.csv", "--answer-columns", "ans=label")
    ask_well(root, "submit", "odd", "--out", "plain.csv")
    return _look_back(root)


def _look_back(root: Path) -> Journey:
    run = root / "runs" / "odd"
    samples = load_samples(run)
    head = samples.task.heads[0] if samples.task else None
    assert head is not None
    rows = _read_rows(run / "samples.csv")
    place = rows[0].index("label:label")
    oof, test = (pq.read_table(run / "predictions" / f"{name}.parquet") for name in ("oof", "test"))
    probs = np.column_stack([test[f"label={name}"].to_numpy() for name in CLASSES])
    return Journey(
        scanned={row[0].removeprefix("'"): row[1].removeprefix("'") for row in rows[1:]},
        label={row[0].removeprefix("'"): row[place] for row in rows[1:]},
        content={name: samples.file(row).read_bytes() for row, name in enumerate(samples.ids)},
        oof=Counter(oof["id"].to_pylist()),
        test=Counter(test["id"].to_pylist()),
        best=dict(zip(test["id"].to_pylist(), probs.argmax(axis=1).tolist(), strict=True)),
        sample=[row[0] for row in _read_rows(root / "sample.csv")],
        submitted=_read_rows(root / "submission.csv"),
        plain=Counter(row[0] for row in _read_rows(root / "plain.csv")),
    )


def _look_for(raw: bytes, row: int, root: Path, seen: Journey) -> str | None:
    """None if this name is at every station, once, with its own image, label and answer."""
    name = id_of(raw)
    if name not in seen.scanned:
        return "not in samples.csv"
    if seen.label[name] != CLASSES[row % 2]:
        return f"label {seen.label[name]!r} of another row"
    if seen.content[name] != (root / "train" / os.fsdecode(raw)).read_bytes():
        return "another file's content"
    found = {"oof": seen.oof[name], "test": seen.test[name], "plain.csv": seen.plain[name]}
    if set(found.values()) != {1}:
        return f"times found: {found}"
    place = seen.sample.index(name)
    if seen.submitted[place] != [name, str(seen.best[name])]:
        return f"submitted as {seen.submitted[place]}, expected class {seen.best[name]}"
    return None


def _survive(n: int, folder: Path) -> Figure:
    names = make_names(n)
    try:
        seen = _travel(folder, names)
    except RuntimeError as problem:
        return Figure(n, 0, "the journey ended", (str(problem),))
    figure = count((repr(raw), partial(_look_for, raw, row, folder, seen)) for row, raw in enumerate(names))
    n_submitted = len(seen.submitted) - 1
    if len(seen.scanned) != n or n_submitted != n:
        return Figure(n, 0, "rows came or went", (f"{len(seen.scanned)} scanned, {n_submitted} submitted",))
    return Figure(figure.tried, figure.held, "one run of two folds with all of them", figure.failures)


def _twins_of(raw: bytes) -> tuple[bytes, bytes] | None:
    """Two names on disk with one id."""
    if b"\\" in raw and b"\\x" not in raw and id_of(raw).isascii() and b"\\." not in raw:
        return raw, raw.replace(b"\\", b"/")
    text = raw.decode("utf-8", "ignore")
    forms = {unicodedata.normalize(form, text).encode() for form in ("NFC", "NFD")}
    return tuple(sorted(forms)) if len(forms) == 2 and len(max(forms, key=len)) <= 255 else None  # type: ignore[return-value]


def _refuse_twins(pair: tuple[bytes, bytes], root: Path) -> str | None:
    for raw in pair:
        path = root / "images" / os.fsdecode(raw)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    if len(list(filter(Path.is_file, (root / "images").rglob("*")))) != 2:
        return None  # a file system that itself takes them for one
    answer = ask("scan", root / "images", "--json")
    return refusal_problem(answer, 3, ["1 pair of files", "Unicode form or slashes", "Rename or remove"])


def _one_id(n: int, folder: Path) -> Figure:
    pairs = [pair for raw in make_names(40 * n) if b"/" not in raw and (pair := _twins_of(raw)) is not None][:n]
    return count((repr(pair[0]), partial(_refuse_twins, pair, folder / str(k))) for k, pair in enumerate(pairs))


def _try_folder(raw: bytes, root: Path) -> str | None:
    """An odd name for everything that has one: the data folder, the place of the runs, a class, a test set."""
    name = os.fsdecode(raw)
    (root / "at" / name).mkdir(parents=True)
    for row in range(8):
        draw(root / "at" / name / "data" / name / f"{row}.png", row)
        draw(root / "at" / name / "data" / "other" / f"{row}.png", 100 + row, tint=1)
    runs = ("--runs", root / "at" / name / "runs")
    ask_well(root, "train", root / "at" / name / "data", *TINY, "--folds", "2", "--name", "odd", *runs, *LEAKS)
    ask_well(root, "predict", "odd", root / "at" / name / "data" / name, "--threads", "1", "--device", "cpu", *runs)
    ask_well(root, "submit", "odd", "--out", root / "at" / name / "out.csv", *runs)
    ask_well(root, "train", "--resume", "odd", "--threads", "1", "--device", "cpu", *runs)
    samples = load_samples(root / "at" / name / "runs" / "odd")
    shown = id_of(raw + b"/x").removesuffix("/x")
    found = set(samples.task.heads[0].classes) if samples.task else set()
    if found != {shown.strip(), "other"}:
        return f"classes {found}"
    ids = [row[0] for row in _read_rows(root / "at" / name / "out.csv")[1:]]
    return None if sorted(ids) == [f"{row}.png" for row in range(8)] else f"ids {ids}"


def _folders(n: int, folder: Path) -> Figure:
    stems = [stem for stem in STEMS if b"\\" not in stem and len(stem) < 100 and stem.strip()]
    rng = np.random.default_rng(5)
    chosen = [stems[place] for place in rng.permutation(len(stems))[:n]]
    return count((repr(raw), partial(_try_folder, raw, folder / str(k))) for k, raw in enumerate(chosen))


TRIALS: tuple[Trial, ...] = (
    Trial("R12", "names from scan to submission", _survive, 500, 30),
    Trial("R12", "two names that would be one id are refused", _one_id, 100, 3),
    Trial("R12", "folders, runs and classes with such names", _folders, 60, 1),
)
