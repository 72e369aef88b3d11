"""The report: one HTML file that needs nothing else, not even a network or a script."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from podium import durable
from podium.report.calibration_section import make_calibration_section
from podium.report.contents import RunContents, read_contents
from podium.report.curves_section import make_curves_section
from podium.report.data_section import make_data_section
from podium.report.folds_section import make_folds_section
from podium.report.headline import make_headline
from podium.report.mistakes_section import make_mistakes_sections
from podium.report.numbers import show_count, show_percent, show_score
from podium.report.settings_section import make_settings_section
from podium.report.targets_section import make_target_sections
from podium.report.thumbnails import ThumbnailBook
from podium.store import RunFolder

__all__ = ["make_report", "render_report"]


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
    contents = read_contents(run, image_root=image_root)
    durable.write_text(run.report_file, render_report(contents, title=title))
    return run.report_file


def render_report(contents: RunContents, *, title: str | None = None) -> str:
    """The page as text."""
    book = None if contents.samples is None else ThumbnailBook(contents.samples)
    style, script = _asset("report.css"), _asset("report.js")
    page: dict[str, Any] = {
        "title": title or contents.run.name,
        "run": contents.run.name,
        "task": None if contents.samples is None else contents.samples.task,
        "headline": make_headline(contents),
        # The gallery comes first: where the page must stay small, its images matter most.
        "mistakes": make_mistakes_sections(contents, book),
        "data": make_data_section(contents, book),
        "folds": make_folds_section(contents),
        "curves": make_curves_section(contents),
        "targets": make_target_sections(contents),
        "calibration": make_calibration_section(contents),
        "settings": make_settings_section(contents),
        "problems": contents.problems,
        "has_oof": contents.oof is not None,
        "style": Markup(style),
        "script": Markup(script),
        "policy": _content_policy(style, script),
    }
    return _environment().get_template("report.html").render(page)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("podium.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"score": show_score, "count": show_count, "percent": show_percent}
    return environment


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
