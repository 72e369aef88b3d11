"""Forms come apart as they were put together, and anything else is refused."""

from __future__ import annotations

from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.serve.parts import check_type, split_body
from podium.serve.refusal import Refusal

FILES = st.lists(
    st.tuples(st.text(st.characters(codec="utf-8", exclude_characters='"\\'), min_size=1, max_size=9), st.binary()),
    min_size=1,
    max_size=5,
)


@pytest.mark.slow
@given(FILES)
def test_files_of_a_form_come_out_with_their_names(files: list[tuple[str, bytes]]) -> None:
    request = httpx.Request(
        "POST", "http://x", files=[("files", (f"{row}.jpg", data)) for row, (_, data) in enumerate(files)]
    )
    found = split_body(request.headers["content-type"], request.read(), max_images=5)
    assert found == [(f"{row}.jpg", data) for row, (_, data) in enumerate(files)]


def test_names_in_hangul_and_fields_without_a_file_name() -> None:
    request = httpx.Request("POST", "http://x", files=[("a", ("사진.jpg", b"1")), ("b", (None, b"2"))])
    found = split_body(request.headers["content-type"], request.read(), max_images=5)
    assert [data for _, data in found] == [b"1", b"2"]
    assert found[0][0] == "사진.jpg"
    assert found[1][0] == "b"


@pytest.mark.slow
@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_refused(body: bytes) -> None:
    for whole in (
        body,
        b"--x\r\n" + body,
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + body + b"\r\n--x--",
    ):
        with suppress(Refusal):
            assert 1 <= len(split_body("multipart/form-data; boundary=x", whole, max_images=2)) <= 2


def test_long_headers_and_boundaries_are_refused() -> None:
    long = b'--x\r\nContent-Disposition: form-data; name="' + b"a" * 5000 + b'"\r\n\r\n1\r\n--x--\r\n'
    with pytest.raises(Refusal, match="cannot be read"):
        split_body("multipart/form-data; boundary=x", long, max_images=2)
    with pytest.raises(Refusal, match="no boundary"):
        split_body(f"multipart/form-data; boundary={'x' * 300}", b"", max_images=2)


@pytest.mark.parametrize(
    "kind", ["image/jpeg", "image/x; a=b", "application/octet-stream", "", "multipart/form-data; boundary=x"]
)
def test_types_of_images_are_taken(kind: str) -> None:
    check_type(kind)


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/mixed", "text/html; image/png"])
def test_others_are_not(kind: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_type(kind)
    assert refused.value.status == 415


def test_a_raw_image_has_the_name_that_was_given() -> None:
    assert split_body("image/png", b"1", max_images=1, name="a") == [("a", b"1")]
    assert split_body("", b"", max_images=1) == [("0", b"")]
