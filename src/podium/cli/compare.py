"""podium compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.choices import Metric
from podium.cli.console import print_json, print_lines
from podium.cli.flags import MACHINE, OUTPUT, RUN, ResultFlags
from podium.cli.spelling import respell
from podium.cli.verdicts import signed, what_settles
from podium.columns import align_columns
from podium.listing import count_of, shorten
from podium.metric_words import metric_words

if TYPE_CHECKING:
    from podium.metrics import ArmDifference, TargetComparison
    from podium.workflows.compare import Comparison

__all__ = ["compare"]

_HEADER = ("run", "score", "difference", "verdict", "what would settle it")
_CLASS_HEADER = ("run", "class", "images", "F1 before", "F1 after", "difference", "verdict")
_FLIP_HEADER = ("image", "label", "before", "after", "p before", "p after")


def compare(
    *arms: Annotated[str, Parameter(group=RUN, name="RUNS")],
    metric: Annotated[Metric | None, Parameter(group=RUN)] = None,
    worst_by: Annotated[str | None, Parameter(group=RUN)] = None,
    table: Annotated[Path | None, Parameter(group=RUN)] = None,
    level: Annotated[float, Parameter(group=RUN)] = 0.95,
    top: Annotated[int, Parameter(group=OUTPUT)] = 5,
    out: Annotated[Path | None, Parameter(group=OUTPUT)] = None,
    runs: Annotated[Path, Parameter(group=MACHINE)] = Path("runs"),
    output: ResultFlags = ResultFlags(),  # noqa: B008 - a frozen value
) -> int:
    """Compare runs with the first one on the same images: does it help, does it hurt, or can nobody tell?

    Example: podium compare baseline-1 quick-1 finetune-1,finetune-2

    Args:
        arms: Two or more runs, the reference first. Runs of one recipe with several seeds are joined by commas: their
            mean score is compared, and their spread widens the interval.
        metric: Compare by this metric (default: the primary one of the first run).
        worst_by: A column, such as site: compare by the score of the value that a run serves worst. Columns are those
            of `podium slices`.
        table: A table with a row an image, for a column that the first run does not have.
        level: Confidence level; all verdicts together hold at it.
        top: Answers to list that one run has right and the other wrong.
        out: CSV of all of these; an HTML page with the images is written beside it.
        runs: Folder of all runs.
    """
    from podium.workflows.compare import compare as compare_runs
    from podium.workflows.compare_files import check_flip_files, write_flips

    if out is not None:
        check_flip_files(out)
    found = compare_runs(
        *(tuple(filter(None, arm.split(","))) for arm in arms),
        runs=runs,
        metric=metric,
        worst_by=worst_by,
        table=table,
        level=level,
    )
    written = [] if out is None else write_flips(found, out)
    if output.json:
        print_json(found.to_dict(top) | {"written": [str(path) for path in written]})
        return 0
    _show(found, top)
    if written:
        print_lines("", *(f"written to {path}" for path in written))
    return 0


def _show(found: Comparison, top: int) -> None:
    together = f" for all {count_of(len(found.main.arms), 'comparison')} together" if len(found.main.arms) > 1 else ""
    left_out = f"; {count_of(found.n_left_out, 'image')} not in all runs" if found.n_left_out else ""
    groups = count_of(found.main.n_groups, "group")
    print_lines(f"{count_of(found.n_images, 'image')} of {groups}, out of fold{left_out}; {found.level:.0%}{together}")
    for target in found.targets:
        print_lines("", f"{metric_words(target.metric)} of {target.target}")
        rows = [[_named(target.reference, target.n_seeds), f"{target.reference_score:.4f}", "", "reference", ""]]
        rows += [_cells(arm, target) for arm in target.arms]
        print_lines(*align_columns(_HEADER, rows, left=len(_HEADER)))
        if target.worst:
            print_lines(*(f"worst    {worst} in {name}" for name, worst in target.worst.items()))
        _show_classes(target)
    for name, flips in found.flips.items():
        n_right = sum(flip.became_right for flip in flips)
        became = f"{count_of(n_right, 'answer')} became right, {len(flips) - n_right:,} wrong"
        print_lines("", f"{name} against {found.main.reference}, {found.main.target}: {became}")
        cells = [
            [shorten(cell, most=48) for cell in (row[0], *row[2:7])] for row in (flip.cells() for flip in flips[:top])
        ]
        if cells:
            print_lines(*align_columns(_FLIP_HEADER, cells, left=4))
    for note in found.notes:
        print_lines("", f"note: {respell(note)}")


def _named(name: str, n_seeds: int) -> str:
    return f"{name} ({count_of(n_seeds, 'seed')})" if n_seeds > 1 else name


def _cells(arm: ArmDifference, target: TargetComparison) -> list[str]:
    score = f"{arm.score:.4f}" + (f" ± {arm.seed_deviation:.4f}" if arm.n_seeds > 1 else "")
    return [_named(arm.name, arm.n_seeds), score, signed(arm.difference), arm.verdict, what_settles(arm, target)]


def _show_classes(target: TargetComparison) -> None:
    rows = [
        [one.arm, one.name, f"{one.n:,}", f"{one.before:.4f}", f"{one.after:.4f}", signed(one.difference), one.verdict]
        for one in target.differing_classes[:10]
    ]
    if rows:
        print_lines("", f"classes of {target.target} that differ", *align_columns(_CLASS_HEADER, rows, left=2))
