"""Samples of several sources: unique ids that say their source, one task, missing labels where a source has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from podium.errors import LabelError, PodiumError, SourceError, UnknownNameError, UsageError
from podium.tables import Head, Samples, Task, as_text_array, concat_samples, load_samples, move_samples, save_samples

KIND = Head("kind", "single", ("cat", "dog", "fox"))
TAGS = Head("tags", "multi", ("red", "green"))


def make(root: str, names: list[str], **changes: object) -> Samples:
    n = len(names)
    given: dict[str, object] = {
        "task": Task((KIND, TAGS)),
        "labels": {"kind": np.arange(n) % 3, "tags": np.tile(np.array([[1, 0]], dtype=np.int8), (n, 1))},
    }
    return Samples(Path(root), as_text_array(names), as_text_array(names), **given | changes)  # type: ignore[arg-type]


def test_ids_are_unique_and_say_their_source() -> None:
    joined = Samples.concat({"photos": make("/a", ["1.jpg", "2.jpg"]), "web": make("/b", ["1.jpg"])})
    assert joined.ids.tolist() == ["1.jpg", "2.jpg", "web:1.jpg"]
    assert joined.source is not None
    assert joined.source.tolist() == ["photos", "photos", "web"]
    assert [joined.file(row) for row in range(3)] == [Path("/a/1.jpg"), Path("/a/2.jpg"), Path("/b/1.jpg")]
    assert joined.take([2, 0]).file(0) == Path("/b/1.jpg")


def test_classes_take_the_main_sources_numbers_and_absent_heads_are_missing() -> None:
    own = Head("kind", "single", ("fox", "cat"))
    part = make("/b", ["x", "y", "z"], task=Task((own,)), labels={"kind": np.array([0, 1, -1])})
    joined = concat_samples({"main": make("/a", ["1"]), "more": part})
    assert joined.labels["kind"].tolist() == [0, 2, 0, -1]
    assert joined.labels["tags"].tolist() == [[1, 0], [-1, -1], [-1, -1], [-1, -1]]
    assert joined.task == Task((KIND, TAGS))


def test_labels_of_a_list_that_lacks_a_class_are_unknown_there() -> None:
    part = make("/b", ["x"], task=Task((Head("tags", "multi", ("green",)),)), labels={"tags": np.array([[1]], np.int8)})
    assert concat_samples({"main": make("/a", ["1"]), "more": part}).labels["tags"].tolist() == [[1, 0], [-1, 1]]


def test_groups_keep_their_names_and_optional_columns_are_filled() -> None:
    first = make("/a", ["1", "2"], group=as_text_array(["ann", "bo"]), numbers={"age": np.array([3.0, 4.0])})
    joined = concat_samples({"main": first, "more": make("/b", ["1"], split=as_text_array(["train"]))})
    assert joined.group is not None
    assert joined.split is not None
    assert joined.group.tolist() == ["ann", "bo", ""]
    assert joined.split.tolist() == ["", "", "train"]
    assert joined.numbers["age"][:2].tolist() == [3.0, 4.0]
    assert np.isnan(joined.numbers["age"][2])


def test_borders_of_numbers_are_those_of_all_sources() -> None:
    first, bare = make("/a", ["1"], borders={"age": (30.0, 60.0)}), make("/b", ["1"])
    assert concat_samples({"main": first, "more": bare}).borders == first.borders
    with pytest.raises(LabelError, match=r"'age' has the borders \[30.0, 60.0\], but \[30.0\] in 'more'.*bins"):
        concat_samples({"main": first, "more": make("/b", ["1"], borders={"age": (30.0,)})})


def test_a_table_of_several_sources_comes_back_and_each_can_move(tmp_path: Path) -> None:
    joined = concat_samples({"main": make("/a", ["1"]), "more": make("/b", ["1", "2"])})
    save_samples(joined, tmp_path)
    again = load_samples(tmp_path)
    assert again.table_digest == joined.table_digest
    assert [again.file(row) for row in range(3)] == [joined.file(row) for row in range(3)]
    move_samples(tmp_path, Path("/c"), source="more")
    move_samples(tmp_path, Path("/d"))
    assert [load_samples(tmp_path).file(row) for row in range(2)] == [Path("/d/1"), Path("/c/1")]
    with pytest.raises(UnknownNameError):
        move_samples(tmp_path, Path("/c"), source="moor")


NEW_CLASS = Task((Head("kind", "single", ("cat", "wolf")),))
OTHER_HEAD = Task((Head("age", "single", ("cat", "dog")),))
OTHER_KIND = Task((Head("kind", "multi", ("cat", "dog")),))
LABEL, LABELS = np.zeros(1, dtype=np.int64), np.zeros((1, 2), dtype=np.int8)


@pytest.mark.parametrize(
    ("part", "error", "says"),
    [
        (make("/b", ["x"], task=NEW_CLASS, labels={"kind": LABEL}), LabelError, "wolf"),
        (make("/b", ["x"], task=OTHER_HEAD, labels={"age": LABEL}), LabelError, "age"),
        (make("/b", ["x"], task=OTHER_KIND, labels={"kind": LABELS}), LabelError, "multi"),
        (make("/b", ["x"], task=None, labels={}), LabelError, "no labels"),
        (make("/a", ["1"]), SourceError, "is in the sources 'main' and 'more'"),
        (concat_samples({"x": make("/b", ["1"]), "y": make("/c", ["1"])}), UsageError, "several sources"),
    ],
)
def test_what_does_not_fit_is_refused(part: Samples, error: type[PodiumError], says: str) -> None:
    with pytest.raises(error, match=says):
        concat_samples({"main": make("/a", ["1"]), "more": part})


@pytest.mark.parametrize("name", ["", "a:b", "a/b", "a\\b"])
def test_a_name_that_would_make_ids_unclear_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="source"):
        concat_samples({"main": make("/a", ["1"]), name: make("/b", ["1"])})


def test_unlabelled_samples_are_joined() -> None:
    parts = {name: make(f"/{name}", ["1"], task=None, labels={}) for name in ("a", "b")}
    assert concat_samples(parts).task is None
    with pytest.raises(UsageError):
        concat_samples({})
