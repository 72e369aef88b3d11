"""podium preview."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.choices import Policy
from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, MACHINE, OUTPUT, RECIPE, ExtraFlags, OutputFlags, ScanFlags

__all__ = ["preview"]


def preview(
    recipe: Annotated[str, Parameter(group=RECIPE)],
    data: Annotated[tuple[Path, ...], Parameter(group=DATA, consume_multiple=True, negative="")],
    *,
    out: Annotated[Path, Parameter(group=OUTPUT)] = Path("preview.png"),
    images: Annotated[int, Parameter(group=OUTPUT)] = 6,
    versions: Annotated[int, Parameter(group=OUTPUT)] = 5,
    overrides: Annotated[
        tuple[str, ...], Parameter(name=["--set", "-s"], group=RECIPE, consume_multiple=True, negative="")
    ] = (),
    augment: Annotated[Policy | None, Parameter(group=RECIPE)] = None,
    reading: ScanFlags = ScanFlags(),  # noqa: B008 - frozen values
    more: ExtraFlags = ExtraFlags(),  # noqa: B008
    runs: Annotated[Path, Parameter(group=MACHINE)] = Path("runs"),
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Draw a sheet of what training will see: some images, and what the recipe makes of each in a few epochs.

    Example: podium preview quick data/train --augment strong --out sheet.png

    Args:
        recipe: A preset, a recipe file, or a run by its name, its folder, or "last".
        data: Folder of images, a table beside them, or a folder that `podium scan --out` or `podium split --out` wrote.
        out: File of the sheet, PNG. An older sheet is replaced, no other file.
        images: Images to show, of all classes in turn.
        versions: Augmented versions of each, one an epoch. A frozen backbone trains on its cached views instead.
        overrides: Recipe keys to change: --set augmentations.0.scale=[0.5,1].
        augment: Policy of augmentations; short for --set augmentations=NAME.
        runs: Folder of all runs.
    """
    from podium.workflows.preview import check_sheet_file
    from podium.workflows.preview import preview as make_preview
    from podium.workflows.recipes import find_recipe

    check_sheet_file(out)
    lines = (*(() if augment is None else (f"augmentations={augment}",)), *overrides)
    made = make_preview(
        data,
        recipe=find_recipe(recipe, overrides=lines, runs=runs),
        images=images,
        versions=versions,
        options=reading.as_options() if reading != ScanFlags() else None,
        **more.as_arguments(),
        progress=Console(quiet=output.quiet),
    )
    made.save(out)
    if output.json:
        print_json(made.to_dict() | {"out": str(out)})
        return 0
    print_lines(str(made.overview()), f"written to {out}")
    return 0
