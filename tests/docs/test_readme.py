"""The README does what it says: its Python runs, every command line of it and of the documentation can be parsed.

The quickstart runs as it stands, in an empty folder, but for the network: the preset it names is given the tiny model
with random weights at 32 pixels, so that it takes seconds and needs no weight file.
"""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import pytest

import podium
from podium.cli import COMMANDS
from podium.cli.commands import make_app
from podium.recipe import PRESETS, apply_overrides, find_preset

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TINY = [
    "model.name=tiny",
    "model.weights=random",
    "image.size_px=32",
    "image.stored_px=32",
    "head.kind=gradient",
    "training.epochs=3",
]


def blocks_of(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def command_lines() -> list[tuple[str, str]]:
    """Every line of a shell block that starts with podium, with the page it is on; continued lines are joined."""
    found = []
    for page in PAGES:
        for block in [*blocks_of(page, "sh"), *blocks_of(page, "console")]:
            lines = re.sub(r"\\\n\s*", " ", block).splitlines()
            stripped = [line.strip().removeprefix("$ ") for line in lines]
            found += [(page.name, line) for line in stripped if line.startswith("podium ")]
    return found


def test_the_readme_has_a_quickstart_in_both_languages() -> None:
    assert blocks_of(PAGES[0], "python")
    assert any(page == "README.md" for page, _ in command_lines())


@pytest.mark.long
def test_the_python_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in PRESETS:
        small = apply_overrides(find_preset(name), TINY)
        monkeypatch.setitem(PRESETS, name, lambda small=small: small)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks_of(PAGES[0], "python"):
        exec(compile(block, "README.md", "exec"), names)
    assert capsys.readouterr().out.strip()
    written = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert {"report.html", "scores.json", "submission.csv"} <= set(written)


@pytest.mark.slow
@pytest.mark.parametrize(("page", "line"), command_lines(), ids=lambda value: str(value)[:60])
def test_every_command_line_can_be_parsed(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    words = words[: next((place for place, word in enumerate(words) if word in {"|", ">", "&&"}), len(words))]
    if words[0].startswith("-"):
        return
    assert words[0] in COMMANDS
    if words[1:] != ["--help"]:
        make_app(words[0]).parse_args(words[1:], exit_on_error=False, print_error=False)


def known_options() -> set[str]:
    """Every option of every command."""
    found = {"--help", "--version"}
    for name in COMMANDS:
        arguments = make_app(name).assemble_argument_collection()
        found |= {option for argument in arguments for option in argument.names}
    return found


@pytest.mark.slow
def test_options_that_pages_mention_exist() -> None:
    """Those that open a span of code; timm's own, in a table of coming-from, apart."""
    known, wrong = known_options(), []
    for page in PAGES:
        text = re.sub(
            r"^\| timm `train.py` .*?\n\n", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
        )
        wrong += [(page.name, name) for name in re.findall(r"`(--[a-z][\w-]*)", text) if name not in known]
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_on_every_page_uses_names_that_exist(page: Path) -> None:
    for block in blocks_of(page, "python"):
        compile(block, page.name, "exec")
        for name in re.findall(r"\bpodium\.([a-z]\w*)\(", block):
            assert name in podium.__all__
        for module, names in re.findall(r"^from (podium[\w.]*) import ([\w, ]+)", block, flags=re.MULTILINE):
            for name in names.split(","):
                assert hasattr(importlib.import_module(module), name.strip())


def test_make_targets_that_the_readme_names_exist() -> None:
    targets = {
        line.split()[1] for block in blocks_of(PAGES[0], "sh") for line in block.splitlines() if line[:5] == "make "
    }
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8") if (ROOT / "Makefile").exists() else ""
    for target in targets:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
