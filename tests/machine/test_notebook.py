"""Bars and notes in a cell, and silence outside of one."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from podium.machine import Notebook, Silent, default_progress, notebook


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a notebook shows, one entry a state."""
    states: list[str] = []

    def display(html: str, *, display_id: bool) -> Any:
        assert display_id
        states.append(html)
        return SimpleNamespace(update=states.append)

    ipython, shown = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
    shown.HTML, shown.display = str, display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", shown)
    monkeypatch.setattr(notebook, "_SECONDS_BETWEEN", 0.0)
    return states


def test_a_bar_counts_and_goes(cell: list[str]) -> None:
    progress = default_progress()
    assert isinstance(progress, Notebook)

    def work() -> None:
        with progress.stage("<b>decode", 3) as update:
            update(2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    first, second, last = cell
    assert first.startswith("&lt;b&gt;decode")
    assert 'value="2" max="3"' in second
    assert last == ""


def test_bars_are_not_drawn_more_often_than_people_see(cell: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "_SECONDS_BETWEEN", 60.0)
    with Notebook().stage("train", 1000) as update:
        for done in range(1000):
            update(done)
    assert len(cell) == 2


def test_notes_stand_in_the_cell(cell: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    default_progress().note("8 files exist twice.")
    assert capsys.readouterr().out == "8 files exist twice.\n"
    default_progress().note("a\x1b[31m\nb " + "x" * 33_000)
    out = capsys.readouterr().out
    assert out.startswith("a\\x1b[31m\\nb xxx")
    assert len(out) < 2_100


def test_a_lost_cell_ends_no_work(cell: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_text: str) -> int:
        raise OSError("nobody there")

    monkeypatch.setattr(sys.stdout, "write", refuse)
    default_progress().note("lost")


@pytest.mark.parametrize("shell", [None, SimpleNamespace(), SimpleNamespace(kernel=None)])
def test_a_program_or_a_terminal_is_no_notebook(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ipython = ModuleType("IPython")
    ipython.get_ipython = lambda: shell  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    assert isinstance(default_progress(), Silent)
    monkeypatch.delitem(sys.modules, "IPython")
    assert isinstance(default_progress(), Silent)
