import json

import pytest

from podium.curate import ScanOptions, scan
from podium.errors import SourceError

FILES = [f"{split}/{i}.png" for split in ("train", "valid", "test") for i in range(4)]


def write_tables(root, *, name="metadata.csv", header="file_name,label", splits=("train", "valid", "test")):
    for split in splits:
        rows = "".join(f"{i}.png,{'ab'[(i + len(split)) % 2]}\n" for i in range(4))
        (root / split / name).write_text(f"{header}\n{rows}")


def test_a_table_in_every_split_folder_gives_labels_and_split(make_tree):
    root = make_tree(*FILES)
    write_tables(root)
    found = scan(root)
    samples = found.samples
    classes = samples.task.heads[0].classes
    told = {
        name: (split, classes[label])
        for name, split, label in zip(samples.ids, samples.split, samples.labels["label"], strict=True)
    }
    expected = {f"{s}/{i}.png": (s, "ab"[(i + len(s)) % 2]) for s in ("train", "valid", "test") for i in range(4)}
    assert told == expected
    assert samples.paths.tolist() == samples.ids.tolist()
    assert any(guess.what == "tables of labels" for guess in found.guesses)


def test_tables_of_json_lines_and_lacking_labels_of_the_test_part(make_tree):
    root = make_tree(*FILES)
    for split in ("train", "valid", "test"):
        rows = [{"file_name": f"{i}.png"} | ({} if split == "test" else {"label": i % 2}) for i in range(4)]
        (root / split / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    samples = scan(root).samples
    known = dict(zip(samples.ids, samples.labels["label"].tolist(), strict=True))
    assert known == {name: -1 if name.startswith("test") else int(name[-5]) % 2 for name in known}


def test_a_folder_without_its_table_is_no_split_of_tables(make_tree):
    root = make_tree(*FILES)
    write_tables(root, splits=("train",))
    found = scan(root)
    assert found.samples.task is None
    assert sorted(set(found.samples.split)) == ["test", "train", "valid"]


def test_tables_that_name_images_in_other_columns_are_refused(make_tree):
    root = make_tree(*FILES)
    write_tables(root, splits=("train", "valid"))
    write_tables(root, header="image,label", splits=("test",))
    with pytest.raises(SourceError, match="in different columns"):
        scan(root)


def test_a_table_that_does_not_fit_its_folder_is_named(make_tree):
    root = make_tree(*FILES)
    write_tables(root)
    (root / "valid" / "metadata.csv").write_text("file_name,label\n0.png,a\n9.png,b\n")
    with pytest.raises(SourceError, match="names an image that does not exist") as caught:
        scan(root)
    assert "valid" in str(caught.value.where)


def test_split_folders_of_images_alone_are_no_classes(make_tree):
    found = scan(make_tree(*FILES))
    assert found.samples.task is None
    assert found.samples.split.tolist() == [name.split("/")[0] for name in found.samples.ids]
    assert scan(make_tree(*FILES), ScanOptions(layout="folders")).samples.task is None


def test_tables_are_found_beside_stray_and_unlabelled_images_and_under_other_names(make_tree):
    root = make_tree(
        *(f"{top}/{i}.jpg" for top in ("training_set", "val", "unlabeled") for i in range(2)), "preview.png"
    )
    for top in ("training_set", "val"):
        (root / top / "metadata.csv").write_text("file_name,label\n0.jpg,a\n1.jpg,b\n")
    found = scan(root)
    assert found.samples.split.tolist() == ["train", "train", "valid", "valid"]
    assert set(found.unlisted) == {"preview.png", "unlabeled/0.jpg", "unlabeled/1.jpg"}
    assert any("3 images are outside the split folders" in note for note in found.notes)
    given = scan(root, ScanOptions(split_names={"val": "test"})).samples
    assert given.split.tolist() == ["train", "train", "test", "test"]
