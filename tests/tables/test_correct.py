"""The overlay of corrections: what it changes, what it leaves, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from podium.errors import LabelError
from podium.tables import (
    DROP,
    Correction,
    Samples,
    correct_samples,
    digest_corrections,
    is_correction_of,
    load_samples,
    save_samples,
)
from tiny.contest import make_samples


@pytest.fixture
def samples(tmp_path: Path) -> Samples:
    """Three heads; every seventh image has a number behind its age."""
    found = make_samples(tmp_path / "images", "attributes")
    return replace(found, numbers={"age": np.arange(len(found), dtype=np.float64)})


ROWS = (
    Correction("00.png", "mask", "worn", "none", "kim", "no mask to be seen", "2026-11-30"),
    Correction("01.png", "age", "<30", ">=60"),
    Correction("02.png", "tags=red", "0", "1"),
    Correction("03.png", "tags=green", "0", "0", why="looked at it"),
    Correction("05.png", "age", "", "<30"),
    Correction("04.png", "", "", DROP),
    Correction("06.png", "mask", "worn", DROP),
)


def test_only_what_a_row_says_is_changed(samples: Samples) -> None:
    found = correct_samples(samples, ROWS)
    assert len(found) == len(samples) - 2
    assert not {"04.png", "06.png"} & set(found.ids)
    before = samples.take(samples.rows_of(found.ids))
    changed = {
        (str(found.ids[row]), name)
        for name in found.labels
        for row in np.flatnonzero((found.labels[name] != before.labels[name]).reshape(len(found), -1).any(axis=1))
    }
    assert changed == {("00.png", "mask"), ("01.png", "age"), ("02.png", "tags"), ("05.png", "age")}
    assert np.isnan(found.numbers["age"][found.rows_of(["01.png", "05.png"])]).all()
    assert found.digest != samples.digest
    assert samples.labels["mask"][0] == 0  # the original is as it was


def test_without_its_row_a_label_is_what_it_was(samples: Samples) -> None:
    whole, less = correct_samples(samples, ROWS), correct_samples(samples, ROWS[1:])
    assert less.labels["mask"][0] == samples.labels["mask"][0] != whole.labels["mask"][0]
    assert correct_samples(samples, ()).digest == samples.digest
    assert digest_corrections(ROWS) == digest_corrections(ROWS[::-1]) != digest_corrections(ROWS[1:])


def test_shares_follow(samples: Samples) -> None:
    mask, tags = np.full((36, 2), 0.5), np.full((36, 2), 0.25)
    found = correct_samples(replace(samples, soft={"mask": mask, "tags": tags}), ROWS)
    assert found.soft["mask"][0].tolist() == [0, 1]
    assert found.soft["tags"][2].tolist() == [1, 0.25]
    assert found.soft["mask"][1].tolist() == [0.5, 0.5]


def test_it_travels_with_the_samples(samples: Samples, tmp_path: Path) -> None:
    found = correct_samples(samples, ROWS)
    save_samples(found, tmp_path)
    assert load_samples(tmp_path).corrections == ROWS
    assert f'"{digest_corrections(ROWS)}"' in (tmp_path / "samples.json").read_text()
    joined = Samples.concat({"main": found, "more": replace(found.take([0]), root=tmp_path / "more")})
    assert joined.corrections[len(ROWS)].image == "more:00.png"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (Correction("08.pgn", "mask", "worn", "none"), "row 8: there is no image '08.pgn' .did you mean '08.png'"),
        (Correction("08.png", "maks", "worn", "none"), "row 8: there is no head 'maks' .did you mean 'mask'"),
        (Correction("08.png", "tags", "0", "1"), "row 8: there is no head 'tags'.*tags=red"),
        (Correction("08.png", "mask", "none", "worn"), "row 8: '08.png' has the label 'worn' for 'mask', not 'none'"),
        (Correction("08.png", "mask", "worn", "nona"), "row 8: 'mask' has no class 'nona' .did you mean 'none'"),
        (Correction("08.png", "tags=red", "0", "red"), "row 8: 'tags=red' has no class 'red'"),
        (Correction("08.png", "", "", "none"), "row 8: it names no head"),
        (Correction("00.png", "mask", "none", "worn"), "row 8: row 1 speaks of '00.png' already"),
        (Correction("04.png", "mask", "worn", "none"), "row 8: row 6 speaks of '04.png' already"),
    ],
)
def test_a_row_that_does_not_fit_is_named(samples: Samples, row: Correction, said: str) -> None:
    with pytest.raises(LabelError, match=said):
        correct_samples(samples, [*ROWS, row])


def test_all_rows_that_do_not_fit_are_listed(samples: Samples) -> None:
    twice = correct_samples(samples, ROWS)
    with pytest.raises(LabelError, match="more rows are refused too") as refused:
        correct_samples(twice, ROWS)
    assert len(refused.value.details) == 6  # but the one that confirms a label


def test_what_is_a_correction_of_what(samples: Samples) -> None:
    found = correct_samples(samples, ROWS)
    assert is_correction_of(found, samples)
    assert is_correction_of(found, correct_samples(samples, ROWS[:1]))
    assert not is_correction_of(replace(found, corrections=ROWS[1:]), samples)
    assert not is_correction_of(found.take(np.arange(20)), samples)
    assert not is_correction_of(replace(found, group=None), samples)
