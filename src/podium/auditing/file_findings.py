"""What is wrong or odd about single files: they do not decode, or look like nothing, or unlike all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from podium.advice import option
from podium.auditing.finding import MOST_SHOWN, Finding, Level
from podium.auditing.looked_at import LookedAt
from podium.curate import ValueUse, odd_images, value_uses
from podium.listing import agree, count_of, list_some, part_of

__all__ = ["find_broken", "find_odd_files", "find_odd_looks"]

BLANK_CONTRAST = 0.01
"""Less contrast than this (2.5 of 255 grey levels) shows nothing."""
DARK, BRIGHT = 0.06, 0.95
"""Mean luma below and above which an image is dark or bright."""
FEW = 0.03
"""Share of images up to which being dark or bright is odd; more are products on white, or the night sky."""
BLUR_DEVIATIONS = 4.0
"""How far below the median sharpness a blurred image lies, in robust standard deviations of its logarithm."""
_ODD: dict[str, tuple[Level, str, str, str]] = {
    "huge": ("note", "is", "longer than 6,000 px on a side", "They only take longer to decode, once."),
    "tiny": ("note", "is", "shorter than 32 px on a side", "Look whether they are thumbnails of lost originals."),
    "rotated": ("note", "is", "turned by EXIF data", "Podium turns them upright, for training and for predicting."),
    "alpha": ("note", "declares", "transparency", "Podium puts them on white, for training and for predicting."),
    "palette": ("note", "has", "a palette of at most 256 colours", "Podium reads them as RGB."),
    "cmyk": ("note", "is", "CMYK", "Podium reads them as RGB; colours may differ a little from other readers'."),
    "wide": ("note", "has", "more than 8 bits a channel", "Podium scales them to 8 bits."),
    "several_frames": ("caution", "holds", "several images (pages or frames)", "Only the first counts: if the others"
                       " matter, save each as a file of its own."),
    "misnamed": ("note", "has", "the ending of another format", "Podium goes by the content, other programs may not."),
}  # fmt: skip


def find_broken(looked: LookedAt, max_bad_fraction: float) -> Iterator[Finding]:
    """Files that do not decode, and classes that are left without images."""
    audit = looked.audit
    bad = audit.quarantine
    if audit.emptied:
        yield Finding(
            "error",
            "broken",
            f"No image can be decoded of these classes: {list_some(audit.emptied, most=5)}.",
            todo="Replace the files, or remove the class.",
        )
    if not bad:
        return
    reasons = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in Counter(row.outcome for row in bad).items())
    fraction = len(bad) / len(audit)
    is_allowed = fraction <= max_bad_fraction
    yield Finding(
        "caution" if is_allowed else "error",
        "broken",
        f"{part_of(len(bad), len(audit), 'image', 'cannot', 'cannot')} be decoded: {reasons}.",
        n=len(bad),
        ids=tuple(row.id for row in bad[:MOST_SHOWN]),
        todo="A training leaves them out." if is_allowed else "Replace the files; or leave them out.",
        change={} if is_allowed else {"max_bad_fraction": float(np.ceil(fraction * 1000) / 1000)},
    )


def find_odd_files(looked: LookedAt) -> Iterator[Finding]:
    """Kinds of files that some programs read otherwise, or not at all."""
    found = odd_images(looked.audit)
    found["palette"] = looked.audit.is_ok & np.isin(looked.audit.mode.astype(str), ("P", "PA"))
    for check, (level, verb, what, todo) in _ODD.items():
        rows = np.flatnonzero(found[check])
        if len(rows):
            plural = {"is": "are", "has": "have", "declares": "declare", "holds": "hold"}[verb]
            what = f"{part_of(len(rows), len(looked), 'image', verb, plural)} {what}."
            yield Finding(level, check, what, n=len(rows), ids=_names(looked, rows), todo=todo)
    yield from _find_unused_range(value_uses(looked.audit))


def _find_unused_range(uses: tuple[ValueUse, ...]) -> Iterator[Finding]:
    for use in uses:
        if use.is_small:
            low, high = use.better_range
            yield Finding(
                "caution",
                "value_range",
                f"{count_of(use.n_images, 'image')} of more than 8 bits {agree(use.n_images, 'holds', 'hold')} values"
                f" from {use.value_low:,g} to {use.value_high:,g}, but"
                f" {use.range_low:,g} becomes black and {use.range_high:,g} white: about"
                f" {use.n_levels} of 256 grey levels are left.",
                n=use.n_images,
                todo="Do it only where the values of the test set lie in that range too.",
                change={"overrides": [f"image.value_range=[{low}, {high}]"]},
            )


def find_odd_looks(looked: LookedAt) -> Iterator[Finding]:
    """Images that show nothing, or are much darker, brighter or more blurred than others."""
    ok, bright, (contrast, sharp) = looked.audit.is_ok, looked.audit.brightness, looked.looks
    is_deep = looked.audit.value_high > looked.audit.value_low  # dim by its range, which is another finding
    is_blank = ok & (contrast < BLANK_CONTRAST) & ~is_deep
    ok = ok & ~(is_deep & (contrast < BLANK_CONTRAST))
    rest = ok & ~is_blank
    todo = f"Look at them; what shows nothing can be dropped by a table of {option('corrections')}."
    looks: tuple[tuple[Level, str, NDArray[np.int64], str], ...] = (
        ("caution", "blank", _sorted_by(contrast, is_blank), "one colour and nothing else"),
        ("note", "dark", _if_few(_sorted_by(bright, rest & (bright < DARK)), ok), "almost black"),
        ("note", "bright", _if_few(_sorted_by(-bright, rest & (bright > BRIGHT)), ok), "almost white"),
        ("note", "blurred", _sorted_by(sharp, rest & _is_blurred(sharp, rest)), "far less sharp than the others"),
    )
    for level, check, rows, what in looks:
        if len(rows):
            words = f"{part_of(len(rows), len(looked), 'image', 'is', 'are')} {what}."
            yield Finding(level, check, words, n=len(rows), ids=_names(looked, rows), todo=todo)


def _is_blurred(sharp: NDArray[np.float64], among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which lie far below the usual sharpness, shape (N,)."""
    logarithm = np.log(np.maximum(np.where(among, sharp, 1.0), 1e-9))
    if not among.any():
        return among
    middle = np.median(logarithm[among])
    spread = 1.4826 * np.median(np.abs(logarithm[among] - middle))
    is_low = logarithm < middle - max(BLUR_DEVIATIONS * spread, np.log(4.0))
    return np.asarray(among & is_low, dtype=bool)


def _if_few(rows: NDArray[np.int64], ok: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The rows, or none where so many are alike that this is how the images are."""
    return rows if len(rows) <= FEW * ok.sum() else rows[:0]


def _sorted_by(values: NDArray[np.float64], which: NDArray[np.bool_]) -> NDArray[np.int64]:
    rows = np.flatnonzero(which)
    return rows[np.argsort(values[rows], kind="stable")]


def _names(looked: LookedAt, rows: NDArray[np.int64]) -> tuple[str, ...]:
    return tuple(looked.samples.ids[rows[:MOST_SHOWN]].tolist())
