"""podium split."""

from __future__ import annotations

from pathlib import Path

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import FoldFlags, Json, MachineFlags, Quiet, ScanFlags

__all__ = ["split"]


def split(
    source: Path,
    *,
    out: Path,
    max_bad: float = 0.01,
    data: ScanFlags = ScanFlags(),  # noqa: B008 - frozen values
    folds: FoldFlags = FoldFlags(),  # noqa: B008
    machine: MachineFlags = MachineFlags(),  # noqa: B008
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Make folds that do not leak, check them, and freeze them in a folder.

    Example: podium split data/train --group patient --folds 5 --out data/folds

    Args:
        source: Folder of images, a table beside them, or a folder that `podium scan --out` wrote.
        max_bad: Largest fraction of images that may be impossible to decode.
        out: Folder for samples.csv and folds.csv; `podium train --folds-from` takes it.
    """
    from podium.dataset import read_source
    from podium.workflows.split import split_samples

    console = Console(quiet=quiet)
    found = read_source(source, data.as_options() if data != ScanFlags() else None)
    for note in found.notes:
        console.note(note)
    result = split_samples(found, folds.as_options(), machine.as_settings(max_bad=max_bad), out, console)
    if json:
        print_json(result.to_dict() | {"out": str(out)})
        return 0
    print_lines(*result.lines(), f"written to {out / 'folds.csv'}", f"next     podium train {out} --folds-from {out}")
    return 0
