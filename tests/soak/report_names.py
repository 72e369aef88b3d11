"""Classes, files and folders whose names are markup, templates or formulas: in the report they are text."""

from __future__ import annotations

import itertools
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

from .command_line import LEAKS, TINY, ask, draw
from .trial import Figure, count
from .written_files import file_problem

__all__ = ["MARKUP", "try_report_names"]

MARKUP = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</script><script>alert(1)", "{{7*7}}", "{% raw %}",
    "{% include 'x' %}", "javascript:alert(1)", "&lt;b&gt;", "' onmouseover='alert(1)", "<!--", "]]>", "$x^2$",
    r"$\frac{1$", "</style><script>", "<svg onload=alert(1)>", "\u202eabc", "a" * 90,
)  # fmt: skip


class _Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.odd: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            is_inside = str(value).startswith(("data:image/", "#")) or value == "data:,"
            is_link = name in ("src", "href", "action", "xlink:href") and not is_inside
            if name.startswith("on") or name == "srcdoc" or is_link:
                self.odd.append(f"<{tag} {name}={value!r}>")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _try_page(word: str, root: Path) -> str | None:
    """A class, files, a group and the folder itself with this name; its report holds the words, and nothing of them is
    markup."""
    name = word.replace("/", "\u2215").replace("\\", "\u29f5")
    folder = root / name / "data"
    for row in range(12):
        draw(folder / (name, "plain")[row % 2] / f"{row} {name[:80]}.png", row, tint=row)
    (folder / "plain" / f"bad {name}.png").write_bytes(b"no image")
    limits = ("--max-bad-fraction", "0.2", "--runs", root / "runs", "--name", "page")
    answer = ask("train", folder, *TINY, "--folds", "2", *limits, *LEAKS)
    if answer.code:
        return f"train gave {answer.code}: {answer.last_line}"
    page = _Page()
    html = (root / "runs" / "page" / "report.html").read_text()
    page.feed(html)
    unexpected = set(page.tags) & {"iframe", "object", "embed", "base", "form"}
    if page.odd or unexpected or page.tags.count("script") > 1:
        return f"markup: {page.odd[:3]} {unexpected} {page.tags.count('script')} scripts"
    if name not in "".join(page.text):
        return "the page does not show the name as it is"
    return _csv_problem(root / "runs" / "page")


def _csv_problem(run: Path) -> str | None:
    for path in run.rglob("*.csv"):
        if path.name != "submission.csv" and (problem := file_problem(path, path.read_bytes())):
            return f"{path.name}: {problem}"
    return None


def try_report_names(n: int, folder: Path) -> Figure:
    """A small training and its report for each name."""
    words = list(itertools.islice(MARKUP, n))
    return count((word, partial(_try_page, word, folder / str(k))) for k, word in enumerate(words))
