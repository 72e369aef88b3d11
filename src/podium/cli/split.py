"""podium split."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, OUTPUT, ExtraFlags, FoldFlags, MachineFlags, OutputFlags, ScanFlags

__all__ = ["split"]


def split(
    data: Annotated[tuple[Path, ...], Parameter(group=DATA, consume_multiple=True, negative="")],
    *,
    out: Annotated[Path, Parameter(group=OUTPUT)],
    max_bad_fraction: Annotated[float, Parameter(group=DATA)] = 0.01,
    reading: ScanFlags = ScanFlags(),  # noqa: B008 - frozen values
    more: ExtraFlags = ExtraFlags(),  # noqa: B008
    folds: FoldFlags = FoldFlags(),  # noqa: B008
    machine: MachineFlags = MachineFlags(),  # noqa: B008
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Make folds, check them for leaks, and write them into a folder.

    Example: podium split data/train --group patient --folds 5 --out data/folds

    Args:
        data: Folder of images, a table beside them, or a folder that `podium scan --out` wrote. Several are joined; the
            first is the main one.
        out: New or empty folder for the prepared data; `podium train` takes it and starts at once, with these folds.
        max_bad_fraction: Largest fraction of images that may fail to decode.
    """
    from podium import durable
    from podium.dataset.prepared import check_prepared_folder
    from podium.workflows.prepare import prepare
    from podium.workflows.split import SplitSummary

    console = Console(quiet=output.quiet)
    check_prepared_folder(out)
    durable.check_writable(out)
    prepared = prepare(
        data,
        folds=folds.as_options(),
        options=reading.as_options() if reading != ScanFlags() else None,
        **more.as_arguments(),
        settings=machine.as_settings(max_bad_fraction=max_bad_fraction),
        progress=console,
    )
    prepared.save(out)
    result = SplitSummary(prepared)
    if output.json:
        print_json(result.to_dict() | {"out": str(out)})
        return 0
    print_lines(*result.lines(), f"written to {out / 'folds.csv'}", f"next     podium train {out}")
    return 0
