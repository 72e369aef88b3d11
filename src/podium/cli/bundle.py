"""podium bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import MACHINE, OUTPUT, RUN, OutputFlags, Switch
from podium.listing import count_of

__all__ = ["bundle"]


def bundle(
    run: Annotated[str, Parameter(group=RUN)],
    *,
    to: Annotated[Path, Parameter(group=OUTPUT)],
    with_images: Annotated[Switch, Parameter(group=OUTPUT)] = False,
    runs: Annotated[Path, Parameter(group=MACHINE)] = Path("runs"),
    output: OutputFlags = OutputFlags(),  # noqa: B008 - frozen values
) -> int:
    """Write a finished run as one folder that makes its last submission again somewhere else and compares it: exact
    versions, a wheel of Podium, Dockerfiles for CPU and CUDA, weights, recipe, folds, decisions, and rerun.sh.

    Example: podium bundle last --to handed-over

    Args:
        run: A run's name, folder, or "last".
        to: A new or empty folder.
        with_images: Put the test images into it too; mind their licence and size.
        runs: Folder of all runs.
    """
    from podium.workflows.run import load_run

    found = load_run(run, runs=runs)
    made = found.bundle(to, with_images=with_images, progress=Console(quiet=output.quiet))
    if output.json:
        print_json({"run": found.name, **made.to_dict()})
        return 0
    record = made.record
    what = "the submission" if record.submission is not None else f"the predictions {record.prediction['name']!r}"
    images = "with" if record.has_images else "without"
    print_lines(
        f"bundled  {made.folder}: {count_of(len(record.files), 'file')}, {made.n_bytes / 1e6:.1f} MB",
        f"makes    {what} of {count_of(record.n_images, 'image')} again, {images} these images",
        f"next     sh {made.folder}/rerun.sh{'' if record.has_images else ' FOLDER_OF_IMAGES'}",
    )
    return 0
