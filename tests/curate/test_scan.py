import json
import subprocess
import sys
import zipfile
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from podium.curate import ScanOptions, scan
from podium.errors import SourceError, TableError, UnknownNameError, UsageError

pytestmark = pytest.mark.shared


def _read(folder, name="labels.csv"):
    return pd.read_csv(folder / name, dtype=str, keep_default_na=False).set_index("path", drop=False)


def _classes_by_id(samples, head):
    classes = np.array([*samples.task.head(head).classes, ""], dtype=object)
    return dict(zip(samples.ids, classes[samples.labels[head]], strict=True))


def test_contest_faces_by_pattern_and_by_table_agree(shared_data):
    root = shared_data("mask7_semisynth") / "train"
    by_pattern = scan(
        root,
        ScanOptions(
            pattern="{id}_{gender}_{race}_{age:int}/{mask}*",
            composite="mask*6 + gender*3 + age",
            classes={"mask": ("mask", "incorrect_mask", "normal"), "gender": ("male", "female")},
            bins={"age": (30, 60)},
        ),
    ).samples
    by_table = scan(root, ScanOptions(label_columns=("gender", "age"), bins={"age": (30, 60)})).samples
    assert len(by_pattern) == len(by_table) == 225 * 7
    for head in ("gender", "age"):
        assert _classes_by_id(by_pattern, head) == _classes_by_id(by_table, head)
    groups = dict(zip(by_pattern.ids, by_pattern.group, strict=True))
    assert groups == dict(zip(by_table.ids, by_table.group, strict=True))
    assert set(Counter(by_pattern.group).values()) == {7}
    assert Counter(_classes_by_id(by_pattern, "mask").values()) == {"mask": 1125, "incorrect_mask": 225, "normal": 225}


def test_contest_eval_set_is_unlabelled(shared_data):
    found = scan(shared_data("mask7_semisynth") / "eval")
    info = _read_info(shared_data("mask7_semisynth") / "eval" / "info.csv")
    assert found.samples.task is None
    assert [name.split("/")[-1] for name in found.samples.ids] == info


def _read_info(path):
    return pd.read_csv(path, dtype=str)["ImageID"].tolist()


def test_dirty_letters(shared_data):
    folder = shared_data("dirty_letters26")
    samples, table = scan(folder).samples, _read(folder)
    letters = list("abcdefghijklmnopqrstuvwxyz")
    assert samples.task.head("labels").classes == tuple(letters)
    table = table.loc[samples.ids]
    np.testing.assert_array_equal(samples.labels["labels"], table[letters].astype(int))
    assert samples.group.tolist() == table["group"].tolist()
    assert samples.split.tolist() == table["split"].tolist()


@pytest.mark.long
def test_fashion_products(shared_data):
    folder = shared_data("fashion_products")
    with pytest.raises(SourceError, match="8 columns could be labels"):
        scan(folder)
    heads = ("gender", "masterCategory", "season", "usage")
    found = scan(folder, ScanOptions(label_columns=heads))
    table = _read(folder)
    for head in heads:
        assert _classes_by_id(found.samples, head) == table[head].to_dict()
    assert any("missing_values=['NA']" in note for note in found.notes)
    mended = scan(folder, ScanOptions(label_columns=heads, missing_values=("NA",))).samples
    n_unknown = table["usage"].isin(["NA", ""]).sum()
    assert (mended.labels["usage"] == -1).sum() == n_unknown > 0


@pytest.mark.parametrize("name", ["hymenoptera", "sign_digits", "mask_pairs"])
def test_folders_and_table_say_the_same(shared_data, name):
    folder = shared_data(name)
    by_folder = scan(folder, ScanOptions(layout="folders")).samples
    by_table = scan(folder).samples
    assert _classes_by_id(by_folder, "label") == _classes_by_id(by_table, "label") == _read(folder)["label"].to_dict()
    if name == "hymenoptera":
        splits = dict(zip(by_folder.ids, by_folder.split, strict=True))
        assert splits == dict(zip(by_table.ids, by_table.split, strict=True))
        assert Counter(splits.values()) == {"train": 243, "valid": 153}


def test_chest_xrays_are_grouped_by_patient(shared_data):
    samples = scan(shared_data("covid_chestxray"), ScanOptions(label_columns=("finding",))).samples
    assert len(samples) == 153
    assert len(set(samples.group)) == 83


def test_solar_cells_have_two_heads_with_probabilities_in_order(shared_data):
    options = ScanOptions(label_columns=("defect_probability", "module_type"))
    samples = scan(shared_data("elpv_solar"), options).samples
    values = [float(name) for name in samples.task.head("defect_probability").classes]
    assert values == sorted(values)
    assert np.bincount(samples.labels["defect_probability"]).tolist() == [1508, 295, 106, 715]


@pytest.mark.slow
def test_omniglot_folders_are_nested_classes(shared_data, tmp_path):
    archive = zipfile.ZipFile(shared_data("omniglot_small") / "images_background_small1.zip")
    names = [name for name in archive.namelist() if name.endswith(".png") and "__MACOSX" not in name]
    for name in names:
        target = (tmp_path / name).resolve()
        assert target.is_relative_to(tmp_path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"x")
    found = scan(tmp_path, ScanOptions(group=r"_(\d+)\.png$"))
    assert set(found.samples.task.heads[0].classes) == {"/".join(name.split("/")[1:3]) for name in names}
    assert len(set(found.samples.group)) == 20


def test_record_is_json_and_holds_the_guesses(shared_data):
    record = json.loads(json.dumps(scan(shared_data("mask_pairs")).to_dict()))
    assert record["n_groups"] == 746
    assert [guess["what"] for guess in record["guesses"]] == ["table of labels", "image column", "group", "labels"]


def test_options_refuse_contradictions(tmp_path):
    with pytest.raises(UnknownNameError, match="Did you mean 'folders'"):
        ScanOptions(layout="folder")
    with pytest.raises(UsageError, match="both a pattern and a table"):
        ScanOptions(pattern="{a}", labels=tmp_path)
    with pytest.raises(UsageError, match="needs a pattern"):
        ScanOptions(layout="pattern")


@pytest.mark.slow
def test_importing_the_room_loads_nothing_heavy():
    heavy = "torch pandas pyarrow PIL cv2 sklearn"
    code = f"import sys, podium.curate; print([m for m in '{heavy}'.split() if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_misspelt_table_is_found_in_the_data_folder(make_tree, tmp_path, monkeypatch):
    root = make_tree("1.jpg", "2.jpg", labels="image,label\n1.jpg,a\n2.jpg,b\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TableError, match=r"labls\.csv: there is no such file\. Did you mean `labels='.*labels\.csv'`"):
        scan(root, ScanOptions(labels="labls.csv"))
    with pytest.raises(TableError, match=r"Tables in .*: labels\.csv"):
        scan(root, ScanOptions(labels="truth.csv"))
    assert len(scan(root, ScanOptions(labels="labels.csv")).samples) == 2


def test_of_several_targets_the_main_one_is_named_with_the_way_to_choose(make_tree):
    root = make_tree("1.jpg", "2.jpg", t="image,hue,size\n1.jpg,red,big\n2.jpg,blue,small\n")
    found = scan(root, ScanOptions(label_columns=("hue", "size")))
    (note,) = [note for note in found.notes if note.startswith("Main target: 'hue', the first of 2")]
    assert "`label_columns=['size', 'hue']`" in note
    assert scan(root, ScanOptions(label_columns=("size", "hue"))).samples.task.main_target.name == "size"
    one = scan(root, ScanOptions(label_columns=("hue",)))
    whole = scan(root, ScanOptions(label_columns=("hue", "size"), composite="auto"))
    assert not any("Main target" in note for note in (*one.notes, *whole.notes))
