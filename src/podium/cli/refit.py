"""podium refit."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import MACHINE, OUTPUT, RUN, MachineFlags, Many, OutputFlags
from podium.cli.spelling import next_command

__all__ = ["refit"]


def refit(
    run: Annotated[str, Parameter(group=RUN)],
    *,
    machine: MachineFlags = MachineFlags(),  # noqa: B008 - frozen values
    checkpoint_seconds: Annotated[float, Parameter(group=MACHINE)] = 60.0,
    track: Annotated[tuple[str, ...], Many, Parameter(group=OUTPUT)] = (),
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Train one model on all images but the holdout's, by a finished run's recipe and for as long as its folds chose.
    The same command goes on where it was stopped. No score changes, and the new model has none of its own.

    Example: podium refit last

    Args:
        run: A run's name, folder, or "last".
        checkpoint_seconds: Seconds between two checkpoints.
        track: Trackers to tell, besides those the run was trained with: tensorboard, wandb, mlflow; none tells none.
    """
    from podium.store.refit_record import read_refit, refit_words
    from podium.workflows.run import Run, load_run

    settings = machine.as_settings(checkpoint_seconds=checkpoint_seconds)
    found = Run(load_run(run, runs=machine.runs).folder, settings)
    found.refit(progress=Console(quiet=output.quiet), track=track)
    record = read_refit(found.folder, finished=True)
    assert record is not None, "the refit is finished"
    if output.json:
        print_json({"run": found.name, "folder": str(found.folder.refit_file.parent), **record.to_dict()})
        return 0
    print_lines(f"refit    {refit_words(record)}", f"folder   {found.folder.refit_file.parent}")
    words = ("predict", found.name, "FOLDER_OF_TEST_IMAGES", "--models", "refit")
    print_lines(f"next     {next_command(*words, runs=machine.runs)}")
    return 0
