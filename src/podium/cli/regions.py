"""podium regions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, OUTPUT, MachineFlags, OutputFlags, ScanFlags
from podium.columns import align_columns
from podium.listing import count_of

if TYPE_CHECKING:
    from podium.workflows.find_regions import FoundRegions

__all__ = ["regions"]


def regions(
    data: Annotated[Path, Parameter(group=DATA)],
    *,
    detect: Annotated[tuple[str, ...], Parameter(group=DATA, consume_multiple=True, negative="")] = (),
    region: Annotated[tuple[str, ...], Parameter(group=DATA, consume_multiple=True, negative="")] = ("face",),
    pad: Annotated[tuple[float, ...], Parameter(group=DATA, consume_multiple=True, negative="")] = (0.0,),
    out: Annotated[Path | None, Parameter(group=OUTPUT)] = None,
    sheet: Annotated[Path | None, Parameter(group=OUTPUT)] = None,
    n: Annotated[int, Parameter(group=OUTPUT, name=["--n", "-n"])] = 24,
    reading: ScanFlags = ScanFlags(),  # noqa: B008 - frozen values
    machine: MachineFlags = MachineFlags(),  # noqa: B008
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Find the box of a region, such as the face, in every image: by a chain of detectors, of which the first that
    finds one counts. Writes a table of boxes, which --regions takes, and a sheet of images with their boxes.

    Example: podium regions data/train --detect retinaface,mtcnn,centre --region face --pad 20 --out boxes.csv

    Args:
        data: Folder of images, or a table beside them.
        detect: Detectors in the order in which they are asked: retinaface, mtcnn (pip install "podium[face]"), centre,
            centre:0.6, fixed:X0:Y0:X1:Y1, or your own by name. Boxes of --regions come before all.
        region: Regions to write: face, upper_face, face_and_clothes, or a name of your own.
        pad: Room around the boxes: below 1 a fraction of the box, from 1 on pixels; or four: left, top, right, bottom.
        out: Table to write, .csv or .parquet.
        sheet: Picture to write, .png (default: beside --out).
        n: Images on the sheet.
    """
    from dataclasses import replace

    from podium.workflows.find_regions import find_regions

    options = None if reading == ScanFlags() else reading.as_options()
    if options is not None and options.labels is None:
        options = replace(options, unlabelled=True)
    found = find_regions(
        data,
        detect=detect,
        region=region,
        pad=pad[0] if len(pad) == 1 else pad,
        out=out,
        sheet=sheet,
        n=n,
        options=options,
        settings=machine.as_settings(),
        progress=Console(quiet=output.quiet),
    )
    if output.json:
        print_json(found.to_dict())
        return 0
    _show(found, data, out, region[0])
    return 0


def _show(found: FoundRegions, data: Path, out: Path | None, region: str) -> None:
    print_lines(f"{count_of(len(found.samples), 'image')}{f', asked: {found.chain}' if found.chain else ''}")
    n_all = max(1, len(found.samples))
    rows = [
        [name, source, f"{n:,}", f"{n / n_all:.1%}"]
        for name, sources in found.counts.items()
        for source, n in sources.items()
    ]
    print_lines(*align_columns(("region", "found by", "images", "share"), rows, left=2))
    for path in found.files:
        print_lines(f"written  {path}")
    if out is not None:
        print_lines(f"next     podium train {data} --regions {out} --set image.region={region}")
