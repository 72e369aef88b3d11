"""Chains of detectors as people write them."""

from __future__ import annotations

import pytest

from podium.errors import UsageError
from podium.regions import read_chain


def test_a_chain_is_a_text_or_a_list() -> None:
    wanted = ["retinaface", "mtcnn:confident", "centre:0.6"]
    for value in ("retinaface,mtcnn:confident,centre:0.6", "retinaface > mtcnn:confident > center:0.6", wanted):
        chain = read_chain(value)
        assert chain.names() == wanted
        assert chain.has_answer_for_all
    assert read_chain(read_chain("fixed:1:2:30:40").names()).links[0].numbers == (1, 2, 30, 40)


def test_static_boxes_follow_the_image_in_fractions_only() -> None:
    centre, pixels, shares = (
        read_chain(word).links[0] for word in ("centre:0.5", "fixed:1:2:30:40", "fixed:0:0:1:0.5")
    )
    assert centre.box((100, 80)).tolist() == [25, 20, 75, 60]
    assert pixels.box((100, 80)).tolist() == [1, 2, 30, 40]
    assert shares.box((100, 80)).tolist() == [0, 0, 100, 40]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "no detector"),
        ("centre,retinaface", "never asked"),
        ("centre:2", "no box"),
        ("fixed:5:5:1:9", "no box"),
        ("fixed", "no box"),
        ("retinaface:best", "no link"),
        ("table,centre", "before every chain"),
    ],
)
def test_what_is_no_chain_is_refused(value: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_chain(value)
