"""podium evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, OUTPUT, RUN, MachineFlags, OutputFlags, ScanFlags
from podium.errors import UsageError

__all__ = ["evaluate"]


def evaluate(
    run: Annotated[str, Parameter(group=RUN)],
    data: Annotated[Path | None, Parameter(group=DATA)] = None,
    *,
    holdout: Annotated[bool, Parameter(group=RUN, negative="")] = False,
    again: Annotated[bool, Parameter(group=RUN, negative="")] = False,
    reading: ScanFlags = ScanFlags(),  # noqa: B008 - frozen values
    rows: Annotated[Path | None, Parameter(group=DATA)] = None,
    tta: Annotated[tuple[str, ...] | None, Parameter(group=RUN, consume_multiple=True, negative="")] = None,
    name: Annotated[str, Parameter(group=OUTPUT)] = "evaluation",
    machine: MachineFlags = MachineFlags(),  # noqa: B008
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Score a finished run on its holdout, or on labelled images from elsewhere, with intervals. Every look is logged
    in the run folder and shown in the report.

    Example: podium evaluate last data/test --labels test.csv

    Args:
        run: A run's name, folder, or "last".
        data: Folder of labelled images, or a table beside them.
        holdout: Score the run's holdout, which no model has seen. A second look with the same models is refused.
        again: With --holdout: look once more; it is counted, and the report says so.
        rows: Table of the images, for an ensemble that looks at columns of it.
        tta: Views for test-time augmentation, averaged with the plain one: hflip, vflip, rot90, rot180, rot270,
            center-0.8, five-0.8, scale-0.9, tiles-2x2, and several joined by "+"; none for the plain one alone
            (default: auto, those that podium tta chose, else the recipe's).
        name: Name of the prediction files.
    """
    from podium.report import print_summary
    from podium.workflows.run import Run, load_run

    if holdout == (data is not None):
        raise UsageError(
            "name either --holdout or a folder of labelled images.",
            fix="Write podium evaluate RUN --holdout, or podium evaluate RUN FOLDER --labels TABLE.",
        )
    if again and not holdout:
        raise UsageError("--again is for --holdout: other images may be scored as often as you like.")
    found = Run(load_run(run, runs=machine.runs).folder, machine.as_settings())
    console = Console(quiet=output.quiet)
    if data is None:
        scores = found.evaluate_holdout(again=again, tta=tta, rows=rows, progress=console)
    else:
        options = reading.as_options() if reading != ScanFlags() else None
        scores = found.evaluate(data, options=options, name=name, tta=tta, rows=rows, progress=console)
    if output.json:
        print_json({"run": found.name, "file": str(found.folder.evaluations_file), "scores": scores.to_dict()})
        return 0
    print_summary(scores)
    print_lines("", f"logged   {found.folder.evaluations_file}", f"report   {found.folder.report_file}")
    return 0
