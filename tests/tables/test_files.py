"""Tables on disk: every name survives, every edit is noticed, no cell is run by a spreadsheet."""

from __future__ import annotations

import csv
import json
import os
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import CorruptFileError, PodiumError, StorageError
from podium.tables import (
    Folds,
    Head,
    Predictions,
    Samples,
    Task,
    as_text_array,
    load_folds,
    load_predictions,
    load_samples,
    move_samples,
    normalise_id,
    path_from_text,
    path_to_text,
    save_folds,
    save_predictions,
    save_samples,
)

HANGUL = "한글 사진"
NAMES = [
    unicodedata.normalize("NFC", HANGUL),
    unicodedata.normalize("NFD", HANGUL) + " 2",
    "comma, and; semicolon",
    "quote \" and 'single'",
    "new\nline",
    "carriage\rreturn",
    "both\r\nof them",
    "tab\there",
    "emoji 😀👩‍👩‍👧",
    "e" * 255,
    "한" * 85,
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "'apostrophe",
    "''two",
    "\ttab first",
    "\rreturn first",
    " spaces ",
    "007",
    "NA",
    "nan",
    "TRUE",
    "1e5",
    "%00",
    "back\\slash",
    os.fsdecode(b"latin caf\xe9"),
    os.fsdecode(b"broken \xff\xfe"),
]


def table_of(names: list[str]) -> Samples:
    """Samples of these file names, as a scan makes them: the id is the readable form of the path."""
    paths = [path_to_text(name) for name in names]
    return Samples(
        Path("/data"),
        as_text_array([normalise_id(path) for path in paths]),
        as_text_array(paths),
        Task((Head("kind", "single", ("x", "y")),)),
        {"kind": np.arange(len(names)) % 2},
        group=as_text_array(paths),
        source=as_text_array(paths[::-1]),
    )


def assert_same(first: Samples, second: Samples) -> None:
    assert first.task == second.task
    ours, theirs = first._columns(), second._columns()
    assert list(ours) == list(theirs)
    for name, column in ours.items():
        np.testing.assert_array_equal(column, theirs[name], err_msg=name)
        assert column.dtype == theirs[name].dtype


def test_every_name_survives_samples_folds_and_predictions(tmp_path: Path) -> None:
    samples = table_of(NAMES)
    save_samples(samples, tmp_path)
    loaded = load_samples(tmp_path)
    assert_same(loaded, samples)
    assert [os.fsencode(loaded.file(row)) for row in range(len(NAMES))] == [
        os.fsencode(f"/data/{name}") for name in NAMES
    ]

    folds = Folds(samples.ids, np.arange(len(NAMES)) % 3 - 1, 2, "given", 7, samples.digest)
    save_folds(folds, tmp_path)
    assert load_folds(tmp_path).match(loaded).fold.tolist() == folds.fold.tolist()

    probs = {"kind": np.random.default_rng(0).dirichlet([1, 1], size=len(NAMES))}
    assert samples.task is not None
    save_predictions(Predictions(samples.task, samples.ids, folds.fold, probs), tmp_path / "p.parquet")
    assert load_predictions(tmp_path / "p.parquet").ids.tolist() == samples.ids.tolist()


@pytest.mark.slow
@given(st.binary(min_size=1, max_size=40).filter(lambda name: b"/" not in name and b"\0" not in name and name != b"."))
@settings(max_examples=300, deadline=None)
def test_a_path_survives_being_text_whatever_its_bytes(name: bytes) -> None:
    text = path_to_text(os.fsdecode(name))
    assert os.fsencode(path_from_text(text)) == name
    text.encode("utf-8")


def test_the_id_of_a_name_does_not_depend_on_how_the_disk_spells_it() -> None:
    nfc, nfd = (path_to_text(unicodedata.normalize(form, f"{HANGUL}/é.jpg")) for form in ("NFC", "NFD"))
    assert nfc != nfd
    assert normalise_id(nfc) == normalise_id(nfd) == nfc


def test_no_cell_starts_as_a_formula(tmp_path: Path) -> None:
    save_samples(table_of(NAMES), tmp_path)
    with (tmp_path / "samples.csv").open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert len(cells) > len(NAMES)
    suspect = [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert set(suspect) == {"-1"}, "a number is no formula"


def test_missing_labels_of_all_kinds_groups_splits_and_numbers_survive(samples: Samples, tmp_path: Path) -> None:
    save_samples(samples, tmp_path)
    assert_same(load_samples(tmp_path), samples)
    assert load_samples(tmp_path, root=tmp_path).root == tmp_path


def test_sizes_of_images_survive_and_move_with_their_rows(samples: Samples, tmp_path: Path) -> None:
    """D2."""
    sized = replace(samples, size=np.arange(2 * len(samples)).reshape(-1, 2))
    save_samples(sized, tmp_path)
    again = load_samples(tmp_path)
    assert np.array_equal(again.size, sized.size)
    assert again.take([2, 0]).size.tolist() == [[4, 5], [0, 1]]
    assert again.digest == samples.digest  # folds do not depend on it
    assert again.to_frame()["height"].tolist() == [1, 3, 5, 7, 9]


def test_samples_without_labels_survive(samples: Samples, tmp_path: Path) -> None:
    bare = Samples(Path("/data"), samples.ids, samples.paths)
    save_samples(bare, tmp_path)
    assert_same(load_samples(tmp_path), bare)


def test_a_root_that_is_not_utf8_survives(samples: Samples, tmp_path: Path) -> None:
    root = Path(os.fsdecode(b"/data/caf\xe9"))
    save_samples(replace(samples, root=root), tmp_path)
    assert load_samples(tmp_path).root == root


def test_the_same_table_saved_in_another_spelling_is_the_same(samples: Samples, tmp_path: Path) -> None:
    save_samples(samples, tmp_path)
    with (tmp_path / "samples.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    with (tmp_path / "samples.csv").open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows([rows[0], *rows[:0:-1]])
    assert load_samples(tmp_path).digest == samples.digest


EDITS: list[Callable[[str], str]] = [
    lambda text: text.replace("worn", "wrong", 1),
    lambda text: text.replace("worn", "wrogn", 1),
    lambda text: text.replace("extra,,", "extra,wrogn,", 1),  # a missing label filled in with a class that is not one
    lambda text: text.replace("extra,,", "extra,none,", 1),
    lambda text: text.replace("p2", "p1", 1),
    lambda text: text.replace("c.jpg", "d.jpg"),
    lambda text: text.replace("a/2.jpg", "a/1.jpg"),
    lambda text: "\n".join(text.splitlines()[:-1]) + "\n",
    lambda text: text.replace("label:mask", "mask", 1),
    lambda text: text.replace("id,path", "name,path", 1),
    lambda text: text.replace("p1", "p1,p1", 1),
    lambda text: text.replace(",0,1,0,", ",0,yes,0,", 1),
    lambda text: text.replace(",0,1,0,", ",0,7,0,", 1),
    lambda text: text.replace("45.0", "old", 1),
    lambda text: text.replace(",a/1.jpg", ",a/9.jpg", 1),  # the path, not the id
    lambda text: text.replace("train", "test", 1),
    lambda text: text.replace("valid", "", 1),
    lambda text: text.replace("extra", "other", 1),
    lambda text: text.replace("45.0", "46.0", 1),
    lambda text: text.replace("0.1", "", 1),
    lambda text: text.replace("id,path,group,split", "id,path,group,splits", 1),  # a column that is not read back
    lambda text: text.replace("number:years", "number:age", 1),
    lambda text: "",
]


@pytest.mark.parametrize("place", range(len(EDITS)))
def test_an_edited_table_is_refused(place: int, samples: Samples, tmp_path: Path) -> None:
    save_samples(samples, tmp_path)
    path = tmp_path / "samples.csv"
    before = path.read_text(encoding="utf-8")
    after = EDITS[place](before)
    assert after != before
    path.write_text(after, encoding="utf-8")
    with pytest.raises(CorruptFileError) as caught:
        load_samples(tmp_path)
    assert caught.value.where == str(path)


def test_a_table_of_an_older_version_is_read(samples: Samples, tmp_path: Path) -> None:
    """It has the digest that folds go by, and no other."""
    save_samples(samples, tmp_path)
    record = json.loads((tmp_path / "samples.json").read_text())
    del record["table_digest"]
    (tmp_path / "samples.json").write_text(json.dumps(record))
    assert_same(load_samples(tmp_path), samples)


def test_images_that_moved_are_found_in_their_new_folder(samples: Samples, tmp_path: Path) -> None:
    save_samples(samples, tmp_path)
    move_samples(tmp_path, tmp_path / "new")
    assert load_samples(tmp_path).root == tmp_path / "new"
    assert_same(replace(load_samples(tmp_path), root=samples.root), samples)


def test_a_table_saved_in_another_encoding_is_refused(samples: Samples, tmp_path: Path) -> None:
    named = replace(samples, group=as_text_array(["한", "한", "글", "글", ""]))
    save_samples(named, tmp_path)
    path = tmp_path / "samples.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp949"))
    with pytest.raises(CorruptFileError, match="UTF-8"):
        load_samples(tmp_path)


@pytest.mark.parametrize("edit", [("0", "1"), ("holdout", "0"), ("train", "valid"), ("fold", "folds"), ("1", "9")])
def test_edited_folds_are_refused(edit: tuple[str, str], samples: Samples, tmp_path: Path) -> None:
    save_folds(Folds(samples.ids, np.array([0, 1, 0, -1, -2]), 2, "given", 0, samples.digest), tmp_path)
    path = tmp_path / "folds.csv"
    before = path.read_text(encoding="utf-8")
    lines = before.splitlines()
    place = next(n for n, line in enumerate(lines) if edit[0] in line.split(","))
    lines[place] = ",".join(edit[1] if cell == edit[0] else cell for cell in lines[place].split(","))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(CorruptFileError) as caught:
        load_folds(tmp_path)
    assert caught.value.where == str(path)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    for load in (load_samples, load_folds, load_predictions):
        with pytest.raises(StorageError) as caught:
            load(tmp_path / "nothing")
        assert "nothing" in str(caught.value)


def test_extra_facts_are_kept_beside_the_folds(samples: Samples, tmp_path: Path) -> None:
    folds = Folds(samples.ids, np.array([0, 1, 0, -1, -2]), 2, "given", 5, samples.digest)
    save_folds(folds, tmp_path, extra={"leaks": {"n": 0}})
    loaded = load_folds(tmp_path)
    assert (loaded.method, loaded.seed, loaded.n_folds, loaded.digest) == ("given", 5, 2, folds.digest)
    assert '"leaks"' in (tmp_path / "folds.json").read_text()


def test_predictions_come_back_bit_for_bit(predictions: Predictions, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "p.parquet"
    save_predictions(predictions, path)
    loaded = load_predictions(path)
    assert loaded.task == predictions.task
    assert loaded.ids.tolist() == predictions.ids.tolist()
    assert loaded.fold.tolist() == predictions.fold.tolist()
    for name, values in predictions.probs.items():
        assert loaded.probs[name].dtype == np.float64
        assert loaded.probs[name].tobytes() == np.ascontiguousarray(values).tobytes()


@pytest.mark.slow
def test_a_damaged_prediction_file_is_never_taken_for_a_sound_one(predictions: Predictions, tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    save_predictions(predictions, path)
    sound = path.read_bytes()
    rng = np.random.default_rng(0)
    for damaged in [sound[:n] for n in (0, 3, len(sound) // 2, len(sound) - 1)]:
        path.write_bytes(damaged)
        with pytest.raises(PodiumError):
            load_predictions(path)
    for _ in range(200):
        broken = bytearray(sound)
        broken[int(rng.integers(len(sound)))] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(broken))
        try:
            loaded = load_predictions(path)
        except PodiumError:
            continue
        # A flip in an unused place may go unseen, one in a value never.
        assert (loaded.ids.tolist(), loaded.fold.tolist()) == (predictions.ids.tolist(), predictions.fold.tolist())
        for name, values in predictions.probs.items():
            np.testing.assert_array_equal(loaded.probs[name], values)


@pytest.mark.parametrize("content", ["{}", "[]", '"text"'])
def test_a_json_that_lacks_facts_is_named(content: str, samples: Samples, tmp_path: Path) -> None:
    save_samples(samples, tmp_path)
    save_folds(Folds(samples.ids, np.array([0, 1, 0, -1, -2]), 2, "given", 0, samples.digest), tmp_path)
    for name, load in (("samples.json", load_samples), ("folds.json", load_folds)):
        (tmp_path / name).write_text(content)
        with pytest.raises(CorruptFileError) as caught:
            load(tmp_path)
        assert caught.value.where == str(tmp_path / name)
