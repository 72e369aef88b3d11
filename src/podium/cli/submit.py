"""podium submit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.choices import ValueKind, WhenNone
from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import MACHINE, OUTPUT, RUN, SAMPLE, Many, OutputFlags, Switch
from podium.cli.thresholds import read_thresholds
from podium.cli.words import read_pairs
from podium.errors import UsageError
from podium.listing import count_of

if TYPE_CHECKING:
    from podium.submission import SubmissionOptions

__all__ = ["SubmissionFlags", "submit"]


@Parameter(name="*", group=SAMPLE)
@dataclass(frozen=True)
class SubmissionFlags:
    """How the sample submission is read and filled. Podium guesses what you leave out from the sample.

    Args:
        id_column: Column of the sample with the ids.
        answer_columns: Columns to fill and the target each asks for: 'ans=class', or 'p_cat=label=cat' for one class.
        values: What the answer cells hold; auto reads the sample's cells.
        label_delim: Delimiter between the labels of a list.
        top_k: Write the K most likely classes of a single-label answer, joined by --label-delim (a space).
        id_table: Table with the sample's ids beside the images they mean, such as test.csv of id and img_path.
        thresholds: Lowest probability of a 1 in multi-label answers: 0.4, or 'cat=0.3' per class (default: what the run
            decided).
        unknown_value: What to write where the run decided to say "unknown" (podium decide --abstain).
        when_none: For lists without any label: refuse, write an empty cell, or write the top class.
        class_numbers: The contest's number of every class, where it is not its position: 'cat=1' 'dog=2'.
        allow_extra: Leave out predictions that the sample does not ask for.
        form_only: The sample shows the form alone, as the three rows of a code contest do: write all predictions in it.
        delimiter: Delimiter between two cells of the sample.
        encoding: Text encoding of the sample, such as cp949.
        header: Whether the first row names the columns. Without a header, columns have numbers: --id-column 1.
    """

    id_column: str | None = None
    answer_columns: Annotated[tuple[str, ...], Many] = ()
    values: ValueKind = "auto"
    label_delim: str | None = None
    top_k: int | None = None
    id_table: Path | None = None
    thresholds: Annotated[tuple[str, ...], Many] = ()
    unknown_value: str | None = None
    when_none: WhenNone = "refuse"
    class_numbers: Annotated[tuple[str, ...], Many] = ()
    allow_extra: Switch = False
    form_only: Switch = False
    delimiter: str | None = None
    encoding: str | None = None
    header: Annotated[bool, Parameter(negative="--no-header")] = True

    def as_options(self) -> SubmissionOptions:
        """The options of `podium.submit`."""
        from podium.submission import SubmissionOptions

        return SubmissionOptions(
            id_column=self.id_column,
            answer_columns=read_pairs("--answer-columns", self.answer_columns, "column=target") or None,
            values=self.values,
            label_delim=self.label_delim,
            top_k=self.top_k,
            id_table=self.id_table,
            thresholds=read_thresholds(self.thresholds),
            unknown_value=self.unknown_value,
            when_none=self.when_none,
            class_numbers=_read_class_numbers(self.class_numbers) or None,
            allow_extra=self.allow_extra,
            form_only=self.form_only,
            delimiter=self.delimiter,
            encoding=self.encoding,
            header=self.header,
        )


def _read_class_numbers(words: tuple[str, ...]) -> dict[str, int]:
    pairs = read_pairs("--class-numbers", words, "cat=1 dog=2", at_last=True)
    try:
        return {name: int(value) for name, value in pairs.items()}
    except ValueError:
        raise UsageError(
            f"cannot read --class-numbers {' '.join(words)!r}.", fix="Write class=number for every class."
        ) from None


def submit(
    run: Annotated[str, Parameter(group=RUN)],
    template: Annotated[Path | None, Parameter(group=SAMPLE)] = None,
    *,
    flags: SubmissionFlags = SubmissionFlags(),
    name: Annotated[str, Parameter(group=RUN)] = "test",
    public_share: Annotated[float | None, Parameter(group=RUN)] = None,
    audit: Annotated[Path | None, Parameter(group=RUN)] = None,
    runs: Annotated[Path, Parameter(group=MACHINE)] = Path("runs"),
    out: Annotated[Path | None, Parameter(group=OUTPUT)] = None,
    overwrite: Annotated[bool, Parameter(group=OUTPUT, negative="")] = False,
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Write predictions in the sample submission's columns, order and types, or refuse with the reasons; and
    say what is known before it is handed in: its score, the range to expect, what changed since the last submission.

    Example: podium submit last sample_submission.csv --out submission.csv

    Args:
        run: A run's name, folder, or "last".
        template: The organiser's sample submission. Without it, ids, class names and top probabilities are written.
        name: Name of the predictions, as given to podium predict.
        public_share: Share of the test images that the public leaderboard scores, such as 0.3: says where that score is
            expected.
        audit: Folder that podium audit DATA --test TEST --out FOLDER wrote: repeats its train-test shift.
        runs: Folder of all runs.
        out: File to write (default: submission.csv in the run folder).
        overwrite: Replace a file that Podium did not write, or that was changed since.
    """
    from podium.machine import Caution
    from podium.report import gate_lines
    from podium.store import find_run
    from podium.workflows.submit import submit_run

    record = submit_run(
        find_run(runs, run),
        template,
        name=name,
        out=out,
        options=flags.as_options(),
        overwrite=overwrite,
        public_share=public_share,
        audit=audit,
    )
    assert record.gate is not None, "a run's submission is judged"
    if output.json:
        found = record.gate.to_dict()
        told = {part: found[part] for part in ("expected", *(("public",) if public_share is not None else ()))}
        print_json({**record.to_dict(), **told})
        return 0
    console = Console(quiet=output.quiet)
    for line in record.notes:
        console.note(line)
    for line in record.warnings:
        console.note(Caution(line))
    print_lines(f"{count_of(record.n_rows, 'row')}, columns {', '.join(record.columns)}", f"file     {record.path}")
    print_lines(*gate_lines(record.gate, record.histogram))
    return 0
