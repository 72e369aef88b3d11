"""podium proxy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, OUTPUT, OutputFlags, ScanFlags

__all__ = ["proxy"]


def proxy(
    data: Annotated[tuple[Path, ...], Parameter(group=DATA, consume_multiple=True, negative="")],
    *,
    n: Annotated[int, Parameter(group=DATA)],
    out: Annotated[Path | None, Parameter(group=OUTPUT)] = None,
    seed: Annotated[int, Parameter(group=DATA)] = 0,
    folds: Annotated[int, Parameter(group=DATA)] = 5,
    test: Annotated[Path | None, Parameter(group=DATA)] = None,
    reading: ScanFlags = ScanFlags(),  # noqa: B008 - frozen values
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Draw a small part of the data that stands for all of it: whole groups, every label in its share.

    Example: podium proxy data/train --group patient --n 2000 --out small

    Args:
        data: Folder of images, a table beside them, or a folder that `podium scan --out` wrote. Several are joined; the
            first is the main one.
        n: Images wanted; whole groups may make it a few more or less.
        out: New or empty folder to write it into; every command takes it as its data.
        seed: Random seed of the draw.
        folds: Folds that it shall have: every class needs so many images.
        test: Labelled test set, to compare the shares of its classes too (default: the rows of the split "test").
    """
    from dataclasses import fields

    from podium.workflows.proxy import proxy as draw

    options = {} if reading == ScanFlags() else _given(reading, [item.name for item in fields(ScanFlags)])
    source = data[0] if len(data) == 1 else data
    made = draw(source, n, out=out, seed=seed, folds=folds, test=test, progress=Console(quiet=output.quiet), **options)
    if output.json:
        print_json(made.to_dict() | {"out": None if out is None else str(out)})
        return 0
    print_lines(*made.lines())
    if out is not None:
        print_lines(f"written to {out / 'samples.csv'}", f"next     podium train {out}")
    return 0


def _given(reading: ScanFlags, names: list[str]) -> dict[str, object]:
    """The options that were set."""
    from podium.curate import ScanOptions

    options, plain = reading.as_options(), ScanOptions()
    return {name: value for name in names if (value := getattr(options, name)) != getattr(plain, name)}
