"""Text from the data that gives a terminal no orders, and stays what it is where it gives none."""

from __future__ import annotations

import unicodedata

import pytest

from podium.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("cat's \\x1b", "cat's \\x1b"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\rb\nc\td", "a\\rb\\nc\\td"),
        ("\x9b2J\x7f\x00", "\\x9b2J\\x7f\\x00"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ("\u2028\ufeff\udce9", "\\u2028\\ufeff\\udce9"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_commands_a_terminal_is_written_as_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize("text", ["한글 고양이", "re\u0301sume\u0301", "a\u00a0b\u3000c", "👩\u200d🔬", "می\u200cخوا"])
def test_what_people_write_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.long
def test_no_character_of_control_or_format_passes_but_the_two_joiners() -> None:
    passed = set(printable("".join(map(chr, range(0x110000)))))
    assert {letter for letter in passed if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} == {
        "\u200c",
        "\u200d",
    }


def test_characters_to_keep_are_kept() -> None:
    assert printable("a\nb\tc", keep="\n") == "a\nb\\tc"
