from __future__ import annotations

from podium.columns import align_columns


def test_text_stands_to_the_left_and_numbers_to_the_right() -> None:
    assert align_columns(["name", "n"], [["cat", "9"], ["elephant", "1,000"]], left=1) == [
        "name          n",
        "cat           9",
        "elephant  1,000",
    ]


def test_wide_letters_take_two_columns_and_marks_none() -> None:
    rows = [["고양이", "x"], ["abcdef", "x"], ["re\u0301sume", "x"]]
    korean, latin, marked = align_columns(["a", "b"], rows, left=2)[1:]
    assert korean.index("x") == len("고양이") + 2
    assert latin.index("x") == len("abcdef") + 2
    assert marked.index("x") == len("re\u0301sume") + 2


def test_what_commands_a_terminal_is_an_escape() -> None:
    assert align_columns(["a"], [["\x1b[31m"]], left=1) == ["a", "\\x1b[31m"]


def test_no_line_ends_with_blanks() -> None:
    assert align_columns(["a", "bb"], [["x", ""]], left=2) == ["a  bb", "x"]
