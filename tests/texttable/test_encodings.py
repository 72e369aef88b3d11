"""Bytes to text: each encoding is found, and the text gives the same bytes again."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import TableError, UsageError
from podium.texttable.encodings import _mixes_alphabets, decode_table

_WHERE = Path("t.csv")
_KOREAN = "이미지,이름\n1.jpg,고양이\n2.jpg,강아지\n"


def _table(words: str) -> str:
    names = words.split()
    return "image,label\n" + "".join(f"{row}.jpg,{names[row % len(names)]}\n" for row in range(12))


def _read(data: bytes, encoding: str | None = None) -> str:
    found = decode_table(data, where=_WHERE, encoding=encoding)
    assert found.mark + found.text.encode(found.encoding) == data
    return found.text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp949"])
@pytest.mark.parametrize("text", [_KOREAN, "id,name\n1,a\n", "id\r1\r"])
def test_marked_text_and_korean_are_found(text, encoding):
    assert _read(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", [_KOREAN, "이미지,종류\r가나다라마바사,고양이\r", "id,name\n1,a\n"])
def test_utf_16_without_a_mark_is_found_also_where_few_letters_are_latin(text, encoding):
    assert decode_table(text.encode(encoding), where=_WHERE).encoding == encoding
    assert _read(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp949", "사과 배 포도 수박"),
        ("cp949", "똠방각하 펲시콜라 쌰쁜"),  # letters that only CP949 has, not EUC-KR
        ("cp932", "りんご ぶどう 西瓜 梨"),
        ("cp932", "東京 大阪 京都"),
        ("gb18030", "苹果 葡萄 西瓜 梨子"),
        ("gb18030", "可回收垃圾 有害垃圾 厨余垃圾 其他垃圾"),
        ("big5", "蘋果 葡萄 西瓜 橙子"),
        ("big5", "正常 異常 刮痕"),
        ("euc_jp", "りんご ぶどう みかん"),
        ("cp1252", "café thé élève naïve Müller"),
        ("cp1252", "Straße Käse Äpfel"),
        ("cp1252", "é"),
        ("cp1252", "10µm 25°C 1–2 “x” €"),
        ("cp1252", "maçã pão ação"),
    ],
)
def test_encodings_from_before_utf_8_are_found(encoding, words):
    assert _read(_table(words).encode(encoding)) == _table(words)
    assert not decode_table(_table(words).encode(encoding), where=_WHERE).is_sure


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1251", "кошка собака"),
        ("cp1251", "норма брак"),
        ("cp1253", "γάτα σκύλος"),
        ("cp1253", "μήλο αχλάδι"),
    ],
)
def test_cyrillic_and_greek_are_found(encoding, words):
    assert _read(_table(words).encode(encoding)) == _table(words)


def test_bytes_of_no_encoding_are_latin_1():
    data = b"id,name\n1,\x81\x98\n"
    assert decode_table(data, where=_WHERE).encoding == "latin-1"
    assert _read(data)


@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "cp932", "gb18030"])
def test_text_with_a_damaged_byte_is_not_taken_for_another_encoding(encoding):
    word = {"cp932": "りんご", "gb18030": "苹果树"}.get(encoding, "고양이")
    data = "\r\n".join(["image,kind", *[f"{row}.jpg,{word}" for row in range(9)]]).encode(encoding)
    with pytest.raises(TableError, match=rf"row 7 is not {encoding.upper()}.*`encoding`"):
        decode_table(data.replace(b"5.jpg,", b"5.jpg,\xff", 1), where=_WHERE)


def test_an_encoding_that_was_named_is_taken_or_the_row_said():
    with pytest.raises(TableError, match="row 3 is not utf-8"):
        decode_table(b"id,name\n1,ok\n2,caf\xe9\n", where=_WHERE, encoding="utf-8")
    assert decode_table("한글\n".encode(), where=_WHERE, encoding="latin-1").text == "한글\n".encode().decode("latin-1")


@pytest.mark.parametrize("encoding", ["utf9", "hex", "rot13", "undefined"])
def test_an_encoding_that_does_not_exist_is_bad_usage(encoding):
    with pytest.raises(UsageError, match="there is no encoding"):
        decode_table(b"id\n1\n", where=_WHERE, encoding=encoding)


@pytest.mark.parametrize("order", ["be", "le"])
def test_a_named_encoding_leaves_the_byte_order_to_the_mark(order):
    data = ("\ufeffid,ans\n가,0\n").encode(f"utf-16-{order}")
    found = decode_table(data, where=_WHERE, encoding="utf-16")
    assert (found.text, found.encoding) == ("id,ans\n가,0\n", f"utf-16-{order}")


def test_an_encoding_that_would_change_bytes_is_refused():
    with pytest.raises(TableError, match="utf-7 does not keep every byte"):
        decode_table(b"id,ans\n+AGE-,0\n", where=_WHERE, encoding="utf-7")


def test_a_mark_that_was_written_twice_is_no_letter():
    data = codecs.BOM_UTF8 * 2 + b"id\n1\n"
    assert _read(data) == "id\n1\n"


def test_zero_bytes_are_no_text():
    with pytest.raises(TableError, match="zero bytes"):
        decode_table(b"id,ans\nx\x00\x00\x00y,0\n", where=_WHERE)


@given(st.binary(max_size=200))
def test_any_bytes_are_kept_or_refused(data):
    try:
        found = decode_table(data, where=_WHERE)
    except TableError:
        return
    assert found.mark + found.text.encode(found.encoding) == data


@pytest.mark.slow
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=60))
def test_any_text_in_utf_8_is_that_text(text):
    if not text.startswith(("PK\x03", "PAR1", "%PDF", "BZh", "Rar!")):
        assert _read(text.encode()) == text or _mixes_alphabets(text)


@pytest.mark.parametrize("text", ["id,label\n图片1,\n图片2,\n", "image,label\n图1.png,0\n", "图片,n\na.png,1\n"])
def test_chinese_words_whose_bytes_happen_to_be_utf_8_are_chinese(text):
    found = decode_table(text.encode("gb18030"), where=_WHERE)
    assert text.encode("gb18030").decode("utf-8")
    assert (found.text, found.encoding, found.is_sure) == (text, "gb18030", False)
    assert _read(text.encode()) == text


@pytest.mark.parametrize(
    "words", ["µm αβ Ångström çé", "Nguyễn ơư ươ", "Ελληνικά Ł рус", "ƙasa ɓera ɗa", "5µΩ", "àéÿ", "שלום æøå"]
)
def test_words_of_one_alphabet_each_are_utf_8(words):
    assert decode_table(_table(words).encode(), where=_WHERE).encoding == "utf-8"
