"""podium search."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.beside_resume import refuse_beside_resume
from podium.cli.choices import Prune
from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import (
    DATA,
    MACHINE,
    RECIPE,
    RUN,
    FoldFlags,
    MachineFlags,
    Many,
    OutputFlags,
    RecipeFlags,
    ScanFlags,
)
from podium.cli.spelling import next_command, respell
from podium.cli.verdicts import images_in_groups, signed
from podium.columns import align_columns
from podium.errors import UsageError
from podium.listing import count_of
from podium.metric_words import metric_words

if TYPE_CHECKING:
    from podium.searches.result import SearchResult, TrialRow

__all__ = ["search"]

_HEADER = ("trial", "start", "choices", "score", "seconds", "state")
_MOST_ROWS = 10


def search(
    data: Annotated[tuple[Path, ...], Parameter(group=DATA, consume_multiple=True, negative="")] = (),
    *,
    minutes: Annotated[float | None, Parameter(group=RUN)] = None,
    trials: Annotated[int | None, Parameter(group=RUN)] = None,
    space: Annotated[tuple[str, ...], Many, Parameter(group=RECIPE)] = (),
    default_space: Annotated[bool, Parameter(group=RECIPE, negative="--no-default-space")] = True,
    starts: Annotated[tuple[str, ...], Many, Parameter(group=RECIPE)] = ("baseline", "quick"),
    proxy: Annotated[int, Parameter(group=RUN)] = 2000,
    finalists: Annotated[int, Parameter(group=RUN)] = 3,
    prune: Annotated[Prune, Parameter(group=RUN)] = "median",
    level: Annotated[float, Parameter(group=RUN)] = 0.95,
    name: Annotated[str | None, Parameter(group=RUN)] = None,
    resume: Annotated[str | None, Parameter(group=RUN)] = None,
    reading: ScanFlags = ScanFlags(),  # noqa: B008 - frozen values
    folds: FoldFlags = FoldFlags(),  # noqa: B008
    recipe: RecipeFlags = RecipeFlags(),  # noqa: B008
    machine: MachineFlags = MachineFlags(),  # noqa: B008
    processes: Annotated[int, Parameter(group=MACHINE)] = 1,
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Search for a better recipe, and say what it is worth on groups that the search never used.

    Example: podium search data/train --group patient --minutes 60 --space optimizer.lr=1e-4..1e-2:log

    Args:
        data: Folder of images, a table beside them, or a folder that `podium scan --out` or `podium split --out` wrote.
        minutes: Minutes for all of it, from the first trial to the verdict (default: no end).
        trials: Recipes to train (default: 30 where no minutes are given).
        space: Recipe keys to vary, over the default space: optimizer.lr=1e-4..1e-2:log, head.kind=lda,ridge, a key
            alone (the values that its type allows), or KEY= to leave one out.
        default_space: Vary the keys that matter mostly: size, head, augmentation, mixing, loss, schedule, rates.
        starts: Presets, recipe files and runs that are tried first and that trials start from, besides the recipe to
            beat, which --preset, --recipe and --set say.
        proxy: Images that trials see, in whole groups; the best recipes are then trained on all.
        finalists: Best trials that are trained on all images, where there are more of them than --proxy.
        prune: What leaves a trial that cannot win: median (below the median of the earlier ones, after a fold or an
            epoch), wilcoxon (worse than the best one, fold by fold), or none.
        level: Confidence level of intervals and verdicts.
        name: Name of the search (default: one that was asked the same and is not finished, or counts on, search-1).
        resume: Go on with this search, or join it from another terminal. Takes no other options but --minutes and
            --trials, which count from its beginning, and machine ones.
        processes: Processes that work at trials at the same time. The cores are divided among them.
    """
    given = locals()
    from podium.searches.run_search import resume_search
    from podium.searches.run_search import search as run_search

    console, settings = Console(quiet=output.quiet), machine.as_settings(processes=processes)
    if resume is not None:
        refuse_beside_resume(search, given, takes=("resume", "minutes", "trials", "machine", "processes", "output"))
        found = resume_search(resume, minutes=minutes, trials=trials, settings=settings, progress=console)
    elif not data:
        raise UsageError("no data was named.", fix="Write podium search FOLDER --minutes N.")
    else:
        found = run_search(
            data,
            minutes=minutes,
            trials=trials,
            space=space,
            default_space=default_space,
            starts=starts,
            proxy=proxy,
            finalists=finalists,
            prune=prune,
            level=level,
            preset=recipe.preset,
            recipe=recipe.recipe,
            overrides=recipe.as_overrides(),
            metric=recipe.metric,
            seed=recipe.seed,
            folds=folds.as_options() if folds != FoldFlags() else None,
            options=reading.as_options() if reading != ScanFlags() else None,
            name=name,
            settings=settings,
            progress=console,
        )
    if output.json:
        print_json(found.to_dict())
        return 0
    _show(found, machine.runs)
    return 0


def _show(found: SearchResult, runs: Path) -> None:
    from podium.searches.page import ranked_rows

    rows = ranked_rows(found, _MOST_ROWS)
    print_lines(*align_columns(_HEADER, [_cells(row) for row in rows], left=3))
    counts = ", ".join(f"{n} {state}" for state, n in found.counts.items())
    print_lines(f"{count_of(len(found.trials), 'trial')} in {found.minutes:.1f} minutes: {counts}", "")
    for key, share in list(found.importance.items())[:5]:
        print_lines(f"moved    {share:.0%} {key}")
    print_lines(*(f"changed  {line}" for line in found.changes[:_MOST_ROWS]))
    untouched, reference = found.untouched, found.record.reference
    print_lines(
        f"seen     {metric_words(found.record.metric)} {found.seen} out of fold, where trial {found.winner} was chosen",
        f"true     {untouched.score} on {images_in_groups(untouched.n, untouched.n_groups)} that the search never used",
        f"gain     {signed(untouched.gain.difference)} over {reference} there: {found.verdict}"
        f" (out of fold {signed(untouched.promised.difference)})",
        f"optimism {signed(untouched.optimism)}: the score out of fold, minus that of the same models there",
    )
    for note in found.notes:
        print_lines(f"note: {respell(note)}")
    print_lines(f"run      {found.winner_run.path}", f"page     {found.page}")
    print_lines(f"next     {next_command('train', 'DATA', '--recipe', str(found.folder.best_file), runs=runs)}")


def _cells(row: TrialRow) -> list[str]:
    score = f"{row.score:.4f}" if not math.isnan(row.score) else "" if math.isnan(row.so_far) else f"({row.so_far:.4f})"
    shown = {key: f"{value:.3g}" if isinstance(value, float) else value for key, value in row.choices.items()}
    choices = ", ".join(f"{key}={value}" for key, value in shown.items())
    state = f"{row.state}: {row.remark}" if row.remark else row.state
    return [str(row.number), row.start, choices[:90], score, f"{row.seconds:.0f}", state[:40]]
