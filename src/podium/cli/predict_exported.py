"""podium predict, asked of an exported model: no torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from podium.cli.console import Console, print_json, print_lines
from podium.cli.spelling import flag_of
from podium.errors import UsageError
from podium.listing import agree, count_of

if TYPE_CHECKING:
    from podium.cli.flags import MachineFlags, OutputFlags

__all__ = ["predict_exported"]

_UNUSABLE = 3


def predict_exported(
    model: Path,
    data: Path,
    out: Path | None,
    engine: str,
    machine: MachineFlags,
    output: OutputFlags,
    of_runs: Mapping[str, object],
    *,
    follow_links: bool,
) -> int:
    """Answers for a folder of images, as a table.

    Args:
        model: The folder that podium export wrote.
        data: Folder of images.
        out: The table.
        engine: What computes.
        machine: Its threads are those of the engine.
        output: What to print.
        of_runs: Options that only runs have; None where they were not given.
        follow_links: Whether to follow links to folders outside of `data`.
    """
    given = [flag_of(name) for name, value in of_runs.items() if value is not None]
    if given:
        raise UsageError(
            f"{', '.join(given)} {agree(len(given), 'is', 'are')} for runs, and {model} is an exported model.",
            fix=f"Leave {agree(len(given), 'it', 'them')} out.",
        )
    if out is None:
        raise UsageError(
            "an exported model keeps nothing, so name the table of its answers.",
            field="out",
            fix=f"Add {flag_of('out')} answers.parquet.",
        )
    from podium.deployed import load_model

    loaded = load_model(model, engine=engine, threads=machine.threads or 0)
    done = loaded.predict_files(data, out=out, follow_links=follow_links, progress=Console(quiet=output.quiet))
    if output.json:
        print_json({"model": str(model), "engine": loaded.engine, **done.to_dict()})
    else:
        kept = f", {done.n_kept:,} of them by an earlier start" if done.n_kept else ""
        print_lines(f"{count_of(done.n_images, 'image')} predicted in {loaded.engine}{kept}", f"file     {done.file}")
        if done.n_failed:
            print_lines(f"failed   {count_of(done.n_failed, 'image has', 'images have')} no answer; see decode_error:")
            print_lines(*(f"         {name}: {why}" for name, why in done.failures.items()))
    return _UNUSABLE if done.n_failed == done.n_images else 0
