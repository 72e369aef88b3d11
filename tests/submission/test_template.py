from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import SubmissionError
from podium.submission import read_template
from podium.submission.text_encoding import decode_exactly

STYLES = [
    (mark, encoding)
    for mark, encoding in (
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (b"", "cp949"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (b"", "utf-16-le"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    )
]


@pytest.mark.parametrize(("mark", "encoding"), STYLES)
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_style_comes_back_byte_by_byte(
    sample: Callable[..., Path], mark: bytes, encoding: str, delimiter: str, end: str
) -> None:
    rows = [["파일명", "정답"], ["얼굴 하나.jpg", "0"], ['"얼굴,|;\t둘.jpg"', '"0"'], ["얼굴 셋.jpg", " 0 "]]
    data = mark + (end.join(delimiter.join(row) for row in rows) + end + end).encode(encoding)
    template = read_template(sample(data))
    assert (template.encoding, template.mark, template.delimiter) == (encoding, mark, delimiter)
    assert template.columns == ("파일명", "정답")
    assert template.cells("파일명") == ("얼굴 하나.jpg", "얼굴,|;\t둘.jpg", "얼굴 셋.jpg")
    assert template.fill({}) == data
    new = [row if place == 0 else [row[0], row[1].replace("0", "17")] for place, row in enumerate(rows)]
    expected = mark + (end.join(delimiter.join(row) for row in new) + end + end).encode(encoding)
    assert template.fill({"정답": ["17", "17", "17"]}) == expected


def test_text_that_looks_like_numbers_or_missing_values_stays_text(sample: Callable[..., Path]) -> None:
    template = read_template(sample("id,ans\n007,NA\nNA,1e5\n1_000,\n=1+1,nan"))
    assert template.cells("id") == ("007", "NA", "1_000", "=1+1")
    assert template.cells("ans") == ("NA", "1e5", "", "nan")


def test_mixed_line_ends_and_a_missing_last_one_are_kept(sample: Callable[..., Path]) -> None:
    data = b"id,ans\r\nx,0\ny,0\r\nz,0"
    assert read_template(sample(data)).fill({"ans": ["1", "2", "3"]}) == b"id,ans\r\nx,1\ny,2\r\nz,3"


def test_bars_inside_cells_do_not_hide_the_comma(sample: Callable[..., Path]) -> None:
    assert read_template(sample("id,labels\nx,a|b\ny,a\n")).delimiter == ","


@given(st.binary(max_size=200))
def test_any_bytes_are_kept_or_refused(data: bytes) -> None:
    try:
        text, encoding, mark = decode_exactly(data, where=Path("sample.csv"))
    except SubmissionError:
        return
    assert mark + text.encode(encoding) == data


@pytest.mark.parametrize("order", ["be", "le"])
def test_a_named_encoding_leaves_the_byte_order_to_the_mark(sample: Callable[..., Path], order: str) -> None:
    data = ("\ufeffid,ans\n가,0\n").encode(f"utf-16-{order}")
    template = read_template(sample(data), encoding="utf-16")
    assert (template.cells("id"), template.fill({})) == (("가",), data)


def test_an_encoding_that_would_change_bytes_is_refused(sample: Callable[..., Path]) -> None:
    with pytest.raises(SubmissionError, match="do not survive utf-7"):
        read_template(sample(b"id,ans\n+AGE-,0\n"), encoding="utf-7")
