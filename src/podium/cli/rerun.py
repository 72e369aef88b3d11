"""podium rerun."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, MACHINE, OUTPUT, OutputFlags, Switch
from podium.listing import count_of

__all__ = ["rerun"]


def rerun(
    bundle: Annotated[Path, Parameter(group=DATA)],
    images: Annotated[Path | None, Parameter(group=DATA)] = None,
    *,
    to: Annotated[Path, Parameter(group=OUTPUT)] = Path("rerun"),
    exact: Annotated[Switch, Parameter(group=OUTPUT)] = False,
    device: Annotated[str, Parameter(group=MACHINE)] = "auto",
    threads: Annotated[int | None, Parameter(group=MACHINE)] = None,
    output: OutputFlags = OutputFlags(),  # noqa: B008 - frozen values
) -> int:
    """Predict a bundle's test images again from its models, and compare the submission with the one that was written:
    to the byte, or on another CPU within the bundle's tolerance. Files and images are checked by digest first.

    Example: podium rerun handed-over data/test

    Args:
        bundle: Folder that podium bundle wrote.
        images: Folder of the test images (default: those in the bundle).
        to: A new or empty folder for submission.csv, predictions.parquet and rerun.json.
        exact: Fail unless it is equal to the byte.
        device: Device: auto, cpu, cuda, cuda:1, ... or mps (default: what computed before, where there is one).
        threads: CPU threads (default: as many as before; the number changes the last bits).
    """
    from podium.workflows.rerun import rerun as rerun_bundle

    found = rerun_bundle(
        bundle, images, to=to, exact=exact, device=device, threads=threads, progress=Console(quiet=output.quiet)
    )
    if output.json:
        print_json(found.to_dict())
        return 0
    compared = found.compared
    what = "predictions" if found.n_lines is None else "submission"
    verdict = (
        f"the {what} is equal to the byte" if found.n_lines is not None else "the predictions are equal to the bit"
    )
    if not found.same_bytes:
        verdict = f"the {what} agrees within the tolerance of {compared.tolerance:g}"
    print_lines(
        f"rerun    {verdict}",
        f"largest  difference of a probability {compared.largest:.1e}; {count_of(compared.n_other, 'other answer')}",
        *(f"other    {line}" for line in found.differences),
        f"folder   {found.folder}",
    )
    return 0
