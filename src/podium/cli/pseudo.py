"""podium pseudo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, OUTPUT, RUN, MachineFlags, OutputFlags
from podium.cli.spelling import next_command
from podium.listing import count_of

__all__ = ["pseudo"]


def pseudo(
    run: Annotated[str, Parameter(group=RUN)],
    data: Annotated[Path, Parameter(group=DATA)],
    *,
    out: Annotated[Path, Parameter(group=OUTPUT)],
    power: Annotated[float, Parameter(group=RUN)] = 1.0,
    least: Annotated[float, Parameter(group=RUN)] = 0.0,
    most_per_class: Annotated[int | None, Parameter(group=RUN)] = None,
    mean: Annotated[bool, Parameter(group=RUN, negative="")] = False,
    machine: MachineFlags = MachineFlags(),  # noqa: B008 - frozen values
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Label unlabelled images with a finished run. Another run learns the soft labels as extra data, which are never
    judged; compare both runs to see whether that helps.

    Example: podium pseudo last data/test --out data/pseudo --least 0.9

    Args:
        run: A run's name, folder, or "last".
        data: Folder of images, or a table whose rows name images beside it.
        out: New or empty folder for the table; podium train takes it with --extra pseudo=FOLDER:0.5.
        power: Exponent of the probabilities: 1 leaves them, 2 sharpens them.
        least: Least probability of the most probable class; of several labels, of yes or of no, each for itself. Less
            sure labels are left out.
        most_per_class: Images that keep a class, the surest (default: all).
        mean: Label by the mean of the folds' models. By default each fold's model labels for the same fold of the next
            run, so that no label comes from a model that knows those the fold is judged by.
    """
    from podium.workflows.run import Run, load_run

    found = Run(load_run(run, runs=machine.runs).folder, machine.as_settings())
    made = found.pseudo_labels(
        data,
        out,
        power=power,
        least=least,
        most_per_class=most_per_class,
        mean=mean,
        progress=Console(quiet=output.quiet),
    )
    n_images = len(set(made.paths.tolist()))
    if output.json:
        print_json({"run": found.name, "n_images": n_images, "n_rows": len(made), "out": str(out)})
        return 0
    print_lines(f"{count_of(n_images, 'image')} labelled", f"folder   {out}")
    words = ("--extra", f"pseudo={out}:0.5", "--folds-from", str(found.folder.path))
    print_lines(f"next     {next_command('train', 'DATA', *words, runs=machine.runs)}")
    return 0
