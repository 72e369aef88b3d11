import itertools
import json
import os
import unicodedata

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from podium.curate import ScanOptions, scan
from podium.errors import LabelError, SourceError, TableError


def _labels(found):
    head = found.samples.task.heads[0]
    return {name: head.classes[i] for name, i in zip(found.samples.ids, found.samples.labels[head.name], strict=True)}


@pytest.mark.parametrize(
    "cells",
    [
        ("images/a1.jpg", "images/sub/b2.jpg"),
        ("./images/a1.jpg", "./images/sub/b2.jpg"),
        ("images\\a1.jpg", "images\\sub\\b2.jpg"),
        ("a1.jpg", "b2.jpg"),
        ("a1.jpg", "sub/b2.jpg"),
        ("a1", "b2"),
        ("images/a1", "images/sub/b2"),
        ("/opt/input/train/images/a1.jpg", "/opt/input/train/images/sub/b2.jpg"),
        ("A1.JPG", "B2.jpg"),
        ("a1.png", "b2.png"),
        ("1/a1.jpg", "2/b2.jpg"),
    ],
)
def test_cells_find_their_images(make_tree, cells):
    root = make_tree("images/a1.jpg", "images/sub/b2.jpg", t=f"image,label\n{cells[0]},cat\n{cells[1]},dog\n")
    assert _labels(scan(root)) == {"images/a1.jpg": "cat", "images/sub/b2.jpg": "dog"}


def test_index_numbers_find_zero_padded_files(make_tree):
    root = make_tree("x/00000.png", "x/00001.png", "x/00010.png", t="index,label\n0,a\n1,b\n10,a\n")
    found = scan(root)
    assert _labels(found) == {"x/00000.png": "a", "x/00001.png": "b", "x/00010.png": "a"}
    assert any("by the number in the file name" in note for note in found.notes)


def test_index_numbers_as_long_as_the_padding_do_not_hide_the_short_ones(make_tree):
    names = [f"x/{i:02}.png" for i in range(8, 40)]
    root = make_tree(*names, t="index,label\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(8, 40)))
    assert _labels(scan(root)) == {f"x/{i:02}.png": "ab"[i % 2] for i in range(8, 40)}


def test_numbers_in_paths_never_cross_folders(make_tree):
    root = make_tree("train/001.jpg", "train/002.jpg", t="image,label\ntrain/1.jpg,a\ntest/2.jpg,b\n")
    with pytest.raises(SourceError):
        scan(root, ScanOptions(image_column="image", labels=root / "t.csv"))


def test_ids_like_007_and_classes_like_NA_stay_text(make_tree):  # noqa: N802
    root = make_tree("007.jpg", "7.jpg", "NA.jpg", t="id,label\n007,NA\n7,nan\nNA,007\n")
    found = scan(root)
    assert _labels(found) == {"007.jpg": "NA", "7.jpg": "nan", "NA.jpg": "007"}
    assert any("missing_values=['NA', 'nan']" in note for note in found.notes)


def test_named_missing_values_are_no_class(make_tree):
    root = make_tree("1.jpg", "2.jpg", "3.jpg", "4.jpg", t="id,label\n1,NA\n2,a\n3,b\n4,\n")
    samples = scan(root, ScanOptions(missing_values=("NA",))).samples
    assert samples.labels["label"].tolist() == [-1, 0, 1, -1]


def test_nfd_cells_find_nfc_files_and_other_way_round(make_tree):
    names = [unicodedata.normalize(form, name) for form, name in (("NFC", "한글1"), ("NFD", "한글2"))]
    cells = [unicodedata.normalize(form, name) for form, name in (("NFD", "한글1"), ("NFC", "한글2"))]
    root = make_tree(*(f"{name}.jpg" for name in names), t=f"image,label\n{cells[0]}.jpg,a\n{cells[1]}.jpg,b\n")
    assert _labels(scan(root)) == {"한글1.jpg": "a", "한글2.jpg": "b"}


def test_rows_of_an_absent_folder_never_fall_on_files_of_the_same_name(make_tree):
    root = make_tree("train/1.jpg", "train/2.jpg", t="image,label\ntrain/1.jpg,a\ntrain/2.jpg,b\ntest/1.jpg,a\n")
    with pytest.raises(SourceError, match=r"1 of 3 rows") as caught:
        scan(root)
    assert caught.value.details == ("row 4: test/1.jpg",)


def test_rows_of_train_never_fall_on_a_test_folder_with_the_same_names(make_tree):
    table = "image,label\n" + "".join(f"train/{i}.jpg,{'ab'[i % 2]}\n" for i in range(10))
    root = make_tree(*(f"train/{i}.jpg" for i in range(8)), "test/8.jpg", "test/9.jpg", t=table)
    with pytest.raises(SourceError, match=r"2 of 10 rows") as caught:
        scan(root)
    assert caught.value.details == ("row 10: train/8.jpg", "row 11: train/9.jpg")


@pytest.mark.parametrize("folder", ["test", "valid", "x/dev"])
@pytest.mark.parametrize("cells", ["train/{}.jpg", "data/train/{}.jpg", "train/{}", "train/{}.png", "TRAIN/{}.jpg"])
def test_rows_of_train_never_mean_the_files_of_another_split(make_tree, folder, cells):
    table = "image,label\n" + "".join(f"{cells.format(i)},{'ab'[i % 2]}\n" for i in range(4))
    root = make_tree(*(f"{folder}/{i}.jpg" for i in range(4)), t=table)
    with pytest.raises(SourceError, match="names images"):
        scan(root, ScanOptions(labels=root / "t.csv"))


@pytest.mark.parametrize("folder", ["images", "training", "a/train", "."])
@pytest.mark.parametrize("cells", ["train/{}.v2.jpg", "data/train/{}.v2.jpg", "train/{}.v2", "TRAIN/{}.v2.jpg"])
def test_rows_of_train_find_a_folder_of_another_name_that_is_no_other_split(make_tree, folder, cells):
    table = "image,label\n" + "".join(f"{cells.format(i)},{'ab'[i % 2]}\n" for i in range(4))
    root = make_tree(*(f"{folder}/{i}.v2.jpg" for i in range(4)), t=table)
    assert list(_labels(scan(root)).values()) == list("abab")


def test_a_path_is_believed_before_the_number_in_an_index_column(make_tree):
    rows = "".join(f"{i},data/0{3 - i}.jpg,{'ab'[i // 2]}\n" for i in range(4))
    root = make_tree(*(f"images/0{i}.jpg" for i in range(4)), t="index,path,label\n" + rows)
    assert _labels(scan(root)) == {f"images/0{i}.jpg": "bbaa"[i] for i in range(4)}


def test_rows_without_image_can_be_left_out(make_tree):
    root = make_tree("1.jpg", "2.jpg", t="image,label\n1.jpg,a\n2.jpg,b\n3.jpg,a\n,b\n")
    with pytest.raises(SourceError, match="allow_missing_files=True"):
        scan(root)
    found = scan(root, ScanOptions(allow_missing_files=True))
    assert len(found.samples) == 2
    assert found.missing == ("row 4: 3.jpg", "row 5: (empty cell)")


def test_images_without_row_are_left_out_and_counted(make_tree):
    found = scan(make_tree("1.jpg", "2.jpg", "3.jpg", t="image,label\n1.jpg,a\n2.jpg,b\n"))
    assert found.unlisted == ("3.jpg",)
    assert any("1 image has no row" in note for note in found.notes)


@pytest.mark.parametrize("second", ["1.jpg,a", "1.jpg,b", "./1.jpg,a"])
def test_two_rows_for_an_image_are_named(make_tree, second):
    root = make_tree("1.jpg", "2.jpg", t=f"image,label\n1.jpg,a\n2.jpg,b\n{second}\n")
    with pytest.raises(SourceError) as caught:
        scan(root)
    assert caught.value.details == ("1.jpg: rows 2 and 4",)


def test_cell_that_fits_two_files_is_refused(make_tree):
    root = make_tree("a/1.jpg", "b/1.jpg", "b/2.jpg", t="image,label\n1.jpg,x\n2.jpg,y\n")
    with pytest.raises(SourceError, match="fits several images") as caught:
        scan(root)
    assert "a/1.jpg, b/1.jpg" in caught.value.details[0]


def test_same_stem_with_two_endings_is_refused_only_without_the_ending(make_tree):
    root = make_tree("1.jpg", "1.png", "2.jpg", t="image,label\n1,x\n2,y\n", u="image,label\n1.png,x\n2.jpg,y\n")
    with pytest.raises(SourceError, match="fits several"):
        scan(root, ScanOptions(labels=root / "t.csv"))
    assert _labels(scan(root, ScanOptions(labels=root / "u.csv"))) == {"1.png": "x", "2.jpg": "y"}


def test_a_row_that_names_a_folder_stands_for_its_images(make_tree):
    people = [f"{i:03}_{gender}" for i, gender in enumerate(["male", "female", "male"])]
    root = make_tree(
        *(f"images/{person}/{shot}.jpg" for person in people for shot in ("mask1", "normal")),
        train="id,gender,path\n" + "".join(f"{p[:3]},{p[4:]},{p}\n" for p in people),
    )
    found = scan(root)
    assert len(found.samples) == 6
    assert set(_labels(found)["images/001_female/mask1.jpg"]) == set("female")
    assert found.samples.group.tolist() == ["000", "000", "001", "001", "002", "002"]
    assert any("3 rows stand for 6 images" in note for note in found.notes)


def test_without_id_column_the_folder_of_a_row_is_the_group(make_tree):
    root = make_tree(*(f"{p}/{i}.jpg" for p in "abcd" for i in "12"), t="path,sex\na,m\nb,f\nc,m\nd,f\n")
    assert scan(root).samples.group.tolist() == list("aabbccdd")


def test_unknown_image_column_names_the_nearest(make_tree):
    root = make_tree("1.jpg", t="image,label\n1.jpg,a\n")
    with pytest.raises(TableError, match=r"image_column: .*Did you mean 'image'") as caught:
        scan(root, ScanOptions(labels=root / "t.csv", image_column="imgae"))
    assert "['image', 'label']" in str(caught.value)


def test_table_that_names_no_image_says_what_both_look_like(make_tree):
    root = make_tree("1.jpg", t="image,label\nx.jpg,a\ny.jpg,b\n")
    with pytest.raises(SourceError, match="none of the columns") as caught:
        scan(root, ScanOptions(labels=root / "t.csv"))
    assert any("x.jpg" in line for line in caught.value.details)
    assert any("1.jpg" in line for line in caught.value.details)


def test_stray_table_is_passed_over_for_folders_but_said(make_tree):
    found = scan(make_tree("a/1.jpg", "b/2.jpg", notes="who,when\nme,today\nyou,never\n"))
    assert found.samples.task.heads[0].classes == ("a", "b")
    assert "notes.csv is in the folder but was not read" in " ".join(found.notes)


def test_table_that_does_not_fit_a_flat_folder_is_an_error_not_a_test_set(make_tree):
    with pytest.raises(SourceError, match="none of the columns"):
        scan(make_tree("1.jpg", "2.jpg", labels="image,label\nx.jpg,a\ny.jpg,b\n"))


def test_file_names_in_cp949_are_found_by_their_letters(make_tree):
    names = [os.fsdecode(f"{name}.jpg".encode("cp949")) for name in ("가", "나")]
    root = make_tree(*names, t="이미지,label\n가.jpg,a\n나.jpg,b\n")
    samples = scan(root).samples
    assert samples.ids.tolist() == ["\\xb0\\xa1.jpg", "\\xb3\\xaa.jpg"]
    assert samples.labels["label"].tolist() == [0, 1]
    assert all(samples.file(row).exists() for row in range(2))


def test_label_column_without_any_cell_is_an_error(make_tree):
    root = make_tree("1.jpg", "2.jpg", t="image,label\n1.jpg,\n2.jpg,\n")
    with pytest.raises(LabelError, match="0 classes"):
        scan(root, ScanOptions(label_columns=("label",)))


def test_table_without_header_is_refused(make_tree):
    root = make_tree("1.jpg", "2.jpg", "3.jpg", t="1.jpg,a\n2.jpg,b\n3.jpg,a\n")
    with pytest.raises(SourceError, match="no header"):
        scan(root)


def test_table_of_folders_without_header_is_refused(make_tree):
    root = make_tree("p/1.jpg", "q/1.jpg", "r/1.jpg", t="p,a\nq,b\nr,a\n")
    with pytest.raises(SourceError, match="no header"):
        scan(root, ScanOptions(labels=root / "t.csv"))


@pytest.mark.parametrize("name", ["image", "images", "img", "photo"])
def test_a_folder_with_the_name_of_the_image_column_is_no_missing_header(make_tree, name):
    root = make_tree(*(f"{name}/{i}.jpg" for i in "123"), t=f"{name},label\n1.jpg,a\n2.jpg,b\n3.jpg,a\n")
    found = scan(root, ScanOptions(labels=root / "t.csv"))
    assert _labels(found) == {f"{name}/{i}.jpg": label for i, label in zip("123", "aba", strict=True)}


def test_blanks_around_a_cell_are_cut_off_unless_the_file_has_them(make_tree):
    root = make_tree("1.jpg", "2.jpg", " 2.jpg", t="label,image\na, 1.jpg\nb,2.jpg \na, 2.jpg\n")
    assert _labels(scan(root)) == {"1.jpg": "a", "2.jpg": "b", " 2.jpg": "a"}


@pytest.mark.parametrize("folder", ["train", "images", "."])
def test_windows_paths_that_look_like_escaped_bytes_are_paths(make_tree, folder):
    table = "image,label\ntrain\\x001.jpg,a\ntrain\\x002.jpg,b\ntrain\\y.jpg,a\n"
    root = make_tree(*(f"{folder}/{name}.jpg" for name in ("x001", "x002", "y")), t=table)
    assert list(_labels(scan(root)).values()) == ["a", "b", "a"]


@pytest.mark.parametrize("cells", ["{}", "images/{}", "images/{}.jpg"])
def test_escaped_bytes_of_file_names_stay(make_tree, cells):
    names = [os.fsdecode(name.encode("cp949")) for name in ("가", "나")]
    rows = "".join(cells.format(name) + f",{label}\n" for name, label in (("\\xb0\\xa1", "a"), ("\\xb3\\xaa", "b")))
    root = make_tree(*(f"{name}.jpg" for name in names), t="image,label\n" + rows)
    assert _labels(scan(root)) == {"\\xb0\\xa1.jpg": "a", "\\xb3\\xaa.jpg": "b"}


def test_paths_that_lead_out_of_the_folder_find_nothing(make_tree, tmp_path):
    (tmp_path / "secret.jpg").write_bytes(b"x")
    root = make_tree("1.jpg", t=f"image,label\n1.jpg,a\n../secret.jpg,b\n{tmp_path}/secret.jpg,b\n")
    with pytest.raises(SourceError, match="2 of 3 rows"):
        scan(root)


def test_row_order_does_not_matter_for_the_digest(make_tree):
    rows = ["1.jpg,a", "2.jpg,b", "3.jpg,a"]
    digests = set()
    for order in itertools.permutations(rows):
        root = make_tree("1.jpg", "2.jpg", "3.jpg", t="image,label\n" + "\n".join(order) + "\n")
        digests.add(scan(root).samples.digest)
    assert len(digests) == 1


def test_source_may_be_the_table_itself(make_tree):
    root = make_tree("x/1.jpg", "x/2.jpg", t="image,label\n1.jpg,a\n2.jpg,b\n", other="image,label\n")
    assert len(scan(root / "t.csv").samples) == 2
    with pytest.raises(SourceError, match="2 tables") as caught:
        scan(root)
    assert "labels=" in str(caught.value)


def test_several_rows_an_image_are_named_as_such(make_tree):
    rows = "".join(f"a{i // 4},box,{i}\n" for i in range(12))
    root = make_tree("a0.jpg", "a1.jpg", "a2.jpg", t=f"image_id,class_name,x_min\n{rows}")
    with pytest.raises(SourceError, match="'image_id' names 3 images in 12 rows"):
        scan(root)


def test_file_names_that_fit_nothing_are_not_replaced_by_numbers_that_do(make_tree):
    rows = "".join(f"/data/ab12-{i:04d}.jpg,{'ab'[i % 2]},{i * 1.5}\n" for i in range(12))
    root = make_tree(*(f"{i:04d}.jpg" for i in range(12)), t=f"image,choice,lead_time\n{rows}")
    with pytest.raises(SourceError, match="none of the columns"):
        scan(root)


def test_booleans_of_parquet_are_a_split_and_indicators(make_tree):
    root = make_tree("0.jpg", "1.jpg", "2.jpg", "3.jpg")
    columns = {"rust": [True, False, True, False], "scab": [True, True, False, False]}
    columns["is_valid"] = [False, False, False, True]
    pq.write_table(pa.table({"image": [f"{i}.jpg" for i in range(4)], **columns}), root / "t.parquet")
    samples = scan(root).samples
    assert samples.split.tolist() == ["train", "train", "train", "valid"]
    assert samples.task.heads[0].classes == ("rust", "scab")
    assert samples.labels["labels"].tolist() == [[1, 1], [0, 1], [1, 0], [0, 0]]


def test_list_columns_of_parquet_are_sets_of_labels_whatever_they_hold(make_tree):
    root = make_tree("0.jpg", "1.jpg", "2.jpg", "3.jpg")
    columns = {"image": [f"{i}.jpg" for i in range(4)], "tags": [["a|b", "c, d"], ["c, d"], [], None]}
    pq.write_table(pa.table(columns), root / "t.parquet")
    samples = scan(root, ScanOptions(label_columns=("tags",))).samples
    assert samples.task.heads[0].classes == ("a|b", "c, d")
    assert samples.labels["tags"].tolist() == [[1, 1], [0, 1], [0, 0], [-1, -1]]


def test_json_lines_beside_the_images_are_the_labels(make_tree):
    root = make_tree(*(f"{i}.jpg" for i in range(4)))
    lines = [json.dumps({"file_name": f"{i}.jpg", "objects": {"n": i}, "label": "ab"[i % 2]}) for i in range(4)]
    (root / "metadata.jsonl").write_text("\n".join(lines))
    samples = scan(root).samples
    assert samples.task.heads[0].classes == ("a", "b")
    assert samples.labels["label"].tolist() == [0, 1, 0, 1]


def test_celeba_attributes_are_a_multi_label_head(make_tree):
    root = make_tree("img/000001.jpg", "img/000002.jpg", "img/000003.jpg")
    rows = ["3", "Bald Male Young ", "000001.jpg -1  1  1", "000002.jpg -1 -1 -1", "000003.jpg  1 -1  1"]
    (root / "list_attr_celeba.txt").write_text("\n".join(rows) + "\n")
    found = scan(root, ScanOptions(labels=root / "list_attr_celeba.txt"))
    assert found.samples.task.heads[0].classes == ("Bald", "Male", "Young")
    assert found.samples.labels["labels"].tolist() == [[0, 1, 1], [0, 0, 0], [1, 0, 1]]


@pytest.mark.parametrize("mark", [",", " ", "\t"])
def test_a_table_without_header_is_read_when_asked_and_columns_go_by_number(make_tree, mark):
    root = make_tree("1.jpg", "2.jpg", "3.jpg")
    rows = [("1.jpg", "a", "1"), ("2.jpg", "b", "0"), ("3.jpg", "a", "1")]
    (root / "t.txt").write_text("".join(mark.join(row) + "\n" for row in rows))
    options = ScanOptions(labels=root / "t.txt", header=False, label_columns=("2",), group="3")
    samples = scan(root, options).samples
    assert samples.labels["column_2"].tolist() == [0, 1, 0]
    assert samples.group.tolist() == ["1", "0", "1"]


def test_names_with_spaces_are_not_divided_where_they_name_images(make_tree):
    root = make_tree("IMG 1.jpg", "IMG 2.jpg", "IMG 3.jpg", t="image name\nIMG 1.jpg\nIMG 2.jpg\n")
    found = scan(root, ScanOptions(labels=root / "t.csv", unlabelled=True))
    assert found.samples.ids.tolist() == ["IMG 1.jpg", "IMG 2.jpg"]


def test_absolute_paths_may_stand_beside_relative_ones(make_tree):
    root = make_tree("x/1.jpg", "x/2.jpg")
    (root / "t.csv").write_text(f"image,label\n{root}/x/1.jpg,a\nx/2.jpg,b\n")
    assert _labels(scan(root)) == {"x/1.jpg": "a", "x/2.jpg": "b"}


@pytest.mark.parametrize("encoding", ["euc_jp", "cp932", "gb18030", "cp950"])
def test_few_letters_are_read_in_the_encoding_in_which_they_name_images(make_tree, encoding):
    root = make_tree("img/\u72ac0.png", "img/\u6d770.png", "img/\u72ac1.png", "img/\u6d771.png")
    rows = "".join(f"{name}{k},{'ab'[k]}\r\n" for k in (0, 1) for name in "\u72ac\u6d77")
    (root / "t.csv").write_bytes(f"image,label\r\n{rows}".encode(encoding))
    found = scan(root)
    assert _labels(found) == {
        "img/\u72ac0.png": "a",
        "img/\u6d770.png": "a",
        "img/\u72ac1.png": "b",
        "img/\u6d771.png": "b",
    }
    assert any(f"was read as {encoding}" in note for note in found.notes)


def test_names_in_no_encoding_ask_for_it(make_tree):
    root = make_tree("img/1.png", "img/2.png")
    (root / "t.csv").write_bytes("image,label\r\n\u72ac,a\r\n\u6d77,b\r\n".encode("euc_jp"))
    with pytest.raises(SourceError, match=r"It was read as \w+; if the names look wrong, name its `?encoding"):
        scan(root, options=ScanOptions(labels=root / "t.csv"))
