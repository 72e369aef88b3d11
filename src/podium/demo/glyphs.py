"""The multi-attribute contest: one letter an image; say which, how heavy and how slanted, as one class number."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from podium.demo.contest import SAMPLE_SUBMISSION, TEST_ANSWERS, Contest, encode_table, make_test_name
from podium.demo.drawing import Stroke, draw_letter, encode_png
from podium.demo.fonts import FAMILIES, find_face
from podium.demo.paper import STYLES, paint

__all__ = [
    "COMPOSITE",
    "GLYPHS",
    "LETTERS",
    "MADE_UP_SLANT",
    "MADE_UP_WEIGHT",
    "PATTERN",
    "SLANTS",
    "WEIGHTS",
    "make_glyphs",
]

LETTERS = ("A", "B", "G", "K", "R", "S")
WEIGHTS = ("normal", "bold")
SLANTS = ("upright", "oblique")
PATTERN = "{group}_{style}/{letter}_{weight}_{slant}_{number}.png"
COMPOSITE = "letter*4 + weight*2 + slant"
SIZE_PX = 96
_N_SETS, _N_TEST_GROUPS = 10, 8
_STREAM = 2
MADE_UP_WEIGHT, MADE_UP_SLANT = 0.045, 0.2


@dataclass(frozen=True)
class _Group:
    """One family of fonts drawn in one manner."""

    name: str
    family: str
    style: str
    stroke: Stroke
    hue: float


def make_glyphs(seed: int) -> dict[str, bytes]:
    """42 groups to learn from and 8 others to predict, each with every one of the 24 classes once.

    Args:
        seed: Decides everything.
    """
    groups = [_make_group(seed, family, number) for family in FAMILIES for number in range(_N_SETS)]
    order = np.random.default_rng([seed, _STREAM]).permutation(len(groups))
    test_groups = set(order[:_N_TEST_GROUPS].tolist())
    content: dict[str, bytes] = {}
    test = []
    for position, group in enumerate(groups):
        for number in range(len(LETTERS) * len(WEIGHTS) * len(SLANTS)):
            letter, weight, slant = LETTERS[number // 4], WEIGHTS[number // 2 % 2], SLANTS[number % 2]
            rng = np.random.default_rng([seed, _STREAM, position, number])
            image = encode_png(_draw_image(group, letter, weight == "bold", slant == "oblique", rng))
            if position in test_groups:
                name = make_test_name("glyphs", seed, f"{group.name}/{number}") + ".png"
                content[f"test/{name}"] = image
                test.append((name, number))
            else:
                folder = f"{group.name}_{group.style}"
                content[f"train/{folder}/{letter}_{weight}_{slant}_{number:02d}.png"] = image
    test.sort()
    content[SAMPLE_SUBMISSION] = encode_table(["ImageID", "ans"], [(name, 0) for name, _ in test])
    content[TEST_ANSWERS] = encode_table(["ImageID", "ans"], test)
    return content


def _make_group(seed: int, family: str, number: int) -> _Group:
    rng = np.random.default_rng([seed, _STREAM, list(FAMILIES).index(family), number, 0])
    stroke = Stroke(
        file="",
        height_px=float(rng.uniform(44, 62)),
        thicken=float(rng.uniform(0.0, 0.01)),
        stretch=float(rng.uniform(0.9, 1.12)),
        wave=float(rng.uniform(0.0, 0.012)),
    )
    style = STYLES[number % len(STYLES)]
    return _Group(f"{family}-{number:02d}", family, style, stroke, hue=float(rng.random()))


def _draw_image(
    group: _Group, letter: str, is_bold: bool, is_oblique: bool, rng: np.random.Generator
) -> NDArray[np.float64]:
    """An image, shape (H, W, 3) in [0, 1]."""
    face = find_face(group.family, is_bold=is_bold, is_oblique=is_oblique)
    stroke = replace(
        group.stroke,
        file=face.file,
        height_px=group.stroke.height_px * float(rng.uniform(0.92, 1.08)),
        thicken=group.stroke.thicken + MADE_UP_WEIGHT * face.needs_weight,
        shear=MADE_UP_SLANT * face.needs_slant,
        turn_deg=float(rng.uniform(-3, 3)),
        phase=float(rng.uniform(0, 2 * np.pi)),
    )
    x, y = rng.uniform(-8, 8, size=2) + SIZE_PX / 2
    ink = draw_letter(letter, stroke, size_px=SIZE_PX, centre=(float(x), float(y)))
    return paint(ink, group.style, group.hue, rng)


GLYPHS = Contest(
    title="One letter: which, how heavy, how slanted",
    about=(
        "Colour images of 96x96 pixels with one of six letters, normal or bold, upright or oblique, drawn here from"
        " a seed in five font families and ten manners each. Licence: made on the spot, free of any; the fonts are"
        " those that matplotlib ships."
    ),
    scan_options={
        "pattern": PATTERN,
        "label_columns": ("letter", "weight", "slant"),
        "classes": {"letter": LETTERS, "weight": WEIGHTS, "slant": SLANTS},
        "composite": COMPOSITE,
        "group": "group",
    },
    make_files=make_glyphs,
)
"""The contest as it is shown and scanned."""
