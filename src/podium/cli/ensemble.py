"""podium ensemble."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.choices import Blend, Metric
from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import MACHINE, RUN, Many, OutputFlags
from podium.cli.spelling import next_command
from podium.cli.verdicts import signed
from podium.columns import align_columns
from podium.errors import UsageError
from podium.metric_words import metric_words
from podium.report.members_section import MembersSection

__all__ = ["ensemble"]


def ensemble(
    *members: Annotated[str, Parameter(group=RUN, name="RUNS")],
    name: Annotated[str | None, Parameter(group=RUN)] = None,
    blend: Annotated[Blend, Parameter(group=RUN)] = "mean",
    weights: Annotated[tuple[str, ...], Many, Parameter(group=RUN)] = (),
    per_head: Annotated[bool, Parameter(group=RUN, negative="")] = False,
    metric: Annotated[Metric | None, Parameter(group=RUN)] = None,
    subsets: Annotated[int | None, Parameter(group=RUN)] = None,
    top: Annotated[int | None, Parameter(group=RUN)] = None,
    table: Annotated[Path | None, Parameter(group=RUN)] = None,
    columns: Annotated[tuple[str, ...], Many, Parameter(group=RUN)] = (),
    relative: Annotated[tuple[str, ...], Many, Parameter(group=RUN)] = (),
    runs: Annotated[Path, Parameter(group=MACHINE)] = Path("runs"),
    output: OutputFlags = OutputFlags(),  # noqa: B008 - a frozen value
) -> int:
    """Combine finished runs into one, which predicts, submits and reports like any other.

    Example: podium ensemble baseline-1 quick-1 finetune-1 --weights greedy

    Args:
        members: Two or more runs on the same labels. The folds of the first one count. team=oof.csv:test.csv is a
            member that a team mate gave: predictions of the images, each by a model that did not see it, and of the
            test set, as CSV, npz or Parquet with a column a class.
        name: Name of the ensemble (default: counts on, ensemble-1).
        blend: What is averaged: mean (probabilities), logits, ranks, or vote (decisions).
        weights: A number a run, such as 6 3 1; search for the least log loss; greedy for the metric; subset for
            the best of many subsets with equal weights; stack for a
            logistic regression on the logits, shrunk towards their equal mean; or equal (default: equal).
        per_head: Weigh the runs for each head by itself. By default the weights of the main target count for all.
        metric: Primary metric (default: that of the first run).
        subsets: With subset: how many to try (default: 1000; all where there are no more).
        top: With subset: how many of the best to name (default: 5).
        table: With stack: a table with a row for each image and columns that know more, such as age or site.
        columns: Columns of the table to use: of numbers as they are, of texts one a value. Predictions need them too,
            by podium predict --rows.
        relative: Columns of numbers to compare with the image's group: standard deviations from its mean, and rank.
        runs: Folder of all runs, where the ensemble is written too.
    """
    from podium.workflows.ensemble import ensemble as combine

    made = combine(
        *members,
        runs=runs,
        name=name,
        blend=blend,
        weights=_read_weights(weights),  # type: ignore[arg-type]
        per_head=per_head,
        metric=metric,
        subsets=subsets,
        top=top,
        table=table,
        columns=columns,
        relative=relative,
        progress=Console(quiet=output.quiet),
    )
    section = made.members
    if output.json:
        print_json({"run": made.name, "scores": made.scores.to_dict(), "members": section.to_dict()})
        return 0
    print_lines(
        f"{made.name}: {section.how}, {metric_words(section.metric)} {made.scores.main}", "", *_table(section), ""
    )
    print_lines(
        f"{section.best} is the best run alone; the ensemble adds {signed(section.gain)}: {section.gain_verdict}"
    )
    if section.over_equal is not None:
        print_lines(f"in comparison with equal weights {signed(section.over_equal)}: {section.over_equal_verdict}")
    if section.notes:
        print_lines("", *section.notes)
    print_lines("", f"report   {made.folder.report_file}")
    print_lines(f"next     {next_command('predict', made.name, 'FOLDER', runs=runs)}")
    return 0


def _read_weights(words: tuple[str, ...]) -> str | tuple[float, ...]:
    if not words:
        return "equal"
    if len(words) == 1 and words[0].isalpha():
        return words[0]
    try:
        return tuple(float(word) for part in words for word in part.replace(":", ",").split(","))
    except ValueError:
        raise UsageError(
            f"cannot read --weights {' '.join(words)}.",
            fix="Write equal, search, greedy, subset, stack, or a number a run: 6 3 1.",
        ) from None


def _table(section: MembersSection) -> list[str]:
    header = ["run", "alone", "weight"]
    chosen, judged = section.lines[0].lowest is not None, section.lines[0].without is not None
    header += ["without a fold"] if chosen else []
    header += ["ensemble without it", "what it adds", "verdict"] if judged else []
    rows = []
    for line in section.lines:
        cells = [line.name, f"{line.score:.4f}", f"{line.weight:.3f}"]
        cells += [f"{line.lowest:.3f} to {line.highest:.3f}"] if chosen else []
        if judged and line.value is not None:
            cells += [f"{line.without:.4f}", signed(line.value), line.verdict]
        rows.append(cells)
    return list(align_columns(header, rows, left=1))
