"""What a user may set about a submission. What is left out is guessed from the sample and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from podium.arguments import strict_fields
from podium.errors import UnknownNameError, UsageError
from podium.tables import DECISION_THRESHOLD, CompositeDecoding
from podium.texttable import column_name

__all__ = ["SubmissionOptions", "ValueKind", "WhenNone"]

ValueKind = Literal["auto", "class_number", "class_name", "decision", "probability"]
WhenNone = Literal["refuse", "empty", "top"]


@strict_fields
@dataclass(frozen=True)
class SubmissionOptions:
    """How to read the sample submission and how to fill it.

    Args:
        id_column: Column that names the images; None finds it.
        answer_columns: Per answer column, the target it asks for, or "target=class" for a column of one class. Columns
            that are not named here keep the sample's cells. None reads the column names.
        values: What the answer cells hold, for all columns or per column: "class_number", "class_name", "decision" (0
            or 1 a class), "probability", or "auto" to read the sample's cells. For a multi-label target in one column,
            "class_name" and "class_number" are lists.
        label_delim: What joins the labels of a list, such as " "; None reads the sample's cells.
        thresholds: Lowest probability of a 1 for multi-label targets, in [0, 1]: one number, or one per class under
            "class" or "target=class"; 0.5 for those not named. None is 0.5, or what the run decided.
        weights: What the run multiplies the probability of each class by before it takes the largest, by single-label
            target.
        cuts: The run's cut points on the expected class, by ordinal target.
        unknown: Lowest probability of an answer, by single-label target, as the run decides.
        unknown_value: What is written where the run says "unknown"; None answers such images too.
        sets: Lowest probability of a class in the sets that a table of answers gives, by single-label target.
        decoding: How a composite class and its attributes are decided together, see `podium.tables.decide_targets`.
        class_numbers: The contest's number per class, under "class" or "target=class", where it is not the position
            in the task.
        unclear: "decision" or "probability": what columns of 0 and 1 get where all cells of the sample are one 0 or 1,
            which says neither.
        top_k: How many class names or numbers a cell of a single-label target lists, the most likely first; None writes
            one.
        id_table: Table with the sample's ids beside the images they mean, such as a test.csv of id, img_path.
        when_none: What to write into a list when no class reaches its threshold: "refuse", "empty" cell, or the "top"
            class.
        allow_extra: Leave out predictions that the sample does not ask for, instead of refusing.
        form_only: Whether the sample gives the form alone, as those of code contests with three rows do: columns, their
            order and the kind of answers are its own, and every prediction gets a row.
        delimiter: The sample's cell delimiter; None finds it.
        encoding: The sample's text encoding; None finds it.
        header: Whether the sample's first row names its columns. Else they are called `column_1`, `column_2` and so on,
            and may be named by their numbers.

    Raises:
        UnknownNameError: If `values` or `when_none` is no known name.
        UsageError: If a threshold is outside [0, 1], or a delimiter is not one character.
    """

    id_column: str | None = None
    answer_columns: Mapping[str, str] | None = None
    values: str | Mapping[str, str] = "auto"
    label_delim: str | None = None
    thresholds: float | Mapping[str, float] | None = None
    decoding: CompositeDecoding = "independent"
    weights: Mapping[str, Sequence[float]] | None = None
    cuts: Mapping[str, Sequence[float]] | None = None
    unknown: Mapping[str, float] | None = None
    unknown_value: str | None = None
    sets: Mapping[str, float] | None = None
    class_numbers: Mapping[str, int] | None = None
    unclear: Literal["decision", "probability"] = "decision"
    top_k: int | None = None
    id_table: str | Path | None = None
    when_none: WhenNone = "refuse"
    allow_extra: bool = False
    form_only: bool = False
    delimiter: str | None = None
    encoding: str | None = None
    header: bool = True

    def __post_init__(self) -> None:
        for kind in [self.values] if isinstance(self.values, str) else self.values.values():
            if kind not in get_args(ValueKind):
                raise UnknownNameError("kind of values", kind, get_args(ValueKind), field="values")
        if self.unclear not in ("decision", "probability"):
            raise UnknownNameError("kind of values", self.unclear, ("decision", "probability"), field="unclear")
        if self.top_k is not None and self.top_k < 1:
            raise UsageError(f"must be at least 1, got {self.top_k}.", field="top_k")
        if self.when_none not in get_args(WhenNone):
            raise UnknownNameError("choice", self.when_none, get_args(WhenNone), field="when_none")
        given = DECISION_THRESHOLD if self.thresholds is None else self.thresholds
        named = given.items() if isinstance(given, Mapping) else [("all classes", given)]
        for name, threshold in named:
            if not 0 <= threshold <= 1:  # NaN fails too
                raise UsageError(f"the threshold of {name!r} must be in [0, 1], got {threshold}.", field="thresholds")
        if self.decoding not in get_args(CompositeDecoding):
            raise UnknownNameError("decoding", self.decoding, get_args(CompositeDecoding), field="decoding")
        if self.label_delim == "":
            raise UsageError("is empty.", field="label_delim", fix="Give what joins two labels, such as a space.")
        if self.delimiter not in (None, "\\t") and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            raise UsageError(f"must be one character, got {self.delimiter!r}.", field="delimiter")

    def with_named_columns(self) -> SubmissionOptions:
        """The options with columns called as the table spells them: in NFC, by name where a number stood for one."""

        def name_of(column: str) -> str:
            return column_name(column, header=self.header)

        answers, values = self.answer_columns, self.values
        return replace(
            self,
            id_column=None if self.id_column is None else name_of(self.id_column),
            answer_columns=None if answers is None else {name_of(name): text for name, text in answers.items()},
            values=values if isinstance(values, str) else {name_of(name): kind for name, kind in values.items()},
        )

    def values_of(self, column: str) -> str:
        """The kind of values set for a column, or "auto"."""
        return self.values if isinstance(self.values, str) else self.values.get(column, "auto")

    def to_dict(self) -> dict[str, Any]:
        """The options as JSON-ready data."""
        record = {name: dict(value) if isinstance(value, Mapping) else value for name, value in vars(self).items()}
        return record | {"id_table": None if self.id_table is None else str(self.id_table)}
