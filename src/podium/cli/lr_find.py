"""podium lr-find."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import (
    DATA,
    OUTPUT,
    RECIPE,
    ExtraFlags,
    FoldFlags,
    MachineFlags,
    OutputFlags,
    RecipeFlags,
    ScanFlags,
)
from podium.columns import align_columns
from podium.listing import agree

__all__ = ["lr_find"]


def lr_find(
    data: Annotated[tuple[Path, ...], Parameter(group=DATA, consume_multiple=True, negative="")],
    *,
    lowest: Annotated[float, Parameter(group=RECIPE)] = 1e-6,
    highest: Annotated[float, Parameter(group=RECIPE)] = 1.0,
    steps: Annotated[int | None, Parameter(group=RECIPE)] = None,
    plot: Annotated[Path | None, Parameter(group=OUTPUT)] = None,
    reading: ScanFlags = ScanFlags(),  # noqa: B008 - frozen values
    more: ExtraFlags = ExtraFlags(),  # noqa: B008
    folds: FoldFlags = FoldFlags(),  # noqa: B008
    recipe: RecipeFlags = RecipeFlags(),  # noqa: B008
    machine: MachineFlags = MachineFlags(),  # noqa: B008
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Find a learning rate: train for at most 100 steps while it rises, and see where the loss falls.

    Nothing is written but the plot. Give the recipe that you want to train.

    Example: podium lr-find data/train --preset finetune --plot lr.svg

    Args:
        data: Folder of images, a table beside them, or a folder that `podium scan --out` or `podium split --out` wrote.
            Several are joined; the first is the main one.
        lowest: First learning rate.
        highest: Last learning rate. It ends earlier where the loss explodes.
        steps: Steps to take (default: those of an epoch, at least 30 and at most 100).
        plot: New file for the loss over the learning rate, .svg or .png.
    """
    from podium.training.suggested_rate import check_plot
    from podium.workflows.compose import compose_recipe
    from podium.workflows.lr_find import lr_find as find

    if plot is not None:
        check_plot(plot)
    wanted = compose_recipe(
        recipe.preset or "finetune",
        recipe=recipe.recipe,
        overrides=recipe.as_overrides(),
        metric=recipe.metric,
        seed=recipe.seed,
        hierarchy=recipe.hierarchy,
    )
    sweep = find(
        data,
        recipe=wanted,
        folds=folds.as_options() if folds != FoldFlags() else None,
        options=reading.as_options() if reading != ScanFlags() else None,
        **more.as_arguments(),
        lowest=lowest,
        highest=highest,
        steps=steps,
        settings=machine.as_settings(),
        progress=Console(quiet=output.quiet),
    )
    if plot is not None:
        sweep.plot(plot)
    if output.json:
        print_json(sweep.to_dict() | {"plot": None if plot is None else str(plot)})
        return 0
    seen = sweep.overview()
    rows = [[str(cell) for cell in row] for row in seen.rows]
    print_lines(*align_columns(list(map(str, seen.header)), rows, left=1))
    print_lines("", f"steps    {sweep.n_steps}, {sweep.epochs:.2g} {agree(sweep.epochs, 'epoch', 'epochs')}")
    if plot is not None:
        print_lines(f"plot     {plot}")
    if sweep.lr is None:
        print_lines("next     the loss never fell: look at the plot, or try other --lowest and --highest")
    else:
        print_lines(f"next     --lr {sweep.lr:g}   (or --set optimizer.lr={sweep.lr:g})")
    return 0
