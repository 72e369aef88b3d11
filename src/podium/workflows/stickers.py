"""What `podium stickers` does: new images with a sticker on every face, and a table of their labels."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.arguments import strict_arguments
from podium.curate import ScanOptions
from podium.dataset import Source, read_source
from podium.errors import UnknownNameError, UsageError
from podium.images import decode_file
from podium.listing import count_of, part_of
from podium.machine import Caution, Progress, Settings, default_progress
from podium.overview import Overview, Shown
from podium.regions import read_chain
from podium.regions.crop_boxes import boxes_of
from podium.regions.own_stickers import OWN_STICKERS, draw_mask
from podium.regions.sticker import PLACES, Sticker, fit_sticker, paste
from podium.stopping import listen_for_stop
from podium.tables import Samples, write_csv
from podium.workflows.find_regions import find_regions

__all__ = ["StickerImages", "stickers"]

MARK, TABLE, IMAGES = "stickers.json", "labels.csv", "images"


@dataclass(frozen=True, eq=False, repr=False)
class StickerImages(Shown):
    """Images that were made.

    Args:
        folder: Where they are, in `images/`.
        table: Their labels, which `extra` takes.
        n_images: How many.
        n_left_out: Images without a box, or that cannot be decoded.
        counts: How many have each sticker.
    """

    folder: Path
    table: Path
    n_images: int
    n_left_out: int
    counts: Mapping[str, int]

    def overview(self) -> Overview:
        """How many have each sticker."""
        rows = list(self.counts.items())
        return Overview("StickerImages", [count_of(self.n_images, "image")], ["sticker", "images"], rows, len(rows))

    def to_dict(self) -> dict[str, object]:
        """Facts as plain data."""
        return {
            "folder": str(self.folder),
            "table": str(self.table),
            "n_images": self.n_images,
            "n_left_out": self.n_left_out,
            "counts": dict(self.counts),
        }


@strict_arguments()
def stickers(
    data: Source,
    out: str | Path,
    *,
    sticker: str | Path | Sequence[str | Path] = "surgical",
    label: Mapping[str, str] | None = None,
    region: str = "lower_face",
    detect: str | Sequence[str] = "retinaface,mtcnn",
    copies: int = 1,
    jitter: float = 0.04,
    seed: int = 0,
    options: ScanOptions | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> StickerImages:
    """New images with a sticker on every face that is found, and a table of their labels. The originals stay.

    The sticker is fitted to the points of the face, so it turns and leans with it. Which sticker an image gets, and how
    it is moved, depends on the seed and the image alone.

    Args:
        data: A folder of images, a table, or samples; labels that it has are kept.
        out: A new or empty folder, or one of earlier stickers.
        sticker: A picture with alpha (.png), or several of which one is drawn for each image; or a mask that Podium
            draws: "surgical", "cloth".
        label: Labels that the sticker makes true: {"mask": "worn"}.
        region: Where it goes: "lower_face" (a mask), "eyes" (glasses), "face", or a region of a table of boxes, whose
            box it then fills.
        detect: Detectors of the face; images in which none finds one are left out. Boxes of a table come first.
        copies: Images made of each.
        jitter: Largest shift as a share of the face, change of size, and angle in radians.
        seed: Of the drawing.
        options: How to read the data; `ScanOptions(regions=FILE)` gives boxes.
        settings: Folders and threads.
        progress: Receives progress and notes.

    Raises:
        UsageError: If a sticker has no alpha, a number is out of range, or the folder is taken.
        SourceError: If there are no images.
        Stopped: If a signal asked for it; the same call makes what is missing.
    """
    settings, progress = settings or Settings(), progress or default_progress()
    folder = Path(out).expanduser()
    if copies < 1 or not 0 <= jitter <= 0.5:
        raise UsageError(f"copies={copies}, jitter={jitter}: expected at least 1 copy, and a jitter of 0 to 0.5.")
    chosen = [_read_sticker(one) for one in ([sticker] if isinstance(sticker, str | Path) else sticker)]
    if not chosen:
        raise UsageError("no sticker was named.", field="sticker", fix=f"Name a .png, or one of {list(OWN_STICKERS)}.")
    wanted = "face" if region in PLACES else region
    durable.check_claimable(
        folder, "images with stickers", marks=(MARK,), names=(TABLE, IMAGES), fix="Choose a new or empty folder."
    )
    read = read_source(data, options)
    found = find_regions(
        read.samples,
        detect=_chain_of(detect, read.samples, wanted),
        region=wanted,
        settings=settings,
        progress=progress,
    ).samples
    maker = _Maker(found, wanted, PLACES.get(region, (0.0, 0.0, 1.0, 1.0)), chosen, jitter, seed)
    with durable.hold_lock(folder):
        durable.write_json(folder / MARK, {"seed": seed, "region": region, "stickers": [one.name for one in chosen]})
        rows = _make_all(maker, folder, copies, progress)
        columns = _label_columns(found, label or {})
        header = ["image", *columns, "group", "sticker", "original"]
        cells = [
            [
                name,
                *(column[row] for column in columns.values()),
                str(found.group_keys[row]),
                which,
                str(found.ids[row]),
            ]
            for row, name, which in rows
        ]
        write_csv(folder / TABLE, header, cells)
    used = {row for row, _, _ in rows}
    if len(used) < len(found):
        left = part_of(len(found) - len(used), len(found), "image", "is", "are")
        progress.note(Caution(f"{left} left out: no {wanted} was found, or it cannot be decoded."))
    counts = {one.name: sum(which == one.name for _, _, which in rows) for one in chosen}
    return StickerImages(folder, folder / TABLE, len(rows), len(found) - len(used), counts)


def _chain_of(detect: str | Sequence[str], samples: Samples, region: str) -> Sequence[str]:
    """The detectors to ask; none where a table has a box for every image."""
    _, boxes = boxes_of(samples, region)
    is_known = boxes is not None and not boxes.is_open.any()
    return () if is_known else read_chain(detect).names()


def _read_sticker(source: str | Path) -> Sticker:
    if str(source) in OWN_STICKERS:
        return draw_mask(str(source))
    path = Path(source).expanduser()
    if not path.is_file():
        if path.suffix:
            raise UsageError("there is no such sticker.", where=path, field="sticker")
        raise UnknownNameError("sticker", str(source), OWN_STICKERS, field="sticker")
    pixels = cv2.imdecode(np.frombuffer(durable.read_bytes(path), np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.ndim != 3 or pixels.shape[2] != 4 or pixels.dtype != np.uint8:
        raise UsageError(
            "a sticker is a picture with alpha: RGB and transparency, 8 bits each.",
            where=path,
            field="sticker",
            fix="Save it as PNG with a transparent background.",
        )
    return Sticker(path.stem, np.ascontiguousarray(pixels[..., [2, 1, 0, 3]]))


@dataclass(frozen=True)
class _Maker:
    samples: Samples
    region: str
    place: tuple[float, float, float, float]
    stickers: Sequence[Sticker]
    jitter: float
    seed: int

    def choose(self, row: int, copy: int) -> tuple[Sticker, list[float]]:
        """The sticker of an image's copy, and the numbers that move it."""
        name = f"{self.seed} {copy} {self.samples.ids[row]}"
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
        rng = np.random.default_rng(int.from_bytes(digest[:16], "little"))
        return self.stickers[int(rng.integers(len(self.stickers)))], rng.random(4).tolist()

    def make(self, row: int, copy: int) -> tuple[NDArray[np.uint8], str] | None:
        """An image with its sticker; None without a box or pixels."""
        boxes = self.samples.boxes[self.region]
        if not boxes.is_there[row]:
            return None
        pixels = decode_file(self.samples.file(row), with_facts=False).pixels
        if pixels is None:
            return None
        one, u = self.choose(row, copy)
        size = (one.pixels.shape[1], one.pixels.shape[0])
        box = boxes.corners[row].astype(np.float64)
        affine = fit_sticker(size, box, boxes.points[row], self.place, jitter=self.jitter, u=u)
        return paste(pixels, one, affine), one.name


def _make_all(maker: _Maker, folder: Path, copies: int, progress: Progress) -> list[tuple[int, str, str]]:
    """Row, name and sticker of every image; those that are there already are not made again."""
    samples, rows = maker.samples, []
    with listen_for_stop() as stop, progress.stage("paste stickers", len(samples) * copies) as update:
        for row in range(len(samples)):
            for copy in range(copies):
                stop.check()
                made = maker.make(row, copy)
                update(row * copies + copy + 1)
                if made is None:
                    continue
                stem, ending = os.path.splitext(samples.ids[row].replace(":", "/"))  # noqa: PTH122 - an id is no Path
                kept = ending.lower() if ending.lower() in (".jpg", ".jpeg") else ".png"
                name = f"{IMAGES}/{stem}--sticker-{copy}{kept}"
                _write_image(folder / name, made[0])
                rows.append((row, name, made[1]))
    return rows


def _write_image(path: Path, pixels: NDArray[np.uint8]) -> None:
    """As JPEG where the original was one, so that the format tells nobody that there is a sticker."""
    quality = [] if path.suffix == ".png" else [cv2.IMWRITE_JPEG_QUALITY, 95]
    done, data = cv2.imencode(path.suffix, pixels[..., ::-1], quality)
    assert done
    durable.make_folder(path.parent)
    durable.write_bytes(path, data.tobytes())


def _label_columns(samples: Samples, label: Mapping[str, str]) -> dict[str, list[str]]:
    """Cells of every head, by column; of a multi-label head a column a label."""
    n, columns = len(samples), dict[str, list[str]]()
    for head in samples.task.heads if samples.task else ():
        values = samples.labels[head.name]
        if not head.is_multi:
            columns[head.name] = [head.classes[value] if value >= 0 else "" for value in values.tolist()]
            continue
        for place, name in enumerate(head.classes):
            columns[name] = [str(value) if value >= 0 else "" for value in values[:, place].tolist()]
        if head.name in label:
            named = {word.strip() for word in label[head.name].split(",")}
            columns |= {name: ["1"] * n for name in head.classes if name in named}
    multi = {head.name for head in samples.task.heads if head.is_multi} if samples.task else set()
    return columns | {name: [value] * n for name, value in label.items() if name not in multi}
