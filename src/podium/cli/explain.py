"""podium explain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.choices import MapMethod
from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, OUTPUT, RUN, MachineFlags, OutputFlags
from podium.columns import align_columns
from podium.listing import count_of

if TYPE_CHECKING:
    from podium.explain.explanation import Explanation, HeadMaps

__all__ = ["explain"]


def explain(
    run: Annotated[str, Parameter(group=RUN)] = "last",
    *,
    images: Annotated[tuple[Path, ...], Parameter(group=DATA, consume_multiple=True, negative="")] = (),
    heads: Annotated[
        tuple[str, ...], Parameter(group=RUN, consume_multiple=True, negative="", name=["--heads", "--head"])
    ] = (),
    classes: Annotated[
        tuple[str, ...], Parameter(group=RUN, consume_multiple=True, negative="", name=["--classes", "--class"])
    ] = (),
    method: Annotated[MapMethod | None, Parameter(group=RUN)] = None,
    n: Annotated[int, Parameter(group=OUTPUT, name=["--n", "-n"])] = 25,
    curves: Annotated[int, Parameter(group=OUTPUT)] = 16,
    region: Annotated[str | None, Parameter(group=DATA)] = None,
    regions: Annotated[Path | None, Parameter(group=DATA)] = None,
    out: Annotated[Path | None, Parameter(group=OUTPUT)] = None,
    machine: MachineFlags = MachineFlags(),  # noqa: B008 - frozen values
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Draw what the answers depend on: a sheet of 5 x 5 images a class with maps over them, titled label-prediction
    (O) or (X). Each of the run's images is explained by the model that did not learn it.

    Example: podium explain last --class wear none

    Args:
        run: A run's name, folder, or "last".
        images: Explain other images, files or folders, by the mean over the folds' models.
        heads: Heads to explain (default: the main target, or all heads where that is no head).
        classes: Classes to explain, a sheet each (default: each image's own answer).
        method: How maps are made; rollout is for vision transformers (default: gradcam, or hirescam where heads read
            the standard deviation over places).
        n: Images a sheet.
        curves: Images whose deletion and insertion curves are measured, against maps of chance.
        region: Region whose boxes are compared with the maps (default: the first that there is).
        regions: Table of boxes for a run that has none; podium regions writes one.
        out: Folder of the sheets (default: explanation in the run folder, which the report shows; explained-images
            for other images).
    """
    from podium.workflows.run import Run, load_run

    found = Run(load_run(run, runs=machine.runs).folder, machine.as_settings())
    made = found.explain(
        images,
        heads=heads,
        classes=classes,
        method=method,
        n=n,
        curves=curves,
        region=region,
        regions=regions,
        progress=Console(quiet=output.quiet),
    )
    own = found.folder.explanation_folder
    chosen = out or (own.with_name("explained-images") if images else own)
    files = made.save(chosen)
    if chosen == own:
        found.report()
    if output.json:
        print_json(made.to_dict() | {"files": list(map(str, files))})
        return 0
    _show(made, chosen, report=found.folder.report_file if chosen == own else None)
    return 0


def _show(made: Explanation, folder: Path, report: Path | None) -> None:
    for one in made.heads:
        rows, columns = one.grid
        print_lines(
            f"{one.head}: {count_of(len(one.shown), 'map')} by {one.method}, {_layers(one)} ({rows} x {columns})"
        )
        _show_numbers(one, made.region)
    print_lines(f"sheets   {folder}")
    if report is not None:
        print_lines(f"report   {report}")


def _layers(one: HeadMaps) -> str:
    if len(one.layers) == 1:
        return f"layer {one.layers[0]}"
    return f"{count_of(len(one.layers), 'layer')}, {one.layers[0]} to {one.layers[-1]}"


def _show_numbers(one: HeadMaps, region: str) -> None:
    if one.energy:
        lines = [
            [
                line.name or "all",
                *_cells(line.n_right, line.right, line.right_range),
                *_cells(line.n_wrong, line.wrong, line.wrong_range),
                f"{line.area:.1%}",
                f"{line.gain:+.1%}{_range(line.gain_range, '+.1%')}",
            ]
            for line in one.energy
        ]
        header = ("class", "right", "n", "wrong", "n", "of the image", "more than that")
        print_lines(f"share of the maps inside {region}", *align_columns(header, lines, left=1))
    if one.removal is not None:
        areas = one.removal.areas
        for name, better in (("deletion", "lower"), ("insertion", "higher")):
            gain, low, high = one.removal.gains[name]
            print_lines(
                f"{name} {areas[name]:.3f} (chance {areas[f'random_{name}']:.3f}, {better} is better):"
                f" better by {gain:+.3f} ({low:+.3f} to {high:+.3f}), n={one.removal.n}"
            )


def _cells(n: int, value: float | None, bounds: tuple[float, float] | None) -> tuple[str, str]:
    return ("-" if value is None else f"{value:.1%}{_range(bounds, '.1%')}"), f"{n:,}"


def _range(bounds: tuple[float, float] | None, how: str) -> str:
    return "" if bounds is None else f" [{bounds[0]:{how}}, {bounds[1]:{how}}]"
