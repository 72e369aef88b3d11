"""What objects show in a terminal and in a notebook."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import podium
from podium.overview import Overview
from podium.tables import Folds, Head, Predictions, Samples, Task, as_text_array


class Tags(HTMLParser):
    """Opened and closed tags, to see that they match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_well_formed_and_nothing_of_the_data_is_markup() -> None:
    made = Overview("T", ["<b>1</b>"], ("a<",), [("<script>x</script>",)], 5, ["<i>note</i>"]).to_html()
    tags = Tags(made)
    assert not tags.open
    assert not {"script", "b", "i"} & set(tags.seen)
    assert "and 4 more" in made
    assert "more" not in Overview("T", rows=[(1,)], n_rows=1).to_html()


def things() -> list[object]:
    n = 2000
    heads = Head("kind", "single", ("a", "b", "c")), Head("tags", "multi", ("x", "y"))
    labels = {"kind": np.arange(n) % 3, "tags": (np.arange(n)[:, None] % [2, 3] == 0).astype(np.int8)}
    ids, group = as_text_array([f"{row}.png" for row in range(n)]), as_text_array([f"g{row // 4}" for row in range(n)])
    samples = Samples(Path("photos"), ids, ids, Task(heads), labels, group)
    folds = podium.make_folds(samples, folds=4)
    assert samples.task is not None
    probs = {"kind": np.full((n, 3), 1 / 3), "tags": np.full((n, 2), 0.5)}
    oof = Predictions(samples.task, samples.ids, folds.fold, probs)
    return [samples, podium.Scan(samples, notes=("a note",)), folds, oof, podium.compose_recipe()]


@pytest.mark.parametrize("place", range(5))
def test_the_line_is_short_and_the_table_small(place: int) -> None:
    thing = things()[place]
    assert "\n" not in repr(thing)
    assert 10 < len(repr(thing)) < 160
    html = thing._repr_html_()  # type: ignore[attr-defined]
    assert not Tags(html).open
    assert len(html) < 8000


def test_numbers_in_the_line_are_those_of_the_object() -> None:
    samples, scan, folds, oof, recipe = things()
    assert repr(samples) == "Samples(2,000 images, kind (3 classes), tags (2 labels), 500 groups)"
    assert repr(scan) == "Scan(2,000 images, kind (3 classes), tags (2 labels), 500 groups)"
    assert isinstance(folds, Folds)
    assert repr(folds) == f"Folds(4 folds, 2,000 images, {folds.method}, seed 0)"
    assert repr(oof) == "Predictions(2,000 images, kind (3 classes), tags (2 labels), folds 0, 1, 2, 3)"
    assert repr(recipe).startswith("Recipe(baseline, ")
    changed = podium.compose_recipe(overrides={"head.kind": "gradient", "training.epochs": 7})
    assert repr(changed).endswith("7 epochs, 2 keys changed)")
    assert "training.epochs" in changed._repr_html_()


def test_names_from_the_data_command_neither_terminal_nor_page() -> None:
    odd = Overview("Scan", ["a\x1b[31m\u202e"], header=["x\x9b"], rows=[["b\x07"]], notes=["c\u2066"])
    assert str(odd) == "Scan(a\\x1b[31m\\u202e)"
    assert odd.to_html().isprintable()
