from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from podium.errors import LabelError, SourceError
from podium.tables import Head, Samples, Task, as_text_array, concat_samples, join_bags, load_samples, save_samples

TASK = Task((Head("mask", "single", ("on", "off")), Head("tags", "multi", ("hat", "beard"))))
IDS = ("d.png", "a.png", "c.png", "b.png", "e.png")


def make_samples(
    *, bag: str = "q p  p q", group: str | None = None, mask: str = "10.11", tags: str = "10.01"
) -> Samples:
    """Five images; the third is in no bag."""
    cells = as_text_array(bag.split(" "))
    labels = {
        "mask": np.array([-1 if cell == "." else int(cell) for cell in mask]),
        "tags": np.array([[-1, -1] if cell == "." else [int(cell), 0] for cell in tags], dtype=np.int8),
    }
    ids = as_text_array(IDS)
    return Samples(
        Path(), ids, ids, TASK, labels, bag=cells, group=None if group is None else as_text_array(group.split(" "))
    )


def test_a_bag_is_one_row_with_the_labels_of_all_its_images() -> None:
    joined = join_bags(make_samples(mask="1..01", tags="10.01", bag="q p  p q"))
    assert joined.ids.tolist() == ["q", "p", "c.png"]
    assert joined.paths.tolist() == ["d.png", "a.png", "c.png"]
    assert joined.labels["mask"].tolist() == [1, 0, -1]
    assert joined.labels["tags"].tolist() == [[1, 0], [0, 0], [-1, -1]]
    assert joined.bag is None
    assert join_bags(joined) is joined


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"mask": "10.00"}, LabelError, "'mask' differs inside 1 bag: 'q' (off, on)"),
        ({"mask": "10.11"}, LabelError, "'mask' differs inside 1 bag: 'p'"),
        ({"mask": "11.11", "group": "g h   k"}, SourceError, "in several groups: 'q' (g, k)"),
        ({"mask": "11.11", "bag": "a.png p  p a.png"}, None, ""),
        ({"mask": "11.11", "bag": "c.png p  p c.png"}, SourceError, "'c.png' names a bag, and an image"),
    ],
)
def test_a_bag_that_cannot_have_one_answer_is_refused(
    changes: dict[str, str], error: type[Exception] | None, words: str
) -> None:
    if error is None:
        make_samples(**changes)
        return
    with pytest.raises(error) as caught:
        make_samples(**changes)
    assert words in str(caught.value)


def test_bags_travel_with_the_table(tmp_path: Path) -> None:
    samples = make_samples(mask="11.11")
    save_samples(samples, tmp_path)
    again = load_samples(tmp_path)
    assert again.bag is not None
    assert again.bag.tolist() == ["q", "p", "", "p", "q"]
    assert again.table_digest == samples.table_digest
    both = concat_samples({"one": samples.take([0, 1, 2]), "two": samples.take([3, 4])})
    assert both.bag is not None
    assert both.bag.tolist() == ["q", "p", "", "p", "q"]
