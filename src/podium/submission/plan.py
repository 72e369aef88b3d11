"""The plan of a submission: which column is the id, what every other column asks for, and how cells are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from podium.advice import option
from podium.advice import options as advise
from podium.errors import SubmissionError, UnknownNameError, UsageError
from podium.listing import agree, count_of, part_of
from podium.submission.answer import Answer, as_int
from podium.submission.answer_values import settle_class_columns, settle_target_column
from podium.submission.column_names import Reading, parse_reading, read_name, read_numbered
from podium.submission.id_column import find_id_column
from podium.submission.id_table import find_images_in
from podium.submission.ids import check_ids
from podium.submission.options import SubmissionOptions
from podium.submission.pairs import PairRows, find_pairs
from podium.submission.plan_notes import describe_answers
from podium.submission.unknown import describe_unknown, with_unknown
from podium.submission.unused_rules import describe_unused_rules
from podium.tables import DECISION_THRESHOLD, Head, Task
from podium.texttable import RawTable

__all__ = ["Plan", "match_columns"]

_Value = TypeVar("_Value", int, float)


@dataclass(frozen=True)
class Plan:
    """How a sample submission is filled.

    Args:
        task: The task that answers it.
        id_column: Column of the image ids.
        answers: Columns to fill, in the sample's order.
        kept: Columns that stay as they are.
        notes: The plan in sentences, to show before writing.
        options: What the user set.
        image_of: The image of every id, where a table says so.
        pairs: Image and class of every row, where each row asks for one class of an image.
    """

    task: Task
    id_column: str
    answers: tuple[Answer, ...]
    kept: tuple[str, ...]
    notes: tuple[str, ...]
    options: SubmissionOptions
    image_of: Mapping[str, str] | None = None
    pairs: PairRows | None = None

    @property
    def targets(self) -> tuple[Head, ...]:
        """The targets that are answered, each once."""
        return tuple({answer.head.name: answer.head for answer in self.answers}.values())

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON-ready data."""
        return {
            "id_column": self.id_column,
            "answers": [
                {"column": a.column, "target": Reading(a.head, a.class_index).text, "values": a.kind}
                for a in self.answers
            ],
            "kept": list(self.kept),
            "notes": list(self.notes),
        }


def match_columns(
    template: RawTable,
    task: Task,
    options: SubmissionOptions | None = None,
    *,
    ids: Sequence[str] | None = None,
) -> Plan:
    """Guess what every column of a sample asks for; the guess is in `Plan.notes`, every part can be set.

    Args:
        template: The sample.
        task: What the predictions tell.
        options: What is set; the rest is guessed.
        ids: Ids of the predictions, which help to find the id column.

    Raises:
        SubmissionError: If a column fits nothing or two things, or a target lacks the column of a class. Names the
            column and the option that decides it.
        UsageError: If an option does not fit the sample.
        UnknownNameError: If an option names a column, target or class that does not exist.
    """
    options = (options or SubmissionOptions()).with_named_columns()
    _check_named_columns(template, options)
    joined = None
    if options.id_table is not None and ids is not None:
        joined = find_images_in(Path(options.id_table), template, ids, id_column=options.id_column)
    pairs = find_pairs(template, task, options, ids) if joined is None else None
    if pairs is not None:
        return _plan_pairs(pairs, template, task, options)
    wanted = options.id_column if joined is None else joined.id_column
    id_column, why = find_id_column(template, task, id_column=wanted, ids=ids)
    check_ids(template.cells(id_column), template.path, id_column, template.row_numbers)
    others = [name for name in template.columns if name != id_column]
    if options.answer_columns is not None:
        readings = {name: parse_reading(text, task) for name, text in options.answer_columns.items()}
        if id_column in readings:
            raise UsageError(
                f"column {id_column!r} is the id column and an answer column.", fix=f"Set {option('id_column')}."
            )
    else:
        readings = _guess_readings(template, others, task)
        _check_all_classes(readings, template)
    answers = with_unknown(_settle(readings, template, task, options), options)
    kept = tuple(name for name in others if name not in readings)
    notes = [f"{id_column!r} names the images ({why})."]
    if joined is not None:
        notes = [
            f"{id_column!r} holds ids; {Path(options.id_table or '').name} says which image each means, in its columns"
            f" {joined.key_column!r} and {joined.image_column!r}."
        ]
    notes += [
        *describe_answers(answers, task),
        *describe_unused_rules(answers, options),
        *describe_unknown(answers, options),
    ]
    notes += [f"{', '.join(map(repr, kept))} kept as they are in the sample."] if kept else []
    return Plan(task, id_column, answers, kept, tuple(notes), options, None if joined is None else joined.image_of)


def _plan_pairs(pairs: PairRows, template: RawTable, task: Task, options: SubmissionOptions) -> Plan:
    check_ids(template.cells(pairs.id_column), template.path, pairs.id_column, template.row_numbers)
    readings = {reading.text: reading for reading in pairs.readings}.values()
    blank = _blank_answers([(pairs.value_column, reading) for reading in readings], options)
    answers = tuple(settle_class_columns(blank, template, options))
    kept = tuple(name for name in template.columns if name not in (pairs.id_column, pairs.value_column))
    n_images, named = len(set(pairs.images)), ", ".join(dict.fromkeys(answer.head.name for answer in answers))
    values = "the probability of its class, with all digits" if answers[0].kind == "probability" else "0 or 1"
    notes = [
        f"{pairs.id_column!r} names an image and a class: {count_of(n_images, 'image')},"
        f" {count_of(len(answers), 'class')} of {named}.",
        f"{pairs.value_column!r} gets {values}.",
        *describe_unused_rules(answers, options),
    ]
    notes += [f"{', '.join(map(repr, kept))} kept as they are in the sample."] if kept else []
    return Plan(task, pairs.id_column, answers, kept, tuple(notes), options, pairs=pairs)


def _check_named_columns(template: RawTable, options: SubmissionOptions) -> None:
    named = list(options.answer_columns or ())
    if options.answer_columns is not None and not named:
        raise UsageError("is empty.", field="answer_columns", fix="Name the columns to fill, or leave it out.")
    for name in [*named, *(() if isinstance(options.values, str) else options.values)]:
        template.place(name)


def _is_counter(template: RawTable, name: str) -> bool:
    """Whether a column only counts rows, as a data frame's index does."""
    if name.casefold() not in ("column_1", "unnamed: 0", "index"):
        return False
    cells = template.cells(name)
    return any(cells == tuple(str(row + first) for row in range(len(cells))) for first in (0, 1))


def _guess_readings(template: RawTable, names: Sequence[str], task: Task) -> dict[str, Reading]:
    found = {name: read_name(name, task) for name in names}
    unknown = [name for name, readings in found.items() if not readings and not _is_counter(template, name)]
    readings = {name: _only(name, readings, template) for name, readings in found.items() if readings}
    if not readings and len(unknown) == 1:
        return {unknown[0]: _target_of_only_column(template, unknown[0], task)}
    if not readings and unknown:
        readings = read_numbered(unknown, task, where=template.path)
        unknown = [] if readings else unknown
    if unknown or not readings:
        wanted = ", ".join(head.name for head in task.targets)
        named = f"{'s' if len(unknown) > 1 else ''} {', '.join(map(repr, unknown[:10]))} name" + "s" * (
            len(unknown) == 1
        )
        raise SubmissionError(
            f"column{named} no target and no class (targets: {wanted})." if unknown else "there is no answer column.",
            where=template.path,
            fix="Say which columns to fill: "
            + advise(answer_columns={unknown[0] if unknown else "column": "target, or target=class"})
            + ".",
        )
    return readings


def _only(name: str, readings: Sequence[Reading], template: RawTable) -> Reading:
    if len(readings) == 1:
        return readings[0]
    choices = " or ".join(repr(reading.text) for reading in readings[:5])
    raise SubmissionError(
        f"column {name!r} could ask for {choices}.",
        where=template.path,
        fix=f"Set it, such as {advise(answer_columns={name: readings[0].text})}.",
    )


def _target_of_only_column(template: RawTable, name: str, task: Task) -> Reading:
    """The one target; else the composite where all cells are whole numbers; else the one whose classes they name."""
    if len(task.targets) == 1:
        return Reading(task.targets[0])
    cells = {cell.strip() for cell in template.cells(name)} - {""}
    if task.composite is not None and cells and all(as_int(cell) is not None for cell in cells):
        return Reading(task.main_target)
    fitting = [head for head in task.targets if cells and cells <= set(head.classes)]
    if len(fitting) == 1:
        return Reading(fitting[0])
    if task.composite is not None and not fitting:
        return Reading(task.main_target)
    choices = [head.name for head in fitting or task.targets]
    raise SubmissionError(
        f"column {name!r} could ask for {' or '.join(map(repr, choices))}.",
        where=template.path,
        fix=f"Set it, such as {advise(answer_columns={name: choices[0]})}.",
    )


def _check_all_classes(readings: Mapping[str, Reading], template: RawTable) -> None:
    for head in {reading.head.name: reading.head for reading in readings.values()}.values():
        columns: dict[int | None, str] = {}
        for name, reading in readings.items():
            if reading.head.name == head.name and columns.setdefault(reading.class_index, name) != name:
                raise SubmissionError(
                    f"columns {columns[reading.class_index]!r} and {name!r} both ask for {reading.text!r}.",
                    where=template.path,
                    fix=f"Say which is which with {option('answer_columns')}.",
                )
        missing = [name for index, name in enumerate(head.classes) if index not in columns]
        if set(columns) - {None} and missing:
            raise SubmissionError(
                f"{part_of(len(missing), head.n_classes, 'class')} of {head.name!r}"
                f" {agree(len(missing), 'has', 'have')} no column:"
                f" {', '.join(missing[:10])}.",
                where=template.path,
                fix=f"If the contest leaves them out, name the columns it has with {option('answer_columns')}.",
            )


def _settle(
    readings: Mapping[str, Reading], template: RawTable, task: Task, options: SubmissionOptions
) -> tuple[Answer, ...]:
    blank = {answer.column: answer for answer in _blank_answers(list(readings.items()), options)}
    settled = {a.column: settle_target_column(a, template, options) for a in blank.values() if a.class_index is None}
    for head_name in dict.fromkeys(answer.head.name for answer in blank.values()):
        group = [a for a in blank.values() if a.head.name == head_name and a.class_index is not None]
        settled |= {a.column: a for a in settle_class_columns(group, template, options)} if group else {}
    return tuple(settled[name] for name in template.columns if name in settled)


def _blank_answers(readings: Sequence[tuple[str, Reading]], options: SubmissionOptions) -> list[Answer]:
    """Answers whose values are not known yet, one for each column and what it asks for."""
    targets = {reading.head.name: reading.head for _, reading in readings}
    numbers = _per_class(options.class_numbers or {}, targets.values(), "class_numbers")
    thresholds = thresholds_of(options, targets.values())
    return [
        Answer(
            column=name,
            head=(head := reading.head),
            kind="class_number" if reading.class_index is None else "decision",
            class_index=reading.class_index,
            numbers=_numbers_of(head, numbers),
            thresholds=thresholds[head.name],
        )
        for name, reading in readings
    ]


def thresholds_of(options: SubmissionOptions, heads: Iterable[Head]) -> dict[str, tuple[float, ...]]:
    """The threshold of every class, by head.

    Raises:
        UnknownNameError: If a threshold is of no class.
        UsageError: If a class belongs to several heads.
    """
    heads, given = tuple(heads), options.thresholds
    default = given if isinstance(given, int | float) else DECISION_THRESHOLD
    named = _per_class(given if isinstance(given, Mapping) else {}, heads, "thresholds")
    return {
        head.name: tuple(named.get((head.name, index), default) for index in range(head.n_classes)) for head in heads
    }


def _per_class(named: Mapping[str, _Value], heads: Iterable[Head], field: str) -> dict[tuple[str, int], _Value]:
    known: dict[str, list[tuple[str, int]]] = {}
    for head in heads:
        for index, name in enumerate(head.classes):
            known.setdefault(name, []).append((head.name, index))
            known.setdefault(f"{head.name}={name}", []).append((head.name, index))
    values = {}
    for name, value in named.items():
        if name not in known:
            raise UnknownNameError("class", name, known, field=field)
        if len(known[name]) > 1:
            raise UsageError(f"{name!r} is a class of several targets.", field=field, fix="Write it as 'target=class'.")
        values[known[name][0]] = value
    return values


def _numbers_of(head: Head, numbers: Mapping[tuple[str, int], int]) -> tuple[int, ...]:
    given = [index for index in range(head.n_classes) if (head.name, index) in numbers]
    if not given:
        return tuple(range(head.n_classes))
    missing = [name for index, name in enumerate(head.classes) if index not in given]
    if missing:
        raise UsageError(f"leaves out {', '.join(missing[:10])} of {head.name!r}.", field="class_numbers")
    found = tuple(numbers[head.name, index] for index in range(head.n_classes))
    if len(set(found)) != len(found):
        raise UsageError(f"gives two classes of {head.name!r} the same number.", field="class_numbers")
    return found
