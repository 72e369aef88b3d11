"""What `podium regions` does: boxes of a region in every image, as a table and a sheet to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from podium import durable
from podium.arguments import strict_arguments
from podium.curate import ScanOptions
from podium.dataset import Source, read_source
from podium.errors import UsageError
from podium.images import Limits
from podium.listing import count_of, list_some, part_of
from podium.machine import Caution, Progress, Settings, default_progress, say_while_waiting
from podium.overview import Overview, Shown
from podium.regions import Chain, Padding, read_chain
from podium.regions.box_file import check_box_file, save_boxes
from podium.regions.crop_boxes import boxes_of, crop_boxes
from podium.regions.padding import read_padding
from podium.regions.search import find_boxes
from podium.report.box_sheet import COLOURS, draw_box_sheet, rows_in_turn
from podium.report.own_png import is_own_png
from podium.stopping import listen_for_stop
from podium.tables import UNREADABLE, Boxes, Samples, no_boxes

__all__ = ["FoundRegions", "find_regions"]

_SHOWN = 24


@dataclass(frozen=True, eq=False, repr=False)
class FoundRegions(Shown):
    """Boxes that were found.

    Args:
        samples: The images, with these boxes; `podium.train` takes them.
        chain: The links that were asked; "" where the table had all.
        pad: The room that the boxes have.
        files: What was written.
    """

    samples: Samples
    chain: str
    pad: Padding
    files: tuple[Path, ...] = ()

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Images by region and source."""
        return {region: boxes.counts() for region, boxes in self.samples.boxes.items()}

    def overview(self) -> Overview:
        """Who found how many."""
        rows = [(region, source, n) for region, found in self.counts.items() for source, n in found.items()]
        facts = [count_of(len(self.samples), "image"), self.chain]
        return Overview(
            "FoundRegions", [fact for fact in facts if fact], ["region", "source", "images"], rows, len(rows)
        )

    def to_dict(self) -> dict[str, Any]:
        """Facts as plain data."""
        return {
            "n_images": len(self.samples),
            "chain": self.chain,
            "pad": self.pad,
            "counts": self.counts,
            "files": list(map(str, self.files)),
        }


@strict_arguments()
def find_regions(
    data: Source,
    *,
    detect: str | Sequence[str] = (),
    region: str | Sequence[str] = "face",
    pad: Padding | Sequence[float] = 0.0,
    out: str | Path | None = None,
    sheet: str | Path | None = None,
    n: int = _SHOWN,
    options: ScanOptions | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> FoundRegions:
    """Boxes of a region in every image: those of a table, else of the first detector of a chain that finds one.

    Each image is looked at once; what was found is kept in the cache.

    Args:
        data: A folder of images, a table, or samples; labels are not needed.
        detect: The chain: "retinaface,mtcnn,centre". See `podium.regions.read_chain`.
        region: A region, or several: face, upper_face, face_and_clothes, or a name of your own, whose box is what the
            detector finds.
        pad: Room around the boxes, inside the picture: below 1 a fraction of a box's side, from 1 on pixels; or four,
            (left, top, right, bottom). The table then holds boxes with this room.
        out: Table to write, .csv or .parquet.
        sheet: Picture (.png) of images with their boxes; None writes it beside `out`.
        n: Images on the sheet; every source is shown.
        options: How to read the data; `ScanOptions(regions=FILE)` gives boxes that come before the chain.
        settings: Folders and threads.
        progress: Receives progress, counts, and images without a box.

    Raises:
        UsageError: If a detector is missing, or a file may not be written.
        SourceError: If there are no images, or a box lies outside of its image.
        Stopped: If a signal asked for it; the same call goes on.
    """
    settings, progress = settings or Settings(), progress or default_progress()
    table, picture = _out_files(out, sheet)
    room = read_padding(list(pad) if isinstance(pad, Sequence) else pad)
    names = [region] if isinstance(region, str) else list(region)
    chain = read_chain(detect) if detect else None
    if chain is not None:
        chain.check()
    found = read_source(data, options or ScanOptions(unlabelled=True) if _is_path(data) else options)
    for note in found.notes:
        progress.note(note)
    samples = _look(found.samples, names, chain, settings, progress)
    made = {name: _boxes_as_asked(samples, name, room) for name in names}
    result = replace(samples, boxes=made)
    files = []
    if table is not None:
        save_boxes(table, result, made)
        files.append(table)
    if picture is not None and n > 0:
        rows = rows_in_turn(made[names[0]].source.tolist(), n)
        drawn = [f"{name} {colour}" for name, colour in zip(names, COLOURS, strict=False)]
        title = f"{', '.join(drawn if len(names) > 1 else names)}{'' if chain is None else f' by {chain}'}"
        durable.write_bytes(picture, draw_box_sheet(title, result, made, rows, Limits()))
        files.append(picture)
    return FoundRegions(result, "" if chain is None else str(chain), room, tuple(files))


def _is_path(data: Source) -> bool:
    is_path = isinstance(data, str | Path)
    return is_path and not (Path(data).expanduser() / "samples.json").is_file()  # type: ignore[arg-type]


def _out_files(out: str | Path | None, sheet: str | Path | None) -> tuple[Path | None, Path | None]:
    table = None if out is None else Path(out).expanduser()
    picture = None if sheet is None else Path(sheet).expanduser()
    if table is not None:
        check_box_file(table)
        picture = picture or table.with_suffix(".png")
    if picture is not None:
        durable.check_regular(picture)
        if picture.suffix.lower() != ".png":
            raise UsageError(f"the sheet is a .png, not {picture.suffix!r}.", where=picture, field="sheet")
        if picture.exists() and not is_own_png(durable.read_bytes(picture)):
            raise UsageError(
                "this file exists, and Podium did not draw it.", where=picture, fix="Choose another file for the sheet."
            )
    return table, picture


def _look(
    samples: Samples, names: Sequence[str], chain: Chain | None, settings: Settings, progress: Progress
) -> Samples:
    """The samples with boxes of all bases, as far as table and chain have them."""
    for name in names:
        base, boxes = boxes_of(samples, name)
        boxes = no_boxes(len(samples)) if boxes is None else boxes
        rows = np.flatnonzero(~boxes.is_there & (boxes.source != UNREADABLE))
        if len(rows) and chain is None:
            raise UsageError(
                f"{part_of(len(rows), len(samples), 'image', 'has', 'have')} no box of {base}.",
                field="detect",
                fix="Name detectors, such as retinaface,mtcnn,centre, or a table that has all.",
            )
        if len(rows) and chain is not None:
            boxes = boxes.put(rows, _ask(samples.take(rows), base, chain, settings, progress))
        samples = replace(samples, boxes={**samples.boxes, base: boxes})
        left = samples.ids[~boxes.is_there].tolist()
        if left:
            few = list_some(left, most=3)
            progress.note(
                Caution(f"{part_of(len(left), len(samples), 'image', 'has', 'have')} no box of {base}: {few}.")
            )
    return samples


def _ask(samples: Samples, base: str, chain: Chain, settings: Settings, progress: Progress) -> Boxes:
    with listen_for_stop() as stop, progress.stage(f"look for {base} by {chain}", len(samples)) as update:

        def report(done: int, _total: int) -> None:
            update(done)
            stop.check()

        found = find_boxes(
            samples,
            chain,
            settings.cache_folder,
            n_threads=settings.n_threads * settings.processes,
            on_progress=report,
            while_waiting=say_while_waiting("the boxes", progress, stop),
            announce=progress.note,
        )
        update(len(samples))
    return found


def _boxes_as_asked(samples: Samples, region: str, pad: Padding) -> Boxes:
    """Boxes of a region with room around them."""
    _, boxes = boxes_of(samples, region)
    assert boxes is not None, "every base was looked for"
    crops = crop_boxes(samples, region, pad)
    corners = np.array([(0, 0, 0, 0) if box is None else box for box in crops], dtype=np.int64).reshape(-1, 4)
    return replace(boxes, corners=corners)
