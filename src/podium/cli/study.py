"""podium study."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.beside_resume import refuse_beside_resume
from podium.cli.choices import Question
from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import (
    DATA,
    MACHINE,
    OUTPUT,
    RECIPE,
    RUN,
    FoldFlags,
    MachineFlags,
    Many,
    OutputFlags,
    RecipeFlags,
    ScanFlags,
)
from podium.cli.spelling import respell
from podium.cli.verdicts import signed, what_settles
from podium.columns import align_columns
from podium.errors import UsageError
from podium.listing import count_of
from podium.metric_words import metric_words

if TYPE_CHECKING:
    from podium.studies.page import ArmLine
    from podium.studies.verdicts import StudyResult

__all__ = ["study"]

_HEADER = ("arm", "score", "difference", "verdict", "minutes", "remark")


def study(
    data: Annotated[tuple[Path, ...], Parameter(group=DATA, consume_multiple=True, negative="")] = (),
    *,
    vary: Annotated[tuple[str, ...], Many, Parameter(group=RECIPE)] = (),
    arm: Annotated[tuple[str, ...], Many, Parameter(group=RECIPE)] = (),
    question: Annotated[Question | None, Parameter(group=RECIPE)] = None,
    grid: Annotated[bool, Parameter(group=RECIPE, negative="")] = False,
    seeds: Annotated[int, Parameter(group=RECIPE)] = 1,
    level: Annotated[float, Parameter(group=RUN)] = 0.95,
    stop_early: Annotated[bool, Parameter(group=RUN, negative="--all-folds")] = True,
    name: Annotated[str | None, Parameter(group=RUN)] = None,
    resume: Annotated[str | None, Parameter(group=RUN)] = None,
    processes: Annotated[int, Parameter(group=MACHINE)] = 1,
    ray: Annotated[str, Parameter(group=MACHINE)] = "",
    track: Annotated[tuple[str, ...], Many, Parameter(group=OUTPUT)] = (),
    reading: ScanFlags = ScanFlags(),  # noqa: B008 - frozen values
    folds: FoldFlags = FoldFlags(),  # noqa: B008
    recipe: RecipeFlags = RecipeFlags(),  # noqa: B008
    machine: MachineFlags = MachineFlags(),  # noqa: B008
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Try changes of a recipe on the same folds, with a verdict on each: helps, hurts, or cannot tell.

    Example: podium study data/train --vary head.kind=lda,ridge image.size_px=96,128 --seeds 2

    Args:
        data: Folder of images, a table beside them, or a folder that `podium scan --out` or `podium split --out` wrote.
        vary: Recipe keys and the values to try, one key at a time: optimizer.lr=1e-3,3e-3.
        arm: Recipe keys that change together, in quotes: 'image.size_px=224 training.batch_size=16'.
        question: A ready question: which crop, loss, backbone and so on. Ways that the recipe or the task does not
            allow are left out.
        grid: Try every combination of the values of --vary.
        seeds: Seeds of each arm. With one, the verdicts are of runs, not of recipes.
        level: Confidence level; all verdicts together hold at it.
        stop_early: Leave an arm that hurts beyond doubt after some folds; --all-folds trains every arm to the end.
        name: Name of the study (default: counts on, study-1).
        resume: Go on with this study. Takes no other options but machine ones and --track.
        processes: Processes that train folds of all arms at the same time. The cores are divided among them.
        ray: Train on a Ray cluster: local starts Ray on this machine, auto joins the one that runs here, HOST:PORT the
            one of that head. Needs the extra ray.
        track: Tell trackers of every arm, as runs of one group: tensorboard, wandb, mlflow.
    """
    given = locals()
    from podium.studies.arms import read_arms, read_vary
    from podium.studies.run_study import resume_study
    from podium.studies.run_study import study as run_study

    console, settings = Console(quiet=output.quiet), machine.as_settings(processes=processes, ray=ray)
    if resume is not None:
        refuse_beside_resume(study, given, takes=("resume", "track", "machine", "processes", "ray", "output"))
        found = resume_study(resume, settings=settings, progress=console, track=track)
    elif not data:
        raise UsageError("no data was named.", fix="Write podium study FOLDER --vary KEY=FIRST,SECOND.")
    else:
        found = run_study(
            data,
            vary=read_vary(vary),
            arms=read_arms(arm),
            question=question,
            grid=grid,
            seeds=seeds,
            level=level,
            stop_early=stop_early,
            preset=recipe.preset,
            recipe=recipe.recipe,
            overrides=recipe.as_overrides(),
            metric=recipe.metric,
            folds=folds.as_options() if folds != FoldFlags() else None,
            options=reading.as_options() if reading != ScanFlags() else None,
            name=name,
            settings=settings,
            progress=console,
            track=track,
        )
    if output.json:
        print_json(found.to_dict())
        return 0
    _show(found)
    return 0


def _show(found: StudyResult) -> None:
    from podium.studies.page import describe_arms

    main = found.main
    if main is not None:
        n_arms = count_of(len(main.arms), "comparison")
        together = f"{n_arms} together" if len(main.arms) > 1 else n_arms
        print_lines(f"{metric_words(main.metric)} of {main.target}, out of fold; {together} at {found.level:.0%}")
    print_lines(*align_columns(_HEADER, [_cells(line, found) for line in describe_arms(found)], left=1), "")
    if main is not None:
        print_lines(f"helps    {', '.join(found.helpful) or 'nothing beyond doubt'}")
    for note in found.notes:
        print_lines(f"note: {respell(note)}")
    best = found.helpful[0] if found.helpful else "base"
    print_lines(*(f"run      {found.folder.path / run}  {arm}" for run, arm in found.names.items() if arm == best))
    print_lines(f"page     {found.folder.page_file}")


def _cells(line: ArmLine, found: StudyResult) -> list[str]:
    score = "" if math.isnan(line.score) else f"{line.score:.4f}"
    minutes = "" if math.isnan(line.minutes) else f"{line.minutes:.1f}"
    difference = "" if line.arm is None else signed(line.arm.difference)
    verdict = "reference" if line.name == "base" else "" if line.arm is None else line.arm.verdict
    remark = line.remark
    if line.arm is not None and not remark and found.main is not None:
        settles = what_settles(line.arm, found.main)
        remark = f"{settles} would tell" if settles else ""
    return [line.name, score, difference, verdict, minutes, remark]
