"""podium submit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import Json, Many, Quiet
from podium.cli.thresholds import read_thresholds
from podium.errors import UsageError

__all__ = ["submit"]


def submit(
    run: str,
    template: Path | None = None,
    *,
    name: str = "test",
    out: Path | None = None,
    id_column: str | None = None,
    answer: Annotated[tuple[str, ...], Many] = (),
    values: str = "auto",
    label_delim: str | None = None,
    top_k: int | None = None,
    ids: Path | None = None,
    threshold: Annotated[tuple[str, ...], Many] = (),
    when_none: str = "refuse",
    class_numbers: Annotated[tuple[str, ...], Many] = (),
    allow_extra: Annotated[bool, Parameter(negative="")] = False,
    delimiter: str | None = None,
    encoding: str | None = None,
    header: Annotated[bool, Parameter(negative="--no-header")] = True,
    runs: Path = Path("runs"),
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Write predictions in the sample submission's columns, order and types, or refuse with the reasons.

    Example: podium submit last sample_submission.csv --out submission.csv

    Args:
        run: A run's name, folder, or "last".
        template: The organiser's sample submission; without it ids, class names and top probabilities are written.
        name: Name of the predictions.
        out: File to write; submission.csv in the run folder when left out.
        id_column: Column of the sample that names the images.
        answer: Columns to fill and what they ask for: 'ans=class' or 'p_cat=label=cat'.
        values: auto, class_number, class_name, decision or probability.
        label_delim: What joins the labels of a list.
        top_k: Write the K likeliest classes of a single-label answer, joined by --label-delim (a blank).
        ids: Table with the sample's ids beside the images they mean, such as test.csv of id and img_path.
        threshold: Lowest probability of a 1 in multi-label answers: 0.4, or 'cat=0.3' (default: what the run decided).
        when_none: For lists without any label: refuse, empty or top.
        class_numbers: The contest's number of every class, where it is not its place: 'cat=1' 'dog=2'.
        allow_extra: Leave out predictions that the sample does not ask for.
        delimiter: Character between two cells of the sample.
        encoding: Encoding of the sample, such as cp949.
        header: Whether the first row names the columns; else they are named by number, such as --id-column 1.
        runs: Folder of all runs.
    """
    from podium.store import find_run
    from podium.submission import SubmissionOptions
    from podium.workflows.submit import submit_run

    options = SubmissionOptions(
        id_column=id_column,
        answer_columns=_read_answers(answer),
        values=values,
        label_delim=label_delim,
        top_k=top_k,
        id_table=ids,
        thresholds=read_thresholds(threshold),
        when_none=when_none,  # type: ignore[arg-type]
        class_numbers=_read_class_numbers(class_numbers),
        allow_extra=allow_extra,
        delimiter=delimiter,
        encoding=encoding,
        header=header,
    )
    record = submit_run(find_run(runs, run), template, name=name, out=out, options=options)
    if json:
        print_json(record.to_dict())
        return 0
    console = Console(quiet=quiet)
    for line in (*record.notes, *record.warnings):
        console.note(line)
    print_lines(f"{record.n_rows:,} rows, columns {', '.join(record.columns)}", f"file     {record.path}")
    return 0


def _read_answers(lines: tuple[str, ...]) -> dict[str, str] | None:
    pairs = [line.partition("=") for line in lines]
    wrong = [line for line, (column, _, target) in zip(lines, pairs, strict=True) if not column or not target]
    if wrong:
        raise UsageError(f"cannot read --answer {wrong[0]!r}.", fix="Write --answer column=target.")
    return {column: target for column, _, target in pairs} or None


def _read_class_numbers(lines: tuple[str, ...]) -> dict[str, int] | None:
    try:
        return {line.rpartition("=")[0]: int(line.rpartition("=")[2]) for line in lines} or None
    except ValueError:
        fix = "Write class=number for every class."
        raise UsageError(f"cannot read --class-numbers {' '.join(lines)!r}.", fix=fix) from None
