"""podium map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, OUTPUT, RUN, MachineFlags, OutputFlags
from podium.columns import align_columns
from podium.listing import count_of

if TYPE_CHECKING:
    from podium.workflows.map_run import EmbeddingMap, LikeImage
    from podium.workflows.run import Run

__all__ = ["map"]


def map(
    run: Annotated[str, Parameter(group=RUN)] = "last",
    *,
    color: Annotated[
        tuple[str, ...], Parameter(group=OUTPUT, consume_multiple=True, negative="", name=["--color", "--colour"])
    ] = (),
    method: Annotated[Literal["pca", "umap"], Parameter(group=RUN)] = "pca",
    target: Annotated[str | None, Parameter(group=RUN)] = None,
    table: Annotated[Path | None, Parameter(group=DATA)] = None,
    seed: Annotated[int, Parameter(group=RUN)] = 0,
    like: Annotated[str | None, Parameter(group=DATA)] = None,
    n: Annotated[int, Parameter(group=OUTPUT, name=["--n", "-n"])] = 12,
    machine: MachineFlags = MachineFlags(),  # noqa: B008 - frozen values
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Draw the images in two dimensions by what the network makes of them, coloured by label, error, fold and columns;
    or find the images most like one. Each image is embedded by the model that did not learn it.

    Example: podium map last --color domain --method umap

    Args:
        run: A run's name, folder, or "last".
        color: Colour by these too: answer, a target, group, domain, bag, source, a column of numbers that labels come
            from, or a column of the table.
        method: Principal components (pca), or UMAP, which needs the extra "maps".
        target: What label and error are of (default: the main target).
        table: A table with a row an image, whose columns can be colours.
        seed: Seed of UMAP.
        like: Instead, find the images most like this one: an id of the run, or a file.
        n: How many of them.
    """
    from podium.workflows.run import Run, load_run

    found = Run(load_run(run, runs=machine.runs).folder, machine.as_settings())
    said = Console(quiet=output.quiet)
    if like is not None:
        _show_like(found, found.like(like, n=n, target=target, progress=said), as_json=output.json)
        return 0
    made = found.map(color=color, method=method, target=target, table=table, seed=seed, progress=said)
    if output.json:
        print_json(made.to_dict())
        return 0
    _show(found, made)
    return 0


def _show(run: Run, made: EmbeddingMap) -> None:
    how = "one frozen network" if made.is_frozen else "the model of its fold"
    print_lines(f"{count_of(len(made.ids), 'image')}, {count_of(made.n_features, 'feature')} each, by {how}")
    if made.projection.explained:
        first, second = made.projection.explained
        print_lines(f"pca      {first:.1%} and {second:.1%} of the variance lie along the axes")
    if made.fit:
        worst = min(made.fit.values())
        print_lines(f"folds    laid over the first one's, {worst:.1%} of the variance explained at the least")
    print_lines(f"colours  {', '.join(made.columns)}", f"map      {run.folder.map_folder}")
    print_lines(f"report   {run.folder.report_file}")


def _show_like(run: Run, found: list[LikeImage], *, as_json: bool) -> None:
    if as_json:
        print_json({"like": [one.__dict__ for one in found]})
        return
    rows = [[one.id, f"{one.similarity:.3f}", one.label, one.answer, str(one.fold)] for one in found]
    print_lines(*align_columns(("image", "similarity", "label", "answer", "fold"), rows, left=1))
    print_lines(f"sheet    {run.folder.map_folder / 'like.png'}")
