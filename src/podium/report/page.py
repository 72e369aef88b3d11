"""The report: one HTML file that needs nothing else, not even a network or a script."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from podium import durable
from podium.metric_words import metric_words
from podium.printable import printable
from podium.report.contents import RunContents, read_contents
from podium.report.numbers import show_count, show_duration, show_percent, show_score, show_signed
from podium.report.paint import paint_css
from podium.report.section_drawings import MOST_MODELS, SECTION_DRAWINGS
from podium.report.sections import RunReport, describe_run
from podium.report.sheet_book import SheetBook
from podium.report.thumbnails import ThumbnailBook
from podium.store import RunFolder

__all__ = ["draw_page", "make_report", "page_frame", "render_report", "write_page"]


def make_report(run: RunFolder, *, title: str | None = None, image_root: Path | None = None) -> Path:
    """Write the report of a run folder as far as the run has come.

    A section whose files are missing is left out; one whose files are damaged says so.

    Args:
        run: The run folder.
        title: Heading; the run's name where none is given.
        image_root: Folder of the images, if they moved since the scan.

    Returns:
        The file, `report.html` in the run folder.

    Raises:
        StorageError: If the file cannot be written.
    """
    return write_page(read_contents(run, image_root=image_root), title=title)


def write_page(contents: RunContents, *, title: str | None = None) -> Path:
    """Write the report of a run's contents into its folder; gives the file. Raises like `make_report`."""
    path = contents.run.report_file
    durable.write_text(path, render_report(contents, title=title))
    return path


def render_report(contents: RunContents, *, title: str | None = None) -> str:
    """The page of a run's contents as text."""
    book = None if contents.samples is None else ThumbnailBook(contents.samples, contents.limits)
    sheets = SheetBook(contents.run.explanation_folder)
    corrupted = SheetBook(contents.run.robustness_folder)
    return draw_page(describe_run(contents), book, title=title, sheets=sheets, corrupted=corrupted)


def draw_page(
    report: RunReport,
    book: ThumbnailBook | None,
    *,
    title: str | None = None,
    sheets: SheetBook | None = None,
    corrupted: SheetBook | None = None,
) -> str:
    """The page as text, from the sections' data.

    Args:
        report: The sections.
        book: Thumbnails of the images that the sections name. May be None where they name none.
        title: Heading; the run's name where none is given.
        sheets: Sheets of maps. May be None where the sections name none.
        corrupted: The sheet of corruptions. May be None where the sections name none.
    """
    template, frame = page_frame("report.html")
    page: dict[str, Any] = {item.name: getattr(report, item.name) for item in fields(report)}
    page |= frame | {"title": title or report.run, "thumbnail": None if book is None else book.take}
    page["sheet"] = None if sheets is None else sheets.take
    page["corrupted_sheet"] = None if corrupted is None else corrupted.take
    return printable(template.render(page), keep="\n\t")


def page_frame(name: str, *styles: str) -> tuple[jinja2.Template, dict[str, Any]]:
    """A template, and what every page needs: style, script, and the policy that lets nothing else in.

    Args:
        name: File of the template.
        *styles: Files of further style sheets.
    """
    style, script = "".join(map(_asset, ("report.css", *styles))) + paint_css(), _asset("report.js")
    frame = {"style": Markup(style), "script": Markup(script), "policy": _content_policy(style, script)}
    return _environment().get_template(name), frame


@cache
def _environment() -> jinja2.Environment:
    """The templates; one for a process, as compiling them takes longer than drawing a page."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("podium.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "score": show_score,
        "signed": show_signed,
        "count": show_count,
        "percent": show_percent,
        "duration": show_duration,
        "metric_words": metric_words,
        "with_code": with_code,
    }
    environment.globals |= SECTION_DRAWINGS | {"most_models": MOST_MODELS}
    return environment


def with_code(text: str) -> Markup:
    """A sentence as HTML; what stands between backticks is code.

    Example:
        >>> with_code("Set `split_seed=1` & <go>.")
        Markup('Set <code>split_seed=1</code> &amp; &lt;go&gt;.')
    """
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a lone backtick is one of the text
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def _asset(name: str) -> str:
    return files("podium.report").joinpath("templates", name).read_text(encoding="utf-8")


def _content_policy(style: str, script: str) -> str:
    """Nothing may load or run but this style sheet, this script and images inside the page."""
    return (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}';"
        " base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
