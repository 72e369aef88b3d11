"""CONTRIBUTING.md can be followed: its blocks, applied to a copy of the source code, add a part that works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COPIED = (
    "src",
    "tests",
    "scripts",
    "docs",
    "examples",
    "conftest.py",
    "pyproject.toml",
    "CONTRIBUTING.md",
    "README.md",
    "DESIGN.md",
)
SECTIONS = dict(re.findall(r"^### (Add [\w ]+)\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE))
_BLOCK = re.compile(r"^ *```(\w+) ?([^\n]*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


def blocks_of(section: str) -> Iterator[tuple[str, str, str]]:
    """Language, file and text of each block of a section."""
    for language, file, text in _BLOCK.findall(SECTIONS[section]):
        yield language, file, textwrap.dedent(text)


def change(path: Path, text: str) -> None:
    """Apply a block of lines that begin with a blank, a minus or a plus; they fit one place."""
    lines = text.splitlines()
    assert all(line[:1] in {" ", "+", "-", ""} for line in lines), text
    old = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "+")
    new = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "-")
    before = path.read_text(encoding="utf-8")
    assert ("\n" + before).count("\n" + old) == 1, f"{path} holds {before.count(old)} times:\n{old}"
    path.write_text(("\n" + before).replace("\n" + old, "\n" + new)[1:], encoding="utf-8")


ALL_LINES = """
import json, os, runpy, sys
import pytest, timm, torch, podium.recipe, podium.workflows  # takes longer than the tests: once, and a fork a line

OPTIONS = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--assert=plain", "-W", "ignore:Module already imported"]
for program, *line in json.loads(sys.argv[1]):
    child = os.fork()
    if not child:
        if program != "scripts/test":
            sys.argv = [program, *line]
            runpy.run_path(program, run_name="__main__")
            sys.exit()
        code = pytest.main([*OPTIONS, *line])
        sys.stdout.flush()
        os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        sys.exit(f"{line} ended with {code}")
"""


def words_of(line: str) -> list[str]:
    return [a or b for a, b in re.findall(r'"([^"]*)"|(\S+)', line)]


def run(arguments: list[str], folder: Path) -> None:
    """Run this Python on the copy."""
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, f"{arguments}\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The source code, to be changed."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            left_out = shutil.ignore_patterns("*-pytest-*.pyc", "*.png", "runs")
            shutil.copytree(ROOT / name, tmp_path / name, ignore=left_out)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_page_has_these_recipes() -> None:
    assert list(SECTIONS) == ["Add a metric", "Add a loss", "Add an augmentation", "Add a preset"]


@pytest.mark.long
def test_parts_are_added_by_following_the_page(copy: Path) -> None:
    """All of them in one copy: first the files, then each command once."""
    commands: list[list[str]] = []
    for section in SECTIONS:
        for language, file, text in blocks_of(section):
            if language == "sh":
                commands += map(words_of, text.splitlines())
            elif language == "diff":
                change(copy / file, text)
            else:
                assert not (copy / file).exists(), file
                (copy / file).write_text(text, encoding="utf-8")
    tests = [command for command in commands if command[0] == "scripts/test"]
    assert len(tests) == len(SECTIONS)
    makers = dict.fromkeys(tuple(command) for command in commands if command[0] != "scripts/test")
    run(["-c", ALL_LINES, json.dumps([*makers, *tests])], copy)
    run(["-m", "ruff", "check", "-q", "src", "tests"], copy)
