"""podium events."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.console import print_json, print_lines
from podium.cli.flags import DATA, OUTPUT, ResultFlags
from podium.columns import align_columns
from podium.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["events"]

_HEADER = ("run", "tag", "rows", "last step", "last value", "lowest", "highest")


def events(
    folder: Annotated[Path, Parameter(group=DATA)],
    *,
    out: Annotated[Path | None, Parameter(group=OUTPUT)] = None,
    output: ResultFlags = ResultFlags(),  # noqa: B008 - a frozen value
) -> int:
    """Read TensorBoard event files, of whatever program: every scalar, as a table.

    Example: podium events logs --out scalars.csv

    Args:
        folder: The folder that TensorBoard is given as logdir, or one event file.
        out: File for all rows, .csv or .parquet: run, tag, step, wall_time, value.
    """
    from podium.trackers.read_events import read_events
    from podium.trackers.save_events import save_events

    if out is not None and out.suffix.lower() not in (".csv", ".parquet"):
        raise UsageError("a table is a .csv or a .parquet.", where=out, fix="Change the ending of the name.")
    table = read_events(folder)
    if out is not None:
        save_events(table, out)
    found = list(table.groupby(["run", "tag"], sort=True))
    if output.json:
        tags = [{"run": run, "tag": tag} | _facts(rows) for (run, tag), rows in found]
        print_json({"folder": str(folder), "rows": len(table), "tags": tags, "out": None if out is None else str(out)})
        return 0
    cells = [
        [*map(str, (run, tag, len(rows), rows["step"].iloc[-1]))]
        + [f"{value:.6g}" for value in (rows["value"].iloc[-1], rows["value"].min(), rows["value"].max())]
        for (run, tag), rows in found
    ]
    print_lines(*(align_columns(_HEADER, cells, left=2) if cells else ["no scalars, only pictures or texts"]))
    if out is not None:
        print_lines(f"written to {out}")
    return 0


def _facts(rows: pd.DataFrame) -> dict[str, object]:
    numbers = {"last_value": rows["value"].iloc[-1], "lowest": rows["value"].min(), "highest": rows["value"].max()}
    finite = {name: float(value) if math.isfinite(value) else None for name, value in numbers.items()}
    return {"rows": len(rows), "last_step": int(rows["step"].iloc[-1]), **finite}
