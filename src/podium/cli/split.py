"""podium split."""

from __future__ import annotations

from pathlib import Path

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import FoldFlags, Json, MachineFlags, Quiet, ScanFlags

__all__ = ["split"]


def split(
    data: Path,
    *,
    out: Path,
    max_bad: float = 0.01,
    reading: ScanFlags = ScanFlags(),  # noqa: B008 - frozen values
    folds: FoldFlags = FoldFlags(),  # noqa: B008
    machine: MachineFlags = MachineFlags(),  # noqa: B008
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Make folds that do not leak, check them, and freeze them in a folder.

    Example: podium split data/train --group patient --folds 5 --out data/folds

    Args:
        data: Folder of images, a table beside them, or a folder that `podium scan --out` wrote.
        max_bad: Largest fraction of images that may be impossible to decode.
        out: Folder for the prepared data; `podium train` takes it and starts at once, with these folds.
    """
    from podium import durable
    from podium.workflows.prepare import prepare
    from podium.workflows.split import SplitSummary

    console = Console(quiet=quiet)
    durable.check_writable(out)
    prepared = prepare(
        data,
        folds=folds.as_options(),
        options=reading.as_options() if reading != ScanFlags() else None,
        settings=machine.as_settings(max_bad=max_bad),
        progress=console,
    )
    prepared.save(out)
    result = SplitSummary(prepared)
    if json:
        print_json(result.to_dict() | {"out": str(out)})
        return 0
    print_lines(*result.lines(), f"written to {out / 'folds.csv'}", f"next     podium train {out}")
    return 0
