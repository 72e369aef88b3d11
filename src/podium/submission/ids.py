"""Which prediction answers which row of the sample: every row exactly one, no prediction two rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from podium.advice import option, options
from podium.errors import SubmissionError
from podium.listing import agree, count_of, part_of
from podium.tables import ImageNames, NameMatch, normalise_id

__all__ = ["IdMatch", "check_ids", "find_match", "match_ids", "names_of"]


@dataclass(frozen=True, eq=False)
class IdMatch:
    """The prediction of every id.

    Args:
        rows: Row of the predictions for each id, shape (N,).
        rule: How they were found, in words that follow "found".
        is_by_number: Whether only numbers were compared, which may join what has nothing to do with each other.
    """

    rows: NDArray[np.int64]
    rule: str
    is_by_number: bool


def names_of(predicted: Sequence[str], *, encoding: str = "utf-8") -> ImageNames:
    """The names of the predicted images.

    Args:
        predicted: Ids of the predictions.
        encoding: Encoding of the table that names them; file names that are not UTF-8 may be in it.
    """
    return ImageNames(predicted, encodings=() if encoding.startswith("utf") else (encoding,))


def find_match(ids: Sequence[str], names: ImageNames) -> NameMatch | None:
    """The match if every id has exactly one prediction and no two ids share one, else None.

    Example:
        >>> match = find_match(["0", "1"], names_of(["test/00001.png", "test/00000.png"]))
        >>> match.images, match.rule
        ([(1,), (0,)], 'by the number in the file name')
    """
    match = names.match(ids, folders=False)
    return match if match.is_one_to_one else None


def match_ids(
    ids: Sequence[str],
    predicted: Sequence[str],
    *,
    where: Path,
    column: str,
    allow_extra: bool = False,
    encoding: str = "utf-8",
    numbers: Sequence[int] | None = None,
) -> IdMatch:
    """Match the sample's ids to the predictions' ids, every row exactly once.

    Args:
        ids: Cells of the id column, in the sample's order.
        predicted: Ids of the predictions.
        where: The sample, for messages.
        column: Name of the id column, for messages.
        allow_extra: Whether predictions that the sample does not ask for may be left out.
        encoding: The sample's encoding, to compare file names that are not UTF-8 by their letters.
        numbers: Row number of each id, for messages; None counts from 2.

    Raises:
        SubmissionError: If ids are empty, occur twice, have no prediction or several, or predictions are left over.
            Counts them and lists the first ten.
    """
    numbers = range(2, len(ids) + 2) if numbers is None else numbers
    check_ids(ids, where, column, numbers)
    match = names_of(predicted, encoding=encoding).match(ids, folders=False)
    if not match.is_one_to_one:
        raise _explain(match, ids, predicted, where, column, numbers)
    rows = [images[0] for images in match.images]
    used = set(rows)
    extra = [name for row, name in enumerate(predicted) if row not in used]
    if extra and not allow_extra:
        raise SubmissionError(
            f"{count_of(len(extra), 'prediction has', 'predictions have')} no row in the sample"
            f" ({count_of(len(ids), 'row')}, {count_of(len(predicted), 'prediction')}).",
            where=where,
            fix=f"Predict only the sample's images, or leave the others out with {options(allow_extra=True)}.",
            details=[f"not in the sample: {name!r}" for name in extra],
        )
    return IdMatch(np.array(rows, dtype=np.int64), match.rule, match.is_by_number)


def check_ids(ids: Sequence[str], where: Path, column: str, numbers: Sequence[int]) -> None:
    """Refuse an id column with empty cells, or with one image twice.

    Raises:
        SubmissionError: Names the first rows.
    """
    empty = [number for number, name in zip(numbers, ids, strict=True) if not name.strip()]
    if empty:
        raise SubmissionError(
            f"{count_of(len(empty), 'id')} of column {column!r} {agree(len(empty), 'is', 'are')} empty;"
            f" the first is in row {empty[0]}.",
            where=where,
            fix=f"Fill the ids, remove the rows, or name another {option('id_column')}.",
            details=[f"row {number}" for number in empty],
        )
    first: dict[str, int] = {}
    again = []
    for number, name in zip(numbers, ids, strict=True):
        if first.setdefault(normalise_id(name), number) != number:
            again.append(f"row {number}: {name!r}, also in row {first[normalise_id(name)]}")
    if again:
        raise SubmissionError(
            f"{count_of(len(again), 'id')} of column {column!r} {agree(len(again), 'occurs', 'occur')} twice;"
            f" the first in {again[0]}.",
            where=where,
            fix=f"Remove the repeated rows, or name another {option('id_column')}.",
            details=again,
        )


def _explain(
    match: NameMatch,
    ids: Sequence[str],
    predicted: Sequence[str],
    where: Path,
    column: str,
    numbers: Sequence[int],
) -> SubmissionError:
    missing = [row for row, images in enumerate(match.images) if not images and row not in match.ambiguous]
    doubtful = [
        f"row {numbers[row]}: {ids[row]!r} fits {' and '.join(map(repr, found))}"
        for row, found in match.ambiguous.items()
    ]
    shared = _shared(match, ids, predicted, numbers)
    used = {image for images in match.images for image in images}
    extra = [name for row, name in enumerate(predicted) if row not in used]
    what = (
        [
            f"{part_of(len(missing), len(ids), 'id')} of column {column!r} {agree(len(missing), 'has', 'have')}"
            f" no prediction"
        ]
        if missing
        else []
    )
    what += [f"{count_of(len(doubtful), 'id fits', 'ids fit')} several predictions"] if doubtful else []
    what += [f"{count_of(len(shared), 'id shares', 'ids share')} a prediction with another"] if shared else []
    what += [f"{count_of(len(extra), 'prediction')} not in the sample"] if extra and not doubtful else []
    if missing and match.n_found:
        fix = "Predict every image of the sample; images that could not be read have no prediction."
    elif doubtful or shared:
        fix = "Write the ids as relative paths, with folder and file extension."
    else:
        fix = (
            f"Predict the folder that the sample lists, name another {option('id_column')}, or a table that says which"
            f" image each id means: {options(id_table='test.csv')}."
        )
    return SubmissionError(
        f"{'; '.join(what)} (compared {match.rule}).",
        where=where,
        fix=fix,
        details=[
            *(f"row {numbers[row]}: {ids[row]!r} has no prediction" for row in missing),
            *doubtful,
            *shared,
            *(f"not in the sample: {name!r}" for name in extra),
        ],
    )


def _shared(match: NameMatch, ids: Sequence[str], predicted: Sequence[str], numbers: Sequence[int]) -> list[str]:
    first: dict[int, int] = {}
    found = []
    for row, images in enumerate(match.images):
        if images and first.setdefault(images[0], row) != row:
            image, other = predicted[images[0]], numbers[first[images[0]]]
            found.append(f"row {numbers[row]}: {ids[row]!r} means {image!r}, as row {other} does")
    return found
