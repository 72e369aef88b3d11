"""podium export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.choices import Models, Precision
from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import OUTPUT, RUN, MachineFlags, OutputFlags
from podium.listing import count_of

if TYPE_CHECKING:
    from podium.workflows.export import Exported

__all__ = ["export"]


def export(
    run: Annotated[str, Parameter(group=RUN)],
    *,
    to: Annotated[Path, Parameter(group=OUTPUT)],
    models: Annotated[Models, Parameter(group=RUN)] = "folds",
    tta: Annotated[tuple[str, ...] | None, Parameter(group=RUN, consume_multiple=True, negative="")] = None,
    opset: Annotated[int | None, Parameter(group=OUTPUT)] = None,
    precision: Annotated[Precision, Parameter(group=OUTPUT)] = "fp32",
    machine: MachineFlags = MachineFlags(),  # noqa: B008 - frozen values
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Write a finished run as one folder that answers without torch: model.onnx takes uint8 images of any size and
    gives probabilities and answers as the run decides; model.json and card.md say what it is. It is compared with the
    run on images before anything is written.

    Example: podium export last --to deployed

    Args:
        run: A run's name, folder, or "last".
        to: A new or empty folder.
        models: Models that answer: the mean of the folds' models, or the one on all images that podium refit trained.
        tta: Views to average over with the plain one, such as hflip; none for the plain one alone (default: those that
            the run predicts with).
        opset: Version of ONNX's operators, 18 to 22 (default: 18).
        precision: Numbers of the graph: fp32; int8 for a third of the size; bf16 for OpenVINO on CPUs that have it.
            What int8 and bf16 change is measured out of fold and stands in the card.
    """
    from podium.workflows.run import Run, load_run

    found = Run(load_run(run, runs=machine.runs).folder, machine.as_settings())
    exported = found.export(
        to, models=models, tta=tta, opset=opset, precision=precision, progress=Console(quiet=output.quiet)
    )
    if output.json:
        print_json({"run": found.name, **exported.to_dict()})
        return 0
    print_lines(*_words(exported), f"next     podium predict {exported.folder} FOLDER_OF_IMAGES")
    return 0


def _words(exported: Exported) -> list[str]:
    checked = exported.checked
    lines = [
        f"exported {exported.folder}: {exported.record['model']['ships']}, {exported.n_bytes / 1e6:.1f} MB",
        f"checked  {checked.n_own} own and {count_of(checked.n_odd, 'odd image')} in {' and '.join(checked.engines)}",
        f"         largest difference of a probability {checked.same_pixels:.1e} from the same pixels,"
        f" {checked.predicted:.1e} beside the run",
    ]
    if checked.from_file is not None and checked.levels is not None:
        lines.append(f"         resized by the graph {checked.levels:.0f} of 255 levels, {checked.from_file:.1e}")
    for loss in exported.losses:
        lines.append(f"{exported.record['precision']:<8} {loss.words}")
    if checked.caution is not None:
        lines.append(f"note     {checked.caution}")
    return lines
