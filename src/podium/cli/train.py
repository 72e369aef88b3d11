"""podium train."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import Flag, FoldFlags, Json, MachineFlags, Many, Quiet, ScanFlags
from podium.errors import UsageError

if TYPE_CHECKING:
    from podium.workflows import Run

__all__ = ["show_run", "train"]


def train(
    data: Path | None = None,
    *,
    preset: str | None = None,
    recipe: Path | None = None,
    set_: Annotated[tuple[str, ...], Parameter(name=["--set", "-s"], consume_multiple=True, negative="")] = (),
    metric: str | None = None,
    seed: int | None = None,
    only_folds: Annotated[tuple[int, ...], Many] = (),
    name: str | None = None,
    resume: str | None = None,
    max_bad: float = 0.01,
    processes: int = 1,
    checkpoint_every: float = 60.0,
    cloud_drive: Annotated[bool, Flag] = False,
    root: Path | None = None,
    reading: ScanFlags = ScanFlags(),  # noqa: B008 - frozen values
    folds: FoldFlags = FoldFlags(),  # noqa: B008
    machine: MachineFlags = MachineFlags(),  # noqa: B008
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Cross-validate: decode every image once, split without leaks, train every fold, score, report.

    Example: podium train data/train --preset finetune --group patient --folds 5 --set training.epochs=12

    Args:
        data: Folder of images, a table beside them, or a folder that `podium scan --out` or `podium split --out` wrote.
        preset: baseline (frozen network, linear heads: seconds to minutes) or finetune (all but the first blocks).
        recipe: Recipe file to start from instead of a preset.
        set_: Recipe keys to change: --set training.epochs=20 optimizer.lr=3e-4
        metric: Metric that stands at the top; macro F1 when left out, label accuracy for multi-label.
        seed: Seed of everything random in training.
        only_folds: Folds to train now; all when left out. With --resume, folds to train besides those that are done.
        name: The run's name; counted on from the preset's when left out.
        resume: Go on with this run, or with "last"; nothing else needs to be given. Several terminals or machines may
            do so at once: each takes a fold that nobody has.
        max_bad: Largest fraction of images that may be impossible to decode.
        processes: Processes that train folds at the same time; the cores are divided among them.
        checkpoint_every: Seconds between two checkpoints.
        cloud_drive: The runs lie on a mounted Google Drive or OneDrive, whose bin keeps what is deleted: overwrite
            checkpoints in place. A run remembers it.
        root: With --resume, where the folder of the images lies now. A run remembers it.
    """
    from podium.store import find_run
    from podium.workflows import run as workflow

    console = Console(quiet=quiet)
    settings = machine.as_settings(
        max_bad=max_bad, checkpoint_every=checkpoint_every, cloud_drive=cloud_drive, processes=processes
    )
    if resume is not None:
        given = {
            "the data": data is not None,
            "--name": name is not None,
            "options of the data": reading != ScanFlags(),
            "options of the folds": folds != FoldFlags(),
        }
        _refuse_beside_resume([what for what, is_given in given.items() if is_given])
        if recipe is None and preset is None:  # what is left out is as the run has it
            recipe = find_run(machine.runs, resume).recipe_file
    wanted = workflow.compose_recipe(preset or "baseline", file=recipe, overrides=set_, metric=metric, seed=seed)
    if resume is not None:
        done = workflow.resume(
            resume,
            recipe=wanted,
            only_folds=only_folds,
            root=root,
            settings=settings,
            progress=console,
        )
    elif root is not None:
        raise UsageError("--root says where the images of a run lie now.", fix="Give it with --resume.")
    elif data is None:
        raise UsageError("no data named.", fix="podium train FOLDER, or podium train --resume last.")
    else:
        done = workflow.train(
            data,
            recipe=wanted,
            folds=folds.as_options() if folds != FoldFlags() else None,
            only_folds=only_folds or None,
            options=reading.as_options() if reading != ScanFlags() else None,
            name=name,
            settings=settings,
            progress=console,
        )
    show_run(done, as_json=json)
    return 0


def _refuse_beside_resume(given: list[str]) -> None:
    if given:
        raise UsageError(
            "--resume takes data, folds and name from the run folder.", fix=f"Leave {' and '.join(given)} out."
        )


def show_run(run: Run, *, as_json: bool) -> None:
    """Print a finished run: its scores, where its report is, and what to try next."""
    from podium.report import print_summary

    left = run.folder.folds_left()
    if as_json:
        scores = None if left else run.scores.to_dict()
        print_json({"run": run.name, "folder": str(run.folder.path), "folds_left": left, "scores": scores})
        return
    if left:
        folds = f"fold{'s' if len(left) > 1 else ''} {', '.join(map(str, left))}"
        print_lines(f"run      {run.folder.path}", f"left     {folds}: scores come when the last is trained")
        print_lines(f"next     podium train --resume {run.name}")
        return
    print_summary(run.scores)
    print_lines("", f"run      {run.folder.path}", f"report   {run.folder.report_file}")
    print_lines("next     podium predict " + run.name + " FOLDER_OF_TEST_IMAGES")
