"""Answers as rows of a table: an image a row, its answer and every probability, or why it has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium import durable
from podium.deployed.answers import Answers
from podium.errors import UsageError
from podium.tables import Task

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ENDINGS", "answer_columns", "check_ending", "make_table", "open_table"]

ENDINGS = (".parquet", ".csv")
ID, FAILURE = "id", "decode_error"


def check_ending(path: Path, field: str) -> None:
    """Raise UsageError unless answers can be written in the format of this ending."""
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(
            f"the ending of {path.name!r} says no format: answers are written as {' or '.join(ENDINGS)}.", field=field
        )


def answer_columns(task: Task) -> pa.Schema:
    """Columns of a table of answers: `id`; each target's answer, a list for several labels, null for "unknown";
    `target=class` for each probability, float32; `decode_error`, null where the image was answered."""
    import pyarrow as pa

    fields = [pa.field(ID, pa.string())]
    for head in task.targets:
        fields.append(pa.field(head.name, pa.list_(pa.string()) if head.is_multi else pa.string()))
        fields += [pa.field(f"{head.name}={label}", pa.float32()) for label in head.classes]
    return pa.schema([*fields, pa.field(FAILURE, pa.string())])


def make_table(task: Task, ids: Sequence[str], answers: Answers | None, failures: Mapping[str, str]) -> pa.Table:
    """Rows of the images in the order of `ids`.

    Args:
        task: What was asked.
        ids: All images.
        answers: Answers of those that could be decoded, in this order; None where none could.
        failures: Why the others could not.
    """
    import pyarrow as pa

    place = {} if answers is None else {name: row for row, name in enumerate(answers.ids.tolist())}
    rows = [place.get(name) for name in ids]
    columns: list[Any] = [list(ids)]
    for head in task.targets:
        told = [] if answers is None else answers.names(head.name)
        columns.append([None if row is None else told[row] for row in rows])
        for number in range(head.n_classes):
            values = [] if answers is None else answers.probs[head.name][:, number].tolist()
            columns.append([None if row is None else values[row] for row in rows])
    columns.append([failures.get(name) for name in ids])
    schema = answer_columns(task)
    return pa.Table.from_arrays([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


@contextmanager
def open_table(path: Path, task: Task) -> Iterator[Any]:
    """A writer of tables (`write_table`), whose file appears whole when the block ends; labels of CSV are joined by
    "|"."""
    import pyarrow as pa
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

    schema = answer_columns(task)
    with durable.write_atomically(path) as file:
        if path.suffix.lower() == ".parquet":
            with pq.ParquetWriter(file, schema) as writer:
                yield writer
        else:
            flat = pa.schema([pa.field(f.name, pa.string() if pa.types.is_list(f.type) else f.type) for f in schema])
            with pa_csv.CSVWriter(file, flat) as writer:
                yield _Flat(writer, flat)


class _Flat:
    """Writes tables whose lists become texts."""

    def __init__(self, writer: Any, schema: pa.Schema) -> None:
        self._writer, self._schema = writer, schema

    def write_table(self, table: pa.Table) -> None:
        """More rows."""
        import pyarrow as pa

        columns = []
        for column, field in zip(table.columns, self._schema, strict=True):
            if pa.types.is_list(column.type):
                column = pa.array([None if v is None else "|".join(v) for v in column.to_pylist()], field.type)
            columns.append(column)
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))
