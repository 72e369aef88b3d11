"""podium auto."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.beside_resume import refuse_beside_resume
from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, MACHINE, RUN, SAMPLE, FoldFlags, MachineFlags, OutputFlags, RecipeFlags, ScanFlags
from podium.cli.spelling import next_command, respell
from podium.cli.verdicts import images_in_groups, signed
from podium.columns import align_columns
from podium.errors import UsageError
from podium.metric_words import metric_words

if TYPE_CHECKING:
    from podium.searches.auto_result import AutoResult

__all__ = ["auto"]


def auto(
    data: Annotated[tuple[Path, ...], Parameter(group=DATA, consume_multiple=True, negative="")] = (),
    *,
    minutes: Annotated[float | None, Parameter(group=RUN)] = None,
    test: Annotated[Path | None, Parameter(group=DATA)] = None,
    sample: Annotated[Path | None, Parameter(group=SAMPLE)] = None,
    name: Annotated[str | None, Parameter(group=RUN)] = None,
    resume: Annotated[str | None, Parameter(group=RUN)] = None,
    reading: ScanFlags = ScanFlags(),  # noqa: B008 - frozen values
    folds: FoldFlags = FoldFlags(),  # noqa: B008
    recipe: RecipeFlags = RecipeFlags(),  # noqa: B008
    machine: MachineFlags = MachineFlags(),  # noqa: B008
    processes: Annotated[int, Parameter(group=MACHINE)] = 1,
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Audit, search, train, combine and submit in the minutes that you give, with one number to believe: the
    answer's score on groups that nothing was chosen by.

    Example: podium auto data/train --group patient --minutes 30 --test data/test --sample sample_submission.csv

    Args:
        data: Folder of images, a table beside them, or a folder that `podium scan --out` or `podium split --out` wrote.
        minutes: Minutes for all of it, from the audit to the submission.
        test: Folder of test images to predict.
        sample: The organiser's sample submission to fill.
        name: Name (default: what was asked before and is not finished, or counts on, auto-1).
        resume: Go on with this one, from its data on. Takes no other options but machine ones.
        processes: Processes that train at the same time. The cores are divided among them.
    """
    given = locals()
    from podium.searches.run_auto import auto as run_auto
    from podium.searches.run_auto import resume_auto

    console, settings = Console(quiet=output.quiet), machine.as_settings(processes=processes)
    if resume is not None:
        refuse_beside_resume(auto, given, takes=("resume", "machine", "processes", "output"))
        found = resume_auto(resume, settings=settings, progress=console)
    elif not data or minutes is None:
        what = "no data was named." if not data else "no minutes were given."
        raise UsageError(what, fix="Write podium auto FOLDER --minutes N.")
    else:
        found = run_auto(
            data if len(data) > 1 else data[0],
            minutes=minutes,
            test=test,
            sample=sample,
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


def _show(found: AutoResult, runs: Path) -> None:
    header = ("run", "recipe", "out of fold", "weight")
    rows = [[one.run.name, one.preset, f"{one.score:.4f}", f"{one.weight:.2f}"] for one in found.members]
    print_lines(*align_columns(header, rows, left=2), "")
    print_lines(
        f"score    {metric_words(found.metric)} {found.score} on {images_in_groups(found.n, found.n_groups)}"
        " that nothing was chosen by",
        f"gain     {signed(found.gain.difference)} over the first recipe there: {found.verdict}",
        f"seen     {found.seen} out of fold, where recipes and weights were chosen",
    )
    for note in found.notes:
        print_lines(f"note: {respell(note)}")
    if found.submission is not None:
        print_lines(f"file     {found.submission.path}", *found.gate)
    print_lines(f"minutes  {found.minutes:.1f}", f"run      {found.answer.path}", f"page     {found.folder.page_file}")
    if found.submission is None:
        print_lines(f"next     {next_command('predict', str(found.answer.path), 'FOLDER_OF_TEST_IMAGES', runs=runs)}")
