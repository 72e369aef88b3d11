"""Which prediction answers which row of the sample: one rule for all rows, the strictest that fits."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from podium.errors import SubmissionError
from podium.submission.image_names import strip_extension
from podium.tables import normalise_id, path_to_text

__all__ = ["NUMBER_RULE", "IdMatch", "check_ids", "find_match", "match_ids"]

NUMBER_RULE = "number in the file name"
"""The rule that may join ids and files that have nothing to do with each other."""

_WHOLE_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True, eq=False)
class IdMatch:
    """The prediction of every sample row.

    Args:
        rows: Row of the predictions for each row of the sample, shape (N,).
        rule: What was compared.
        strictness: Position of the rule; 0 is the strictest.
    """

    rows: NDArray[np.int64]
    rule: str
    strictness: int


def _path(name: str) -> str:
    return normalise_id(name.strip())


def _file_name(name: str) -> str:
    return _path(name).rsplit("/", 1)[-1]


def _without_extension(name: str) -> str:
    return strip_extension(_path(name))


def _stem(name: str) -> str:
    return strip_extension(_file_name(name))


def _path_in_any_case(name: str) -> str:
    return _path(name).casefold()


def _stem_in_any_case(name: str) -> str:
    return _stem(name).casefold()


def _number(name: str) -> str | None:
    stem = _stem(name)
    return str(int(stem)) if _WHOLE_NUMBER.fullmatch(stem) and len(stem) < 4000 else None


_RULES: tuple[tuple[str, Callable[[str], str | None]], ...] = (
    ("path", normalise_id),
    ("path, blanks around it aside", _path),
    ("path without extension", _without_extension),
    ("file name", _file_name),
    ("file name without extension", _stem),
    (NUMBER_RULE, _number),
    ("path, letter case aside", _path_in_any_case),
    ("file name without extension, letter case aside", _stem_in_any_case),
)


@dataclass(frozen=True)
class _Attempt:
    name: str
    strictness: int
    rows: list[int]  # -1: no prediction, -2: several

    @property
    def n_found(self) -> int:
        return sum(row >= 0 for row in self.rows)


def _attempts(ids: Sequence[str], predicted: Sequence[str], encoding: str) -> list[_Attempt]:
    attempts = []
    for strictness, (name, key) in enumerate(_RULES):
        attempts.append(_Attempt(name, strictness, _look_up([key(i) for i in ids], [key(p) for p in predicted])))
        if attempts[-1].n_found == len(ids):
            return attempts
    ending = _shared_ending(predicted)
    if ending:
        stems = [[_file_name(name).removesuffix(ending) for name in names] for names in (ids, predicted)]
        attempts.append(_Attempt(f"file name without {ending}", len(_RULES), _look_up(*stems)))
    if not encoding.startswith("utf"):
        # A file name that is not UTF-8 has an id of escaped bytes; the sample holds the bytes themselves.
        raw = [path_to_text(os.fsdecode(name.encode(encoding))) for name in ids]
        attempts.append(_Attempt("bytes of the path", len(_RULES) + 1, _look_up(raw, predicted)))
    return attempts


def _shared_ending(predicted: Sequence[str]) -> str:
    """The ending of all predictions, such as ".ppm" where --extensions asked for it; "" where they have no one."""
    endings = {PurePosixPath(name).suffix for name in predicted}
    return endings.pop() if len(endings) == 1 else ""


def _look_up(wanted: Sequence[str | None], known: Sequence[str | None]) -> list[int]:
    table: dict[str | None, int] = {}
    for row, key in enumerate(known):
        table[key] = -2 if key in table else row
    table[None] = -1
    rows = [table.get(key, -1) for key in wanted]
    seen: dict[int, int] = {}
    for place, row in enumerate(rows):
        if row >= 0 and row in seen:
            rows[place] = rows[seen[row]] = -2
        seen.setdefault(row, place)
    return rows


def find_match(ids: Sequence[str], predicted: Sequence[str], *, encoding: str = "utf-8") -> IdMatch | None:
    """The match by the strictest rule under which every id has exactly one prediction, or None.

    Example:
        >>> match = find_match(["0", "1"], ["test/00001.png", "test/00000.png"])
        >>> match.rows.tolist(), match.rule
        ([1, 0], 'number in the file name')
    """
    last = _attempts(ids, predicted, encoding)
    whole = [attempt for attempt in last if attempt.n_found == len(ids)]
    if not whole:
        return None
    return IdMatch(np.array(whole[0].rows, dtype=np.int64), whole[0].name, whole[0].strictness)


def match_ids(
    ids: Sequence[str],
    predicted: Sequence[str],
    *,
    where: Path,
    column: str,
    allow_extra: bool = False,
    encoding: str = "utf-8",
) -> IdMatch:
    """Match the sample's ids to the predictions' ids, every row exactly once.

    Args:
        ids: Cells of the id column, in the sample's order.
        predicted: Ids of the predictions.
        where: The sample, for messages.
        column: Name of the id column, for messages.
        allow_extra: Whether predictions that the sample does not ask for may be left out.
        encoding: The sample's encoding, to compare file names that are not UTF-8 by their bytes.

    Raises:
        SubmissionError: If ids are empty, occur twice, have no prediction or several, or predictions are left over.
            Counts them and lists the first ten.
    """
    check_ids(ids, where, column)
    match = find_match(ids, predicted, encoding=encoding)
    if match is None:
        raise _explain(max(_attempts(ids, predicted, encoding), key=lambda a: a.n_found), ids, predicted, where, column)
    used = set(match.rows.tolist())
    extra = [name for row, name in enumerate(predicted) if row not in used]
    if extra and not allow_extra:
        raise SubmissionError(
            f"{_count(len(extra), 'prediction')} ha{'s' if len(extra) == 1 else 've'} no row in the sample"
            f" ({len(ids)} rows, {len(predicted)} predictions).",
            where=where,
            fix="Predict only the sample's images, or leave the others out with --allow-extra.",
            details=[f"not in the sample: {name!r}" for name in extra],
        )
    return match


def check_ids(ids: Sequence[str], where: Path, column: str) -> None:
    """Refuse an id column with empty cells, or with one image twice.

    Raises:
        SubmissionError: Names the first rows.
    """
    empty = [row for row, name in enumerate(ids, start=2) if not name.strip()]
    if empty:
        raise SubmissionError(
            f"{_count(len(empty), 'id')} of column {column!r} {'is' if len(empty) == 1 else 'are'} empty;"
            f" the first is in row {empty[0]}.",
            where=where,
            fix="Fill the ids, remove the rows, or name another with --id-column.",
            details=[f"row {row}" for row in empty],
        )
    first: dict[str, int] = {}
    again = []
    for row, name in enumerate(ids, start=2):
        if first.setdefault(normalise_id(name), row) != row:
            again.append(f"row {row}: {name!r}, also in row {first[normalise_id(name)]}")
    if again:
        raise SubmissionError(
            f"{_count(len(again), 'id')} of column {column!r} occur{'s' if len(again) == 1 else ''} twice;"
            f" the first in {again[0]}.",
            where=where,
            fix="Remove the repeated rows, or name another with --id-column.",
            details=again,
        )


def _explain(best: _Attempt, ids: Sequence[str], predicted: Sequence[str], where: Path, column: str) -> SubmissionError:
    missing = [
        (row, name) for row, (name, found) in enumerate(zip(ids, best.rows, strict=True), start=2) if found == -1
    ]
    several = [
        (row, name) for row, (name, found) in enumerate(zip(ids, best.rows, strict=True), start=2) if found == -2
    ]
    extra = [predicted[row] for row in sorted(set(range(len(predicted))) - set(best.rows))]
    what = [f"{len(missing)} of {len(ids)} ids of column {column!r} have no prediction"] if missing else []
    what += [f"{len(several)} ids fit several predictions, or share one"] if several else []
    what += [f"{_count(len(extra), 'prediction')} not in the sample"] if extra and not several else []
    if best.n_found:
        fix = "Predict every image of the sample; images that could not be read have no prediction."
    elif several:
        fix = "Write the ids as relative paths, folder included."
    else:
        fix = (
            "Predict the folder that the sample lists, name another column with --id-column, or a table that says which"
            " image each id means with --ids test.csv."
        )
    return SubmissionError(
        f"{'; '.join(what)} (compared by {best.name}).",
        where=where,
        fix=fix,
        details=[f"row {row}: {name!r} has no prediction" for row, name in missing]
        + [f"row {row}: {name!r} is not unique" for row, name in several]
        + [f"not in the sample: {name!r}" for name in extra],
    )


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
