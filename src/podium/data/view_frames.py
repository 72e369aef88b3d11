"""Names of test-time views, and what each shows of an image: turns, crops, scales, tiles, and one after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from podium.data.frames import Frames, whole_frames
from podium.errors import UnknownNameError, UsageError
from podium.listing import count_of

__all__ = [
    "VIEW_SETS",
    "PiecePool",
    "View",
    "ViewParts",
    "expand_views",
    "frames_of",
    "least_share",
    "parts_of",
    "place_of_frame",
]

View = Literal["plain", "hflip", "vflip", "rot90", "rot180", "rot270"]
"""The whole image, turned."""
PiecePool = Literal["mean", "max", "vote"]
"""How the pieces of a view become one: the mean or the largest of their probabilities, or the share of their votes."""

VIEW_SETS = {
    "turns": ("hflip", "vflip", "rot90", "rot180", "rot270", "hflip+rot90", "hflip+rot270"),
    "crops": ("center-0.9", "center-0.8", "five-0.8"),
    "scales": ("scale-0.8", "scale-0.9", "scale-1.1", "scale-1.25"),
    "tiles": ("tiles-2x2", "tiles-2x2-max", "tiles-4x4", "tiles-4x4-max", "tiles-4x4-vote"),
}
"""Words for several views."""

Box = tuple[float, float, float, float]

# (mirror left-right, mirror up-down, quarter turns counter-clockwise)
_TURNS: dict[str, tuple[bool, bool, int]] = {
    "plain": (False, False, 0),
    "hflip": (True, False, 0),
    "vflip": (False, True, 0),
    "rot90": (False, False, 1),
    "rot180": (False, False, 2),
    "rot270": (False, False, 3),
}
_NUMBER = r"(\d+(?:\.\d+)?)"
_MOST_TILES = 8


@dataclass(frozen=True)
class ViewParts:
    """What a view is made of.

    Args:
        frames: Views of one frame each, which `frames_of` knows.
        pool: How their probabilities become one.
    """

    frames: tuple[str, ...]
    pool: PiecePool = "mean"


@lru_cache(maxsize=1024)
def parts_of(view: str) -> ViewParts:
    """The frames of a view.

    Args:
        view: "plain", "hflip", "vflip", "rot90", "rot180", "rot270"; "center-0.8", the middle of 0.8 of each side;
            "top-left-0.8" and the other corners; "five-0.8", all of these; "scale-0.9", the image smaller, its border
            mirrored, and "scale-1.1", larger; "tiles-2x2" and "tiles-4x4", all of it in pieces, with "-max" or "-vote"
            behind it to pool them otherwise than by the mean; "box:0,0,0.5,1", a part by its left, top, right and
            bottom. Several joined by "+" are done one after the other, as "hflip+rot90".

    Raises:
        UnknownNameError: If there is no such view.
        UsageError: If a fraction or number is out of range, or two of several pieces are joined.

    Example:
        >>> parts_of("hflip+tiles-1x2-max")
        ViewParts(frames=('hflip+box:0,0,0.5,1', 'hflip+box:0.5,0,1,1'), pool='max')
    """
    frames, pool = [""], None
    for step in view.split("+"):
        boxes, wanted = _read_step(step, view)
        if len(boxes) > 1 and len(frames) > 1:
            raise UsageError(f"view {view!r} cuts pieces twice.", field="tta", fix="Name one of five and tiles.")
        own = [step] if boxes == [None] else [_box_name(box) for box in boxes if box is not None]
        frames = [f"{frame}+{name}".removeprefix("+") for frame in frames for name in own]
        pool = wanted or pool
    return ViewParts(tuple(frames), pool or "mean")


def expand_views(views: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """The views, each once, with the words of `VIEW_SETS` in full and without "plain"; raises as `parts_of`.

    Example:
        >>> expand_views(["rot90", "plain", "scales"])
        ('rot90', 'scale-0.8', 'scale-0.9', 'scale-1.1', 'scale-1.25')
    """
    named = [view for word in views for view in VIEW_SETS.get(word, (word,))]
    for view in named:
        parts_of(view)
    return tuple(view for view in dict.fromkeys(named) if view != "plain")


def frames_of(view: str, n: int, height: int, width: int) -> Frames:
    """What a view of one frame shows of `n` stored images.

    Raises:
        UnknownNameError: If there is no such view.
        UsageError: If it has several pieces, or a number in it is out of range.
    """
    parts = parts_of(view)
    if len(parts.frames) > 1:
        raise UsageError(f"view {view!r} has {count_of(len(parts.frames), 'frame')}, and one is wanted.", field="views")
    frames = whole_frames(n, height, width)
    for step in parts.frames[0].split("+"):
        if step.startswith("box:"):
            left, top, right, bottom = _read_box(step)
            frames = frames.crop(frames.size * [left, top], frames.size * [right - left, bottom - top])
        else:
            horizontal, vertical, turns = _TURNS[step]
            frames = frames.flip(horizontal, vertical).quarter_turn(turns)
    return frames


def place_of_frame(frame: str, views: Sequence[str]) -> int:
    """Place of the view of one frame that shows this frame, however either is written.

    Example:
        >>> place_of_frame("box:0,0,0.8,0.8", ("plain", "top-left-0.8"))
        1
    """
    return [parts_of(view).frames for view in views].index(parts_of(frame).frames)


def least_share(view: str) -> float:
    """The least share of a side of the image that a frame of the view shows; above 1 where it shows more than all."""
    shares = []
    for frame in parts_of(view).frames:
        width = height = 1.0
        for step in frame.split("+"):
            if step.startswith("box:"):
                left, top, right, bottom = _read_box(step)
                width, height = width * (right - left), height * (bottom - top)
        shares.append(min(width, height))
    return min(shares)


def _read_step(step: str, view: str) -> tuple[list[Box | None], PiecePool | None]:
    """Boxes of a step, [None] for a turn, and how pieces are pooled."""
    if step in _TURNS:
        return [None], None
    if found := re.fullmatch(f"(top|bottom)-(left|right)-{_NUMBER}", step):
        _require(0.1 <= float(found[3]) < 1, view, "corner")
        return [_corners(float(found[3]))[2 * (found[1] == "bottom") + (found[2] == "right")]], None
    if found := re.fullmatch(f"(center|five|scale)-{_NUMBER}", step):
        kind, value = found[1], float(found[2])
        _require(0.1 <= value <= 4 if kind == "scale" else 0.1 <= value < 1, view, kind)
        if kind == "scale":
            return [_centre(1 / value)], None
        return ([_centre(value)] if kind == "center" else [_centre(value), *_corners(value)]), None
    if found := re.fullmatch(r"tiles-(\d+)x(\d+)(?:-(\w+))?", step):
        rows, columns, pool = int(found[1]), int(found[2]), found[3]
        _require(min(rows, columns) >= 1 and max(rows, columns) <= _MOST_TILES, view, "tiles")
        if pool is not None and pool not in get_args(PiecePool):
            raise UnknownNameError("pool of tiles", pool, get_args(PiecePool), field="tta")
        return list(_tiles(rows, columns)), next((name for name in get_args(PiecePool) if name == pool), None)
    if step.startswith("box:"):
        return [_read_box(step)], None
    known = [*get_args(View), *(view for views in VIEW_SETS.values() for view in views)]
    raise UnknownNameError("view", view, list(dict.fromkeys(known)), field="tta")


def _require(is_fine: bool, view: str, kind: str) -> None:
    ranges = {
        "scale": "scale-F takes 0.1 to 4",
        "center": "center-F takes 0.1 to less than 1",
        "five": "five-F takes 0.1 to less than 1",
        "corner": "a corner takes 0.1 to less than 1",
        "tiles": f"tiles-RxC takes 1 to {_MOST_TILES} rows and columns",
    }
    if not is_fine:
        raise UsageError(f"view {view!r} is out of range: {ranges[kind]}.", field="tta")


def _centre(side: float) -> Box:
    return (0.5 - side / 2, 0.5 - side / 2, 0.5 + side / 2, 0.5 + side / 2)


def _corners(side: float) -> list[Box]:
    rest = 1 - side
    return [(x, y, x + side, y + side) for y in (0.0, rest) for x in (0.0, rest)]


def _tiles(rows: int, columns: int) -> list[Box]:
    return [
        (column / columns, row / rows, (column + 1) / columns, (row + 1) / rows)
        for row in range(rows)
        for column in range(columns)
    ]


def _box_name(box: Box) -> str:
    return "box:" + ",".join(f"{value:.6g}" for value in box)


def _read_box(step: str) -> Box:
    try:
        left, top, right, bottom = map(float, step.removeprefix("box:").split(","))
    except ValueError:
        left = top = right = bottom = 0.0
    if not (-5 <= left < right <= 6 and -5 <= top < bottom <= 6):  # NaN fails too
        raise UsageError(f"{step!r} is no box.", field="tta", fix="Write box:LEFT,TOP,RIGHT,BOTTOM, from 0 to 1.")
    return left, top, right, bottom
