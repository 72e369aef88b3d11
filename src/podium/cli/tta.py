"""podium tta."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.choices import Metric
from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import RUN, MachineFlags, OutputFlags
from podium.cli.verdicts import signed
from podium.columns import align_columns
from podium.listing import count_of, list_some
from podium.metric_words import metric_words

if TYPE_CHECKING:
    from podium.metrics import PairedDifference
    from podium.workflows.audit_tta import TtaAudit, ViewLine

__all__ = ["tta"]

_HEADER = ("view", "passes", "images/s", "score alone", "minus plain", "added to the run", "verdict", "chosen")


def tta(
    run: Annotated[str, Parameter(group=RUN)] = "last",
    *,
    views: Annotated[tuple[str, ...], Parameter(group=RUN, consume_multiple=True, negative="")] = (),
    metric: Annotated[Metric | None, Parameter(group=RUN)] = None,
    level: Annotated[float, Parameter(group=RUN)] = 0.9,
    stored_px: Annotated[int | None, Parameter(group=RUN)] = None,
    apply: Annotated[bool, Parameter(group=RUN, negative="--no-apply")] = True,
    machine: MachineFlags = MachineFlags(),  # noqa: B008 - frozen values
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Audit test-time views: each fold's model predicts its own valid images under every view. What clearly helps is
    chosen, and predict, evaluate and submit use it from then on. The same command goes on where it was stopped.

    Example: podium tta last --views hflip rot90 scales

    Args:
        run: A run's name, folder, or "last".
        views: Views to audit: hflip, vflip, rot90, rot180, rot270, center-0.8, five-0.8, scale-0.9, tiles-2x2,
            tiles-4x4-max (or -vote), several joined by "+", and the words turns, crops, scales, tiles for many
            (default: the flip, the turns, scale-0.9, scale-1.1 and five-0.8).
        metric: Choose by this metric (default: the run's primary one).
        level: Confidence level of all intervals together, and of every step of the choice.
        stored_px: Longer side of the decoded images that all views are cut from, for tiles and crops of images that
            are larger than the recipe stores them (default: the recipe's).
        apply: Use the chosen views for predictions. Without it nothing that was chosen before changes.
    """
    from podium.workflows.run import Run, load_run

    found = Run(load_run(run, runs=machine.runs).folder, machine.as_settings())
    said = Console(quiet=output.quiet)
    audit = found.audit_tta(
        views=views or None, metric=metric, level=level, stored_px=stored_px, apply=apply, progress=said
    )
    if output.json:
        print_json(audit.to_dict())
        return 0
    _show(audit)
    return 0


def _show(audit: TtaAudit) -> None:
    groups = count_of(audit.n_groups, "group")
    print_lines(
        f"{count_of(audit.n, 'answer')} of {groups}, out of fold; {audit.level:.0%} for all views together",
        f"{metric_words(audit.metric)} of {audit.target} with {' + '.join(audit.before)}: {audit.score:.4f}",
        "",
        *align_columns(_HEADER, [_cells(line) for line in audit.lines], left=len(_HEADER)),
        "",
    )
    if audit.harmful:
        print_lines(f"left out {list_some(audit.harmful)}: harmful")
    print_lines(
        f"chosen   {' + '.join(audit.choice.views)}", f"gain     {signed(audit.gain.difference)}: {audit.gain.verdict}"
    )
    for name, gain in audit.gains.items():
        print_lines(f"         {name}, {metric_words(gain.metric)}: {signed(gain.difference)}: {gain.verdict}")
    print_lines("         each fold by the views that were chosen without it")
    print_lines(f"used     {' + '.join(audit.views)}", *(f"note     {note}" for note in audit.notes))


def _cells(line: ViewLine) -> list[str]:
    speed = "" if line.images_per_s is None else f"{line.images_per_s:,.0f}"
    verdict = "" if line.added is None else line.added.verdict
    mark = "yes" if line.is_chosen else ""
    alone, added = _words(line.alone), _words(line.added)
    return [line.view, str(line.passes), speed, f"{line.score:.4f}", alone, added, verdict, mark]


def _words(found: PairedDifference | None) -> str:
    return "" if found is None else signed(found.difference)
