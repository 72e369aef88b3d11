"""Numbers as the report shows them: rounded for the eye, whole for a machine.

Every number on the page is a `<data value="...">` element. The eye reads three digits, a script reads the value that
stands in scores.json.
"""

from __future__ import annotations

import math

from markupsafe import Markup

__all__ = [
    "KIND_WORDS",
    "plain_count",
    "plain_duration",
    "plain_score",
    "show_count",
    "show_duration",
    "show_percent",
    "show_score",
    "show_signed",
]

KIND_WORDS = {"single": "one of {} classes", "ordinal": "one of {} ordered classes", "multi": "any of {} labels"}
"""What a kind of target asks, by its number of classes."""


def plain_score(value: float | None, digits: int = 3) -> str:
    """A score as text; a dash where there is none.

    Example:
        >>> plain_score(0.84249), plain_score(float("nan"))
        ('0.842', '–')
    """
    return f"{value:.{digits}f}" if value is not None and math.isfinite(value) else "–"


def plain_count(value: int) -> str:
    """A count as text, thousands divided.

    Example:
        >>> plain_count(18900)
        '18,900'
    """
    return f"{value:,}"


def plain_duration(seconds: float) -> str:
    """A time span as a person says it.

    Example:
        >>> plain_duration(4.2), plain_duration(150), plain_duration(4980)
        ('4 s', '2.5 min', '1 h 23 min')
    """
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{seconds / 60:.1f} min" if seconds < 3570 else f"{minutes // 60} h {minutes % 60} min"


def show_score(value: float | None, digits: int = 3) -> Markup:
    """A score for the page."""
    if value is None or not math.isfinite(value):
        return Markup('<span class="none">–</span>')
    return Markup('<data value="{}">{}</data>').format(repr(float(value)), plain_score(value, digits))


def show_signed(value: float, digits: int = 4) -> Markup:
    """A difference with its sign."""
    return Markup('<data value="{}">{}</data>').format(repr(float(value)), f"{value:+.{digits}f}")


def show_count(value: int) -> Markup:
    """A count for the page."""
    return Markup('<data value="{}">{}</data>').format(int(value), plain_count(int(value)))


def show_percent(fraction: float | None, digits: int = 1) -> Markup:
    """A fraction for the page, in percent."""
    if fraction is None or not math.isfinite(fraction):
        return Markup('<span class="none">–</span>')
    return Markup('<data value="{}">{}&#8239;%</data>').format(repr(float(fraction)), f"{100 * fraction:.{digits}f}")


def show_duration(seconds: float | None) -> Markup:
    """A time span for the page."""
    if seconds is None:
        return Markup('<span class="none">–</span>')
    return Markup('<data value="{}">{}</data>').format(repr(float(seconds)), plain_duration(seconds))
