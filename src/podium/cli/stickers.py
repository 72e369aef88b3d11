"""podium stickers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, OUTPUT, MachineFlags, OutputFlags, ScanFlags
from podium.cli.words import read_pairs
from podium.listing import count_of

__all__ = ["stickers"]


def stickers(
    data: Annotated[Path, Parameter(group=DATA)],
    *,
    out: Annotated[Path, Parameter(group=OUTPUT)],
    sticker: Annotated[tuple[str, ...], Parameter(group=DATA, consume_multiple=True, negative="")] = ("surgical",),
    label: Annotated[tuple[str, ...], Parameter(group=DATA, consume_multiple=True, negative="")] = (),
    region: Annotated[str, Parameter(group=DATA)] = "lower_face",
    detect: Annotated[tuple[str, ...], Parameter(group=DATA, consume_multiple=True, negative="")] = (
        "retinaface",
        "mtcnn",
    ),
    copies: Annotated[int, Parameter(group=DATA)] = 1,
    jitter: Annotated[float, Parameter(group=DATA)] = 0.04,
    seed: Annotated[int, Parameter(group=DATA)] = 0,
    reading: ScanFlags = ScanFlags(),  # noqa: B008 - frozen values
    machine: MachineFlags = MachineFlags(),  # noqa: B008
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Paste a picture with alpha, such as a mask, onto every face, as new images with a table of labels, to train on as
    extra data. The originals stay as they are.

    Example: podium stickers faces --sticker mask.png --label mask=worn --out faces-masked

    Args:
        data: Folder of images, or a table beside them.
        out: New or empty folder for the images and labels.csv.
        sticker: PNG with alpha, or several of which each image gets one; or a mask that Podium draws: surgical, cloth.
        label: Labels that the sticker makes true: mask=worn.
        region: Where it goes: lower_face, eyes, face, or a region of the table --regions, whose box it fills.
        detect: Detectors of the face; images in which none finds one are left out.
        copies: Images made of each.
        jitter: Largest shift as a share of the face, change of size, and angle in radians.
        seed: Which sticker an image gets, and how it is moved.
    """
    from dataclasses import replace

    from podium.workflows.stickers import stickers as make_stickers

    options = None if reading == ScanFlags() else reading.as_options()
    if options is not None and not (options.labels or options.pattern or options.label_columns):
        options = replace(options, unlabelled=True)
    made = make_stickers(
        data,
        out,
        sticker=sticker,
        label=read_pairs("--label", label, "mask=worn"),
        region=region,
        detect=detect,
        copies=copies,
        jitter=jitter,
        seed=seed,
        options=options,
        settings=machine.as_settings(),
        progress=Console(quiet=output.quiet),
    )
    if output.json:
        print_json(made.to_dict())
        return 0
    listed = ", ".join(f"{name} {n:,}" for name, n in made.counts.items())
    print_lines(f"{count_of(made.n_images, 'image')} made: {listed}; {made.n_left_out:,} left out")
    print_lines(f"written  {made.table}", f"next     podium train DATA --extra stickers={made.table}")
    return 0
