"""R13: tables of labels as people really have them. Each is read right, or refused in one line that names the place
and a way out; none ends in a traceback, and none is read wrong in silence.

The first trial is a list of named cases. The second writes random tables in random dialects (encoding, delimiter, line
ends, quoting, order of columns) with names that look like numbers, dates or missing values.
"""

from __future__ import annotations

import csv
import io
import itertools
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from podium.tables import Samples, load_samples

from .command_line import Answer, ask, refusal_problem
from .table_cases import CASES, NFD, Case, Truth
from .trial import Figure, Trial, count

__all__ = ["CASES", "TRIALS"]


def _touch(root: Path, names: Sequence[str]) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")  # a scan reads names, not pixels


def _truth_of(samples: Samples) -> dict[str, Any]:
    """Labels by id, in the form of `Truth`."""
    task = samples.task
    if task is None:
        return dict.fromkeys(samples.ids.tolist())
    columns = []
    for head in task.heads:
        labels = samples.labels[head.name].tolist()
        if head.is_multi:
            sets = [{name for name, on in zip(head.classes, row, strict=True) if on == 1} for row in labels]
            columns.append([None if max(row) < 0 else chosen for row, chosen in zip(labels, sets, strict=True)])
        else:
            columns.append([None if index < 0 else head.classes[index] for index in labels])
    cells = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
    return dict(zip(samples.ids.tolist(), cells, strict=True))


def _reading_problem(answer: Answer, truth: Truth, out: Path, said: Sequence[str] = ()) -> str | None:
    if answer.code:
        return f"refused: {answer.last_line}"
    found = _truth_of(load_samples(out))
    if found != dict(truth):
        return f"read as {found}, expected {dict(truth)}"
    notes = "\n".join(answer.record["notes"])
    lacking = [part for part in said if part not in notes]
    return f"the notes do not say {lacking}: {notes}" if lacking else None


def _try_case(case: Case, root: Path) -> str | None:
    _touch(root / "images", case.files)
    (root / "secret.jpg").write_bytes(b"x")
    content = case.table.encode() if isinstance(case.table, str) else case.table
    (root / case.name).write_bytes(content)
    options = [*case.options, "--out", root / "out", "--json"]
    answer = ask("scan", root / "images", "--labels", root / case.name, *options)
    if case.read is not None:
        return _reading_problem(answer, case.read, root / "out", case.said)
    if answer.code == 0:
        return f"read in silence as {_truth_of(load_samples(root / 'out'))}"
    return refusal_problem(answer, 3, case.refused)


def _cases(n: int, folder: Path) -> Figure:
    chosen = itertools.islice(itertools.cycle(CASES.items()), n)
    return count((name, partial(_try_case, case, folder / str(number))) for number, (name, case) in enumerate(chosen))


_PIECES = ("a", "007", "7", "NA", "1e5", "true", "가", NFD, "é", "x y", "=1", "-2", "3.5", "1/2", "q'q", "q\"q", "c,c",
           "s;s", "p|p", "t\tt", "#", "😀", "None", "0x10", "1_000")  # fmt: skip
_NAMES = ("cat", "Hund", "고양이", "NA", "007", "1.0", "true", "a, b", 'say "x"', "Ünï", "=2+2", " '", "0")


def _dialect_of(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "delimiter": str(rng.choice([",", ";", "\t", "|"])),
        "lineterminator": str(rng.choice(["\n", "\r\n", "\r"])),
        "quoting": int(rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
    }


def _try_random(number: int, folder: Path) -> str | None:
    """A random table in a random dialect: read as written, or refused; never read as something else."""
    rng = np.random.default_rng([13, number])
    names = sorted({unicodedata.normalize("NFC", "".join(rng.choice(_PIECES, 2))) for _ in range(12)})
    files = [f"{name.replace('/', '_')}_{row}.jpg" for row, name in enumerate(names)]
    _touch(folder / "images", files)
    classes = [str(name) for name in rng.choice(_NAMES, 3, replace=False)]
    truth = {name: classes[row % 3].strip() for row, name in enumerate(files)}
    cells = [[name, truth[name], str(rng.integers(100)), f"r{row}"] for row, name in enumerate(files)]
    order = rng.permutation(4)
    rows = [[row[place] for place in order] for row in [["image", "label", "n", "note"], *cells]]
    text = io.StringIO(newline="")
    csv.writer(text, **_dialect_of(rng)).writerows(rows)
    encoding = str(rng.choice(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]))
    (folder / "labels.csv").write_bytes(text.getvalue().encode(encoding))
    options = ["--image-column", "image", "--label-columns", "label", "--label-kind", "single", "--out", folder / "out"]
    answer = ask("scan", folder / "images", "--labels", folder / "labels.csv", *options, "--json")
    if answer.code:
        return refusal_problem(answer, 3) or f"a sound table was refused: {answer.last_line}"
    return _reading_problem(answer, truth, folder / "out")


def _random(n: int, folder: Path) -> Figure:
    def attempts() -> Iterator[tuple[str, Callable[[], str | None]]]:
        for number in range(n):
            yield f"table {number}", partial(_try_random, number, folder / str(number))

    return count(attempts())


TRIALS: tuple[Trial, ...] = (
    Trial("R13", "tables of labels with something odd or wrong", _cases, len(CASES), len(CASES)),
    Trial("R13", "random sound tables in random dialects", _random, 2000, 20),
)
