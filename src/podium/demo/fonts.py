"""The fonts that matplotlib brings along, so that letters can be drawn on any machine without a download."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import ImageFont

from podium.errors import StorageError

__all__ = ["FAMILIES", "FONT_FILES", "Face", "find_face", "load_font"]


@dataclass(frozen=True)
class Face:
    """A font file, and which of the wanted traits it lacks, to be made up for when drawing.

    Args:
        file: Name of the font file.
        needs_weight: Whether strokes are to be thickened.
        needs_slant: Whether the glyph is to be sheared.
    """

    file: str
    needs_weight: bool = False
    needs_slant: bool = False


# Upright, oblique, bold, bold oblique. Computer Modern has no bold italic, and its italic is another design.
FAMILIES: dict[str, tuple[Face, Face, Face, Face]] = {
    "sans": (
        Face("DejaVuSans.ttf"),
        Face("DejaVuSans-Oblique.ttf"),
        Face("DejaVuSans-Bold.ttf"),
        Face("DejaVuSans-BoldOblique.ttf"),
    ),
    "mono": (
        Face("DejaVuSansMono.ttf"),
        Face("DejaVuSansMono-Oblique.ttf"),
        Face("DejaVuSansMono-Bold.ttf"),
        Face("DejaVuSansMono-BoldOblique.ttf"),
    ),
    "serif": (
        Face("DejaVuSerif.ttf"),
        Face("DejaVuSerif-Italic.ttf"),
        Face("DejaVuSerif-Bold.ttf"),
        Face("DejaVuSerif-BoldItalic.ttf"),
    ),
    "stix": (
        Face("STIXGeneral.ttf"),
        Face("STIXGeneralItalic.ttf"),
        Face("STIXGeneralBol.ttf"),
        Face("STIXGeneralBolIta.ttf"),
    ),
    "modern": (
        Face("cmss10.ttf"),
        Face("cmss10.ttf", needs_slant=True),
        Face("cmss10.ttf", needs_weight=True),
        Face("cmss10.ttf", needs_weight=True, needs_slant=True),
    ),
}
"""Font families with a face for every weight and slant."""

FONT_FILES = tuple(
    dict.fromkeys(
        [face.file for faces in FAMILIES.values() for face in faces] + ["cmr10.ttf", "cmb10.ttf", "cmtt10.ttf"]
    )
)
"""Every font file in use, each once."""


def find_face(family: str, *, is_bold: bool, is_oblique: bool) -> Face:
    """The face of a family with these traits."""
    return FAMILIES[family][2 * is_bold + is_oblique]


@cache
def load_font(file: str, size_px: int) -> ImageFont.FreeTypeFont:
    """A font of matplotlib's at a size.

    Raises:
        StorageError: If the file is not there.
    """
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / file
    if not path.is_file():
        raise StorageError(
            "matplotlib does not include this font.",
            where=path,
            fix="Install matplotlib with its data: pip install matplotlib.",
        )
    # The basic layout is part of every Pillow; the other one depends on a library that may not be there.
    return ImageFont.truetype(path, size_px, layout_engine=ImageFont.Layout.BASIC)
