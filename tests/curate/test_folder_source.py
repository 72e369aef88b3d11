import pytest

from podium.curate import ScanOptions, scan
from podium.errors import LabelError


def test_folder_per_class_sorts_names_as_image_folder_does(make_tree):
    root = make_tree("zebra/1.jpg", "Ant/2.jpg", "bee/3.jpg", "bee/4.jpg")
    found = scan(root)
    head = found.samples.task.heads[0]
    # torchvision's ImageFolder: sorted() of the folder names.
    assert head.classes == tuple(sorted(["zebra", "Ant", "bee"]))
    assert [head.classes[i] for i in found.samples.labels["label"]] == ["Ant", "bee", "bee", "zebra"]


def test_numbered_folders_are_in_the_order_of_their_numbers(make_tree):
    root = make_tree(*(f"{i}/x.jpg" for i in (0, 1, 2, 9, 10, 11)))
    assert scan(root).samples.task.heads[0].classes == ("0", "1", "2", "9", "10", "11")


def test_nested_classes_are_paths_and_what_all_share_is_left_out(make_tree):
    root = make_tree("images/Greek/a/1.png", "images/Greek/b/2.png", "images/Latin/a/3.png")
    samples = scan(root).samples
    assert samples.task.heads[0].classes == ("Greek/a", "Greek/b", "Latin/a")
    assert samples.ids[0] == "images/Greek/a/1.png"


@pytest.mark.parametrize(
    ("valid", "meant"), [("val", "valid"), ("valid", "valid"), ("Validation", "valid"), ("test", "test")]
)
def test_split_folders_become_the_split(make_tree, valid, meant):
    root = make_tree("train/ants/1.jpg", "train/bees/2.jpg", f"{valid}/ants/3.jpg", f"{valid}/bees/4.jpg")
    samples = scan(root).samples
    by_id = dict(zip(samples.ids, samples.split, strict=True))
    assert by_id["train/ants/1.jpg"] == "train"
    assert by_id[f"{valid}/bees/4.jpg"] == meant
    assert samples.task.heads[0].classes == ("ants", "bees")


def test_test_folder_without_classes_has_no_labels(make_tree):
    root = make_tree("train/ants/1.jpg", "train/bees/2.jpg", "test/3.jpg")
    samples = scan(root).samples
    row = samples.ids.tolist().index("test/3.jpg")
    assert samples.labels["label"][row] == -1
    assert samples.split[row] == "test"


def test_one_folder_of_images_is_a_test_set(make_tree):
    found = scan(make_tree("images/1.jpg", "images/2.jpg"))
    assert found.samples.task is None
    assert len(found.samples) == 2
    assert any("no labels" in note for note in found.notes)


def test_one_class_is_an_error_when_folders_are_said_to_be_classes(make_tree):
    with pytest.raises(LabelError, match="1 class"):
        scan(make_tree("cats/1.jpg", "cats/2.jpg"), ScanOptions(layout="folders"))


def test_images_beside_class_folders_are_left_out_and_named(make_tree):
    found = scan(make_tree("a/1.jpg", "b/2.jpg", "stray.jpg"))
    assert found.unlisted == ("stray.jpg",)
    assert any("stray.jpg" in note for note in found.notes)


def test_class_missing_from_train_is_noted(make_tree):
    found = scan(make_tree("train/a/1.jpg", "train/b/2.jpg", "val/a/3.jpg", "val/c/4.jpg"))
    assert any("no image in train: c" in note for note in found.notes)


def test_a_class_name_with_delimiters_stays_one_class(make_tree):
    root = make_tree("tee|top/1.jpg", "tee|shirt/2.jpg", "a, b/3.jpg")
    assert set(scan(root).samples.task.heads[0].classes) == {"tee|top", "tee|shirt", "a, b"}


def test_folder_as_group(make_tree):
    root = make_tree("a/p1/1.jpg", "a/p1/2.jpg", "b/p2/3.jpg")
    samples = scan(root, ScanOptions(group="folder")).samples
    assert samples.group.tolist() == ["a/p1", "a/p1", "b/p2"]


def test_inner_folders_that_may_be_persons_are_told_with_a_pattern_that_works(make_tree):
    root = make_tree(
        *(f"{kind}/patient{i}/scan{n}.png" for i, kind in enumerate(["sick", "well"] * 2) for n in range(2))
    )
    note = next(note for note in scan(root).notes if "nested" in note)
    assert "`pattern='{label}/{group}/*', label_columns=['label']`" in note
    found = scan(root, ScanOptions(pattern="{label}/{group}/*", label_columns=("label",))).samples
    assert found.task.heads[0].classes == ("sick", "well")
    assert len(set(found.group)) == 4
    again = scan(make_tree(*(f"{a}/character{b}/{n}.png" for a in "xy" for b in range(2) for n in range(2))))
    assert not any("pattern=" in note for note in again.notes)
