from __future__ import annotations

import re
from importlib.resources import files

from podium.report.paint import PAINTS, light_colours, paint_css

CSS = files("podium.report").joinpath("templates", "report.css").read_text(encoding="utf-8")


def test_every_colour_is_in_every_theme() -> None:
    used = {name for paint in PAINTS.values() for name in (paint.fill, paint.stroke) if name}
    themes = re.findall(r":root \{(.*?)\}", CSS, flags=re.S)
    assert len(themes) == 3  # light, dark, print
    for theme in themes:
        assert used <= set(re.findall(r"--([\w-]+):", theme))
    assert used <= set(light_colours(CSS))


def test_the_style_sheet_has_a_rule_a_kind() -> None:
    rules = re.findall(r"^(?:svg |td)\.([\w-]+) \{.*\}$", paint_css(), flags=re.M)
    assert rules == list(PAINTS)


def test_lines_and_ink_can_be_seen() -> None:
    """WCAG 2.2: 3 to 1 for lines, 4.5 to 1 for words."""
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", part)) for part in CSS.split("@media", 2)[:2])
    for colours in (light, dark):
        for kind, paint in PAINTS.items():
            if kind.startswith(("line", "trace", "range", "chance")):
                assert contrast(colours[paint.stroke], colours["page"]) >= 3, (kind, colours[paint.stroke])
        assert contrast(colours["soft"], colours["page"]) >= 4.5


def contrast(one: str, other: str) -> float:
    first, second = sorted((luminance(one), luminance(other)))
    return (second + 0.05) / (first + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
