"""podium predict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import Json, MachineFlags, Many, Quiet

__all__ = ["predict"]


def predict(
    run: str,
    source: Path,
    *,
    rows: Path | None = None,
    image_column: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    header: Annotated[bool, Parameter(negative="--no-header")] = True,
    name: str = "test",
    tta: Annotated[tuple[str, ...] | None, Many] = None,
    machine: MachineFlags = MachineFlags(),  # noqa: B008 - a frozen value
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Predict new images with every finished fold of a run; the mean and each fold's are kept in the run folder.

    Example: podium predict last data/test --tta hflip

    Args:
        run: A run's name, folder, or "last".
        source: Folder of images, or a table (CSV, TSV, JSON Lines, Parquet) whose rows name images beside it.
        rows: Table whose rows name the images of the folder to predict; all of them when left out.
        image_column: Column of the table that names the image.
        delimiter: Character between two cells of the table.
        encoding: Encoding of the table, such as cp949.
        header: Whether the first row of the table names the columns; else they are named by number.
        name: Name of the prediction files.
        tta: Views averaged besides the plain one: hflip, vflip, rot90, rot180, rot270; the recipe's when left out.
    """
    from podium.workflows.run import Run, load_run

    settings = machine.as_settings()
    found = Run(load_run(run, runs=machine.runs).folder, settings)
    predictions = found.predict(
        source,
        rows=rows,
        image_column=image_column,
        delimiter=delimiter,
        encoding=encoding,
        header=header,
        name=name,
        tta=tta,  # type: ignore[arg-type]
        progress=Console(quiet=quiet),
    )
    path = found.folder.predictions_file(name)
    if json:
        print_json({"run": found.name, "n_images": len(predictions), "file": str(path)})
        return 0
    print_lines(f"{len(predictions):,} images predicted", f"file     {path}")
    option = "" if name == "test" else f" --name {name}"
    print_lines(f"next     podium submit {found.name} SAMPLE_SUBMISSION.csv{option}")
    return 0
