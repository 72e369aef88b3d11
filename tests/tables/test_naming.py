"""Every rule by which a cell names an image, on its own; and that no bolder rule is taken where a plainer one fits."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.tables import ImageNames, normalise_id, path_to_text
from podium.tables.name_rules import make_rule_steps, number_key, without_ending


def found(ids: Sequence[str], cells: Sequence[str], **options: object) -> list[list[str]]:
    """The ids that each cell means."""
    match = ImageNames(ids, **options).match(cells)  # type: ignore[arg-type]
    return [[ids[place] for place in images] for images in match.images]


def rule(ids: Sequence[str], cells: Sequence[str]) -> str:
    return ImageNames(ids).match(cells).rule


@pytest.mark.parametrize(
    ("cells", "ids", "words"),
    [
        (["t/a.jpg", "t/b.jpg"], ["t/a.jpg", "t/b.jpg"], "by path"),
        (["a.jpg", "b.jpg"], ["t/a.jpg", "u/b.jpg"], "by path"),  # the folder is missing in the table
        (["./t/a.jpg", "./t/b.jpg"], ["t/a.jpg", "t/b.jpg"], "by path"),
        (["t\\a.jpg", "t\\b.jpg"], ["t/a.jpg", "t/b.jpg"], "by path"),
        ([" t/a.jpg", "t/b.jpg "], ["t/a.jpg", "t/b.jpg"], "by path"),
        (["t/a", "t/b"], ["t/a.jpg", "t/b.png"], "by path without ending"),
        (["a", "b.v2"], ["t/a.jpg", "t/b.v2.png"], "by path without ending"),
        (["a", "b.png"], ["t/a.jpg", "t/b.png"], "by path without ending"),  # mixed
        (["0x", "1x"], ["0x.ppm", "1x.ppm"], "by path without ending"),
        (["d/t/a.jpg", "d/t/b.jpg"], ["a.jpg", "b.jpg"], "by path, less the leading 'd/t/'"),
        (["d/t/a.jpg", "d/u/b.jpg"], ["t/a.jpg", "u/b.jpg"], "by path, less the leading 'd/'"),
        (["/o/t/a", "/o/t/b"], ["x.jpg", "a.jpg", "b.jpg"][1:], "by path without ending, less the leading '/o/t/'"),
        (["C:\\d\\a.jpg", "C:\\d\\b.jpg"], ["a.jpg", "b.jpg"], "by path, less the leading 'C:/d/'"),
        (["T/A.JPG", "t/b.jpg"], ["t/a.jpg", "t/b.jpg"], "by path"),
        (["A", "B"], ["t/a.jpg", "t/b.jpg"], "by path without ending"),
        (["0", "1"], ["t/00000.png", "t/00001.png"], "by the number in the file name"),
        (["007", "8.0"], ["7.jpg", "8.jpg"], "by the number in the file name"),
        (["test/0", "test/1"], ["0000.png", "0001.png"], "by the number in the file name, less the leading 'test/'"),
        (["test/0", "test/1"], ["test/0000.png", "test/0001.png"], "by the number in the file name"),
        (["0", "b"], ["00.png", "b.png"], "by the number in the file name"),  # mixed
        (["1/a.jpg", "2/b.jpg"], ["u/a.jpg", "v/b.jpg"], "by file name alone; the folders differ"),
        (["1/a", "2/b"], ["u/a.jpg", "v/b.jpg"], "by file name alone without ending; the folders differ"),
        (["a.dcm", "b.dcm"], ["a.jpg", "b.jpg"], "by path with another ending"),
        (["1/a.dcm", "2/b.dcm"], ["u/a.jpg", "v/b.jpg"], "by file name alone with another ending"),
        (["x/0", "y/1"], ["t/00.png", "t/01.png"], "by the number in the file name alone; the folders differ"),
    ],
)
def test_each_rule(cells: list[str], ids: list[str], words: str) -> None:
    assert found(ids, cells) == [[name] for name in ids]
    assert rule(ids, cells) == words
    match = ImageNames(ids[::-1]).match(cells)
    assert match.images == [(len(ids) - 1 - place,) for place in range(len(ids))], "the order of the images matters"
    assert match.is_one_to_one
    assert match.is_by_number == ("number" in words)


def test_rules_are_ranked_from_plain_to_bold() -> None:
    cases = [("a.jpg", "a.jpg"), ("a", "a.jpg"), ("d/a.jpg", "a.jpg"), ("1/a.jpg", "2/a.jpg"), ("1", "01.jpg")]
    cases += [("a.dcm", "a.jpg"), ("x/1", "y/01.png")]
    ranks = [ImageNames([name, "y.png", "z/z.png"]).match([cell, "zz/none"]).rank for cell, name in cases]
    assert ranks == sorted(ranks)
    assert {rule.rank for rules in make_rule_steps(["d/x", "d/y"]) for rule in rules} == set(range(13))
    for keys in ([], ["x"], ["d/e/x", "d/e/y"]):
        steps = make_rule_steps(keys)
        for rules in steps:
            ranks = [rule.rank for rule in rules]
            assert len(set(ranks)) == len(ranks), "no two rules of a step share a rank"
        of_rule = {rule.words.partition(",")[0]: rule.rank for rule in steps[0]} | {r.words: r.rank for r in steps[-1]}
        plain_to_bold = [
            "by path",
            "by path without ending",
            "as a folder of images",
            "by file name alone; the folders differ",
            "by file name alone without ending; the folders differ",
            "as a folder of images by its name alone",
            "by the number in the file name",
            "by path with another ending",
            "by file name alone with another ending",
            "by the number in the file name alone; the folders differ",
        ]
        assert sorted(of_rule, key=of_rule.__getitem__) == plain_to_bold


@pytest.mark.parametrize(
    ("name", "without"),
    [("a.jpeg", "a"), ("a.jpeg2", "a"), ("a.jpeg20", "a.jpeg20"), ("a.j-g", "a.j-g"), ("a.", "a."), (".jpg", ".jpg")],
)
def test_an_ending_has_up_to_five_letters_and_digits(name: str, without: str) -> None:
    assert without_ending(name) == without
    assert without_ending(f"x.y/{name}") == f"x.y/{without}"


def test_numbers_have_up_to_eighteen_digits() -> None:
    assert number_key("0" * 17 + "7.png") == "7"
    assert number_key("0" * 18 + "7.png") == ""


def test_the_leading_folder_is_named_though_a_cell_is_empty() -> None:
    assert rule(["a.jpg", "b.jpg"], ["d/a.jpg", "", "d/b.jpg"]) == "by path, less the leading 'd/'"


def test_unicode_forms_are_one_name() -> None:
    names = ["얼굴/가나다.jpg", "é.jpg"]
    decomposed = [unicodedata.normalize("NFD", name) for name in names]
    assert decomposed != names
    assert found(names, decomposed) == [[name] for name in names]


def test_absolute_paths_below_the_root_are_found_beside_relative_ones(tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    link = tmp_path / "link"
    link.symlink_to(root)
    cells = [f"{root}/t/a.jpg", "t/b.jpg", f"{root}/c"]
    ids = ["t/a.jpg", "t/b.jpg", "c.jpg"]
    assert found(ids, cells, root=root) == [[name] for name in ids]
    assert found(ids, cells, root=link) == [[name] for name in ids]
    assert found(ids, [f"{tmp_path}/other/t/a.jpg", "t/b.jpg", "c.jpg"], root=root)[0] == []


def test_paths_that_lead_out_find_nothing() -> None:
    assert found(["1.jpg"], ["1.jpg", "../1.jpg"]) == [["1.jpg"], []]


def test_one_rule_serves_the_column() -> None:
    """A row of an absent folder never falls onto a file of another folder."""
    assert found(["train/1.jpg", "train/2.jpg"], ["train/1.jpg", "test/2.jpg"]) == [["train/1.jpg"], []]
    assert found(["train/001.jpg"], ["train/1", "test/1"]) == [["train/001.jpg"], []]


@pytest.mark.parametrize("cells", ["train/{}.jpg", "data/train/{}", "TRAIN/{}.png", "train/0{}"])
@pytest.mark.parametrize("folder", ["test", "valid", "x/dev"])
def test_a_row_of_train_never_means_a_file_of_another_split(cells: str, folder: str) -> None:
    ids = [f"{folder}/{row}.jpg" for row in range(3)]
    assert found(ids, [cells.format(row) for row in range(3)]) == [[]] * 3
    assert found(ids, [f"images/{row}.jpg" for row in range(3)]) == [[name] for name in ids]  # names no split
    same = [name.replace(folder, "training") for name in ids]
    assert found(same, [cells.format(row) for row in range(3)]) == [[name] for name in same]


@pytest.mark.parametrize(
    ("cell", "both"),
    [
        ("1.jpg", ("a/1.jpg", "b/1.jpg")),
        ("1", ("1.jpg", "1.png")),
        ("A.jpg", ("x/a.jpg", "y/a.jpg")),
        ("1", ("01.jpg", "001.jpg")),
        ("1.dcm", ("1.jpg", "1.png")),
        ("é", ("é.jpg", "é.png")),
    ],
)
@pytest.mark.parametrize("others", [[], ["z.jpg"]])
def test_what_fits_two_images_is_refused_with_both_named(cell: str, both: tuple[str, ...], others: list[str]) -> None:
    if others and cell == "1.dcm":
        return  # a column that names some images by path is not tried with other endings
    match = ImageNames([*both, *others]).match([cell, *others])
    assert match.images[0] == ()
    assert match.ambiguous == {0: both}


def test_a_folder_name_that_fits_two_folders_is_refused() -> None:
    match = ImageNames(["x/p/1.jpg", "y/p/1.jpg", "x/q/1.jpg"]).match(["p", "q"])
    assert match.ambiguous == {0: ("x/p", "y/p")}


def test_a_whole_path_wins_over_an_end_and_a_file_over_a_stem() -> None:
    assert found(["1.jpg", "a/1.jpg"], ["1.jpg", "a/1.jpg"]) == [["1.jpg"], ["a/1.jpg"]]
    assert found(["1", "1.jpg", "2.jpg"], ["1", "2"]) == [["1"], ["2.jpg"]]


def test_letter_case_counts_only_where_it_tells_two_names_apart() -> None:
    assert found(["a.jpg", "A.jpg"], ["A", "a"]) == [["A.jpg"], ["a.jpg"]]
    match = ImageNames(["a.jpg", "A.jpg", "b.jpg"]).match(["a.JPG", "b.jpg"])
    assert match.ambiguous == {0: ("a.jpg", "A.jpg")}
    assert ImageNames(["a.jpg", "b.jpg"]).match(["A.jpg", "b.jpg"]).n_other_case == 1


def test_ids_like_007_stay_text() -> None:
    assert found(["007.jpg", "7.jpg"], ["7", "007"]) == [["7.jpg"], ["007.jpg"]]
    assert found(["1e5.jpg", "100000.jpg"], ["1e5", "100000"]) == [["1e5.jpg"], ["100000.jpg"]]


def test_spaces_are_cut_off_unless_a_file_has_them() -> None:
    ids = ["1.jpg", "2.jpg", " 2.jpg"]
    match = ImageNames(ids).match([" 1.jpg", "2.jpg ", " 2.jpg"])
    assert match.images == [(0,), (1,), (2,)]
    assert match.n_padded == 2
    assert ImageNames(ids).match(["1.jpg", "2.jpg"]).n_padded == 0
    assert found(["t/2.jpg", "t/ 2.jpg"], [" 2.jpg", "2.jpg"]) == [["t/ 2.jpg"], ["t/2.jpg"]]


def test_folders_stand_for_their_images_unless_not_wanted() -> None:
    ids = ["x/p/1.jpg", "x/p/2.jpg", "x/q/1.jpg"]
    assert found(ids, ["p", "q"]) == [ids[:2], ids[2:]]
    assert ImageNames(ids).match(["p", "q"]).is_folder
    assert ImageNames(ids).match(["p", "q"], folders=False).n_found == 0


@pytest.mark.parametrize(("encoding", "letters"), [("cp949", "가나"), ("cp1252", "café"), ("cp932", "猫")])
def test_names_that_are_not_utf8_are_found_by_their_letters(encoding: str, letters: str) -> None:
    raw = path_to_text(os.fsdecode(letters.encode(encoding) + b".jpg"))
    assert raw != f"{letters}.jpg"
    assert found([raw, "b.jpg"], [f"{letters}.jpg", "b.jpg"], encodings=(encoding,)) == [[raw], ["b.jpg"]]


def test_an_image_named_twice_is_not_one_to_one() -> None:
    match = ImageNames(["0.png"]).match(["0", "00"])
    assert not match.is_one_to_one
    assert not ImageNames(["a.png", "b.png"]).match(["a", "c"]).is_one_to_one


def test_nothing_in_common_is_nothing_found() -> None:
    match = ImageNames(["x.jpg"]).match(["a.jpg", ""])
    assert (match.n_found, match.images) == (0, [(), ()])
    assert ImageNames([]).match([]).images == []


def _is_name(text: str) -> bool:
    return bool(text.strip()) and not text.endswith("/")


_NAMES = st.lists(st.text(min_size=1, max_size=8).map(normalise_id).filter(_is_name), unique=True, min_size=1)


@pytest.mark.slow
@given(_NAMES, st.randoms())
def test_any_names_match_themselves_in_any_order(names: list[str], random: object) -> None:
    shuffled = list(names)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert found(shuffled, names) == [[name] for name in names]
