from __future__ import annotations

import io

import pytest

from podium.machine.styles import wants_styles


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("term", "no_color", "wanted"),
    [("xterm", None, True), ("xterm", "", True), ("xterm", "0", False), ("dumb", None, False), (None, None, True)],
)
def test_a_terminal_is_styled_unless_it_says_no(
    term: str | None, no_color: str | None, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("TERM", term), ("NO_COLOR", no_color)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert wants_styles(Terminal()) is wanted
    assert not wants_styles(io.StringIO())
