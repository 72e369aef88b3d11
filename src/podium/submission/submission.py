"""A submission in memory: the sample with its answer cells filled, and what is in it."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.advice import option, options
from podium.errors import SubmissionError
from podium.listing import count_of
from podium.submission.answer import Answer, Meaning
from podium.submission.histogram import Histogram, count_classes, find_constant, find_warnings, name_answers
from podium.submission.ids import match_ids
from podium.submission.options import SubmissionOptions
from podium.submission.plan import Plan, thresholds_of
from podium.submission.unknown import mask_unknown, name_sets, word_for_unknown
from podium.tables import Head, Predictions, Task, decide_targets
from podium.texttable import RawTable

__all__ = ["Submission", "make_plain_submission", "make_submission"]

_Probs = Mapping[str, NDArray[np.floating[Any]]]
_Decided = Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True)
class Submission:
    """The bytes of a submission and its record.

    Args:
        data: The file.
        encoding: Its text encoding.
        n_rows: Number of images.
        columns: Column names.
        values: What each answer column holds.
        histogram: Rows per class of every answered target.
        notes: How it was made.
        warnings: What looks wrong, though it can be submitted.
        ids: The image of every answer, as the predictions name it.
        answers: Per target, the answer of each of these images in words; several labels are joined by "|".
        constant: Targets with one answer everywhere.
    """

    data: bytes
    encoding: str
    n_rows: int
    columns: tuple[str, ...]
    values: dict[str, str]
    histogram: Histogram
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    ids: tuple[str, ...] = field(default=(), repr=False)
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    constant: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The file as text."""
        return self.data.decode(self.encoding).removeprefix("\ufeff")


def make_submission(predictions: Predictions, template: RawTable, plan: Plan) -> Submission:
    """Fill a sample submission: the file differs from the sample in its answer cells only.

    A cell whose meaning already is the answer keeps its text. Whole numbers stay whole; probabilities are written with
    every digit, whatever number of decimals the sample's placeholders have.

    Args:
        predictions: One row for each image of the sample.
        template: The sample.
        plan: What every column asks for.

    Raises:
        SubmissionError: If ids do not match, a target is not predicted, or a list would be empty and the plan does not
            say what to write.
    """
    _check_targets(predictions, plan)
    images, numbers = _images_of(template, plan)
    match = match_ids(
        images,
        predictions.ids.tolist(),
        where=template.path,
        column=plan.id_column,
        allow_extra=plan.options.allow_extra,
        encoding=template.encoding,
        numbers=numbers,
    )
    probs = {name: values[match.rows] for name, values in predictions.probs.items()}
    decided = _decide(probs, predictions.task, plan)
    fill = _fill_columns if plan.pairs is None else _fill_pairs
    filled = fill(template, plan, images, probs, decided)
    through = "" if plan.image_of is None else " of the images that the table names"
    notes = [*plan.notes, f"{len(images)} {'ids' if plan.pairs is None else 'images'} found {match.rule}{through}."]
    if match.is_by_number and plan.image_of is None:
        notes[-1] += f" If a table says which image each id means, name it with {option('id_table')}."
    n_extra = len(predictions) - len(images)
    notes += (
        [
            f"{count_of(n_extra, 'prediction was', 'predictions were')} left out because the sample does not"
            f" ask for them."
        ]
        if n_extra
        else []
    )
    return Submission(
        data=template.fill(filled),
        encoding=template.encoding,
        n_rows=len(template),
        columns=template.columns,
        values={answer.column: answer.kind for answer in plan.answers},
        histogram=count_classes(plan.answers, decided),
        notes=tuple(notes),
        warnings=tuple(find_warnings(plan.answers, decided)),
        ids=tuple(predictions.ids[match.rows].tolist()),
        answers=name_answers(plan.answers, decided),
        constant=tuple(find_constant(plan.answers, decided)),
    )


def _images_of(template: RawTable, plan: Plan) -> tuple[list[str], list[int]]:
    """The image of each answer as the sample spells it, and its (first) row number."""
    numbers = list(template.row_numbers)
    if plan.pairs is not None:
        first = dict(zip(reversed(plan.pairs.images), reversed(numbers), strict=True))
        images = list(dict.fromkeys(plan.pairs.images))
        return images, [first[image] for image in images]
    ids = template.cells(plan.id_column)
    return list(ids) if plan.image_of is None else [plan.image_of[name] for name in ids], numbers


def _fill_columns(
    template: RawTable, plan: Plan, images: Sequence[str], probs: _Probs, decided: _Decided
) -> dict[str, list[str | None]]:
    """New cells of every answer column."""
    filled = {}
    for answer in plan.answers:
        meanings = mask_unknown(answer, probs[answer.head.name], decided[answer.head.name], plan.options)
        if answer.delim and not answer.top_k:
            meanings = _fill_empty(answer, meanings, probs[answer.head.name].argmax(axis=1), plan, template)
        filled[answer.column] = _new_cells(answer, meanings, template.cells(answer.column))
    return filled


def _fill_pairs(
    template: RawTable, plan: Plan, images: Sequence[str], probs: _Probs, decided: _Decided
) -> dict[str, list[str | None]]:
    """New cells of the answer column of a sample with a row for every image and class."""
    assert plan.pairs is not None, "the plan is of pairs"
    place = {image: row for row, image in enumerate(images)}
    meanings = {
        (a.head.name, a.class_index): a.meanings(probs[a.head.name], decided[a.head.name]) for a in plan.answers
    }
    rows = zip(plan.pairs.images, plan.pairs.readings, strict=True)
    chosen = [meanings[reading.head.name, reading.class_index][place[image]] for image, reading in rows]
    column = plan.pairs.value_column
    return {column: _new_cells(plan.answers[0], chosen, template.cells(column))}


def _decide(probs: _Probs, task: Task, plan: Plan) -> _Decided:
    return _decide_by(probs, task, plan.answers, plan.options)


def _decide_by(probs: _Probs, task: Task, answers: Sequence[Answer], options: SubmissionOptions) -> _Decided:
    thresholds = {answer.head.name: answer.thresholds for answer in answers if answer.head.is_multi}
    return decide_targets(
        probs, task, thresholds=thresholds, weights=options.weights, cuts=options.cuts, composite=options.decoding
    )


def _check_targets(predictions: Predictions, plan: Plan) -> None:
    predicted = {head.name: head for head in predictions.task.targets}
    for head in plan.targets:
        if predicted.get(head.name) != head:
            raise SubmissionError(
                f"the predictions do not hold target {head.name!r} with the classes of the plan.",
                fix="Make the plan from the task of these predictions.",
            )


def _new_cells(answer: Answer, meanings: Sequence[Meaning], old: Sequence[str]) -> list[str | None]:
    """New texts, None where the sample's cell already says it."""
    known: dict[str, Meaning | None] = {}
    for cell in set(old):
        try:
            known[cell] = answer.read(cell)
        except ValueError:
            known[cell] = None
    form = _unicode_form(old)
    spelt = {cell: unicodedata.normalize(form, cell) == cell for cell in known}
    return [
        None if known[cell] == meaning and spelt[cell] else unicodedata.normalize(form, answer.write(meaning))
        for cell, meaning in zip(old, meanings, strict=True)
    ]


def _unicode_form(cells: Sequence[str]) -> Literal["NFC", "NFD"]:
    """How the sample spells letters with marks: NFD where all of its cells do, as names from macOS are."""
    distinct = set(cells)
    is_other = any(unicodedata.normalize("NFC", cell) != cell for cell in distinct)
    is_apart = is_other and all(unicodedata.normalize("NFD", cell) == cell for cell in distinct)
    return "NFD" if is_apart else "NFC"


def _fill_empty(
    answer: Answer, meanings: Sequence[Meaning], top: NDArray[np.intp], plan: Plan, template: RawTable
) -> list[Meaning]:
    empty = [row for row, meaning in enumerate(meanings) if meaning == ()]
    if not empty or plan.options.when_none == "empty":
        return list(meanings)
    if plan.options.when_none == "top":
        return [meaning if meaning != () else (int(top[row]),) for row, meaning in enumerate(meanings)]
    ids = template.cells(plan.id_column)
    raise SubmissionError(
        f"column {answer.column!r}: in {count_of(len(empty), 'row')} no class of {answer.head.name!r} reaches"
        f" its threshold.",
        where=template.path,
        fix=f"Set {options(when_none='empty')} or {options(when_none='top')} (the most probable class), or lower the"
        f" {option('thresholds')}.",
        details=[f"row {template.row_numbers[row]}: {ids[row]!r}" for row in empty[:10]],
    )


def make_plain_submission(predictions: Predictions, options: SubmissionOptions | None = None) -> Submission:
    """A table of answers where there is no sample: id, then class name and top probability of every target.

    A multi-label target lists the classes that reach their threshold, joined by "|". UTF-8, commas, ids in order of the
    predictions; cells are written as they are, none is guarded against spreadsheets.
    """
    options, targets = options or SubmissionOptions(), predictions.task.targets
    id_column = "id" if "id" not in {head.name for head in targets} else "image_id"
    answers = tuple(
        Answer(
            column=head.name,
            head=head,
            kind="name_list" if head.is_multi else "class_name",
            class_index=None,
            numbers=tuple(range(head.n_classes)),
            thresholds=thresholds_of(options, targets)[head.name],
            delim="|" if head.is_multi else "",
            unknown=word_for_unknown(head) if head.name in (options.unknown or {}) else "",
        )
        for head in targets
    )
    decided = _decide_by(predictions.probs, predictions.task, answers, options)
    columns: dict[str, list[str]] = {id_column: [str(name) for name in predictions.ids]}
    for answer in answers:
        probs = predictions.probs[answer.column]
        meanings = mask_unknown(answer, probs, decided[answer.column], options)
        columns[answer.column] = [answer.write(meaning) for meaning in meanings]
        columns[f"{answer.column} probability"] = _texts(_probability_of(probs, decided[answer.column], answer.head))
        if answer.column in (options.sets or {}):
            columns[f"{answer.column} set"] = name_sets(answer.head, probs, (options.sets or {})[answer.column])
    lines = [_as_line(row) for row in (list(columns), *zip(*columns.values(), strict=True))]
    return Submission(
        data="".join(lines).encode("utf-8"),
        encoding="utf-8",
        n_rows=len(predictions),
        columns=tuple(columns),
        values={answer.column: answer.kind for answer in answers},
        histogram=count_classes(answers, decided),
        notes=("No sample submission: class names and top probabilities of all targets.",),
        warnings=tuple(find_warnings(answers, decided)),
        ids=tuple(predictions.ids.tolist()),
        answers=name_answers(answers, decided),
        constant=tuple(find_constant(answers, decided)),
    )


def _probability_of(probs: NDArray[np.floating[Any]], decided: NDArray[np.int64], head: Head) -> NDArray[Any]:
    """The probability of the answer; of several labels that of the most probable one, answered or not."""
    return probs.max(axis=1) if head.is_multi else probs[np.arange(len(probs)), decided]


def _texts(values: NDArray[Any]) -> list[str]:
    return [repr(float(value)) for value in values.tolist()]


def _as_line(cells: Sequence[str]) -> str:
    buffer = io.StringIO(newline="")
    # The writer quotes the characters of its line end only, and a cell may hold either of these two.
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue().removesuffix("\r\n") + "\n"
