import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import MultiLabelBinarizer

from podium.curate import ScanOptions, order_classes, scan
from podium.curate.indicators import encode_lists, guess_delim, is_indicator, split_cell
from podium.errors import LabelError, UnknownNameError


def _table(make_tree, header, *rows):
    lines = [f"image,{header}", *(f"{i}.jpg,{row}" for i, row in enumerate(rows))]
    return make_tree(*(f"{i}.jpg" for i in range(len(rows))), t="\n".join(lines) + "\n")


def test_indicator_columns_are_one_multi_head(make_tree):
    samples = scan(_table(make_tree, "cat,dog,y", "1,1,0", "0,0,0", "0,1,1", "1,,1")).samples
    head = samples.task.heads[0]
    assert (head.name, head.kind, head.classes) == ("labels", "multi", ("cat", "dog", "y"))
    np.testing.assert_array_equal(samples.labels["labels"], [[1, 1, 0], [0, 0, 0], [0, 1, 1], [1, -1, 1]])


@pytest.mark.parametrize(("yes", "no"), [("1", "0"), ("1.0", "0.0"), ("True", "False"), ("1", "-1")])
def test_ways_to_write_yes_and_no(make_tree, yes, no):
    rows = [f"{yes},{no}", f"{no},{no}", f"{yes},{yes}", f"{no},{yes}"]
    samples = scan(_table(make_tree, "a,b", *rows)).samples
    np.testing.assert_array_equal(samples.labels["labels"], [[1, 0], [0, 0], [1, 1], [0, 1]])


def test_exactly_one_1_in_every_row_is_a_single_label(make_tree):
    root = _table(make_tree, "healthy,rust,scab", "1,0,0", "0,1,0", "0,0,1", "0,1,0")
    found = scan(root)
    assert found.samples.task.heads[0].kind == "single"
    assert found.samples.labels["label"].tolist() == [0, 1, 2, 1]
    assert any(guess.what == "label kind" for guess in found.guesses)
    assert scan(root, ScanOptions(label_kind="multi")).samples.task.heads[0].kind == "multi"


def test_indicator_columns_can_be_heads_of_their_own(make_tree):
    root = _table(make_tree, "male,smile", "1,1", "0,0", "0,1", "1,0")
    options = ScanOptions(label_columns=("male", "smile"), label_kind="single")
    assert [head.name for head in scan(root, options).samples.task.heads] == ["male", "smile"]


def test_order_of_indicator_classes_can_be_given(make_tree):
    root = _table(make_tree, "a,b", "1,1", "0,1", "0,0", "1,0")
    found = scan(root, ScanOptions(classes={"labels": ("b", "a")})).samples
    np.testing.assert_array_equal(found.labels["labels"], [[1, 1], [1, 0], [0, 0], [0, 1]])
    with pytest.raises(LabelError, match="differ"):
        scan(root, ScanOptions(classes={"labels": ("b", "c")}))


_SETS = st.lists(st.sets(st.sampled_from(["cat", "dog", "owl", "yak"])), min_size=1, max_size=12)


@pytest.mark.slow
@given(rows=_SETS, delim=st.sampled_from(["|", ";", ",", " "]))
def test_list_cells_equal_scikit_learn(rows, delim):
    classes = ["cat", "dog", "owl", "yak"]
    reference = MultiLabelBinarizer(classes=classes).fit_transform(rows).astype(int)
    reference[[not row for row in rows]] = -1
    cells = [delim.join(sorted(row)) for row in rows]
    lists = [split_cell(cell, delim) if cell else None for cell in cells]
    np.testing.assert_array_equal(encode_lists(lists, classes), reference)


@pytest.mark.parametrize(
    ("cells", "delim"),
    [
        (["cat|dog", "cat", "dog"], "|"),
        (["a;b", "b;c", "c"], ";"),
        (["haze primary", "primary road", "haze primary road", "road", "primary", "haze"], " "),
        (["T-shirt|top", "Ankle|boot", "Bag"], None),
        (["Navy Blue", "Blue", "Off White", "White"], None),
        (["cat", "dog"], None),
        (["Abyssinian, cat", "Beagle, dog"], None),
    ],
)
def test_list_cells_are_told_from_names(cells, delim):
    assert guess_delim(cells) == delim


def test_list_column_becomes_a_multi_head_and_says_so(make_tree):
    found = scan(_table(make_tree, "label", "cat|dog", "cat", "", "dog"))
    assert found.samples.task.heads[0].kind == "multi"
    np.testing.assert_array_equal(found.samples.labels["label"], [[1, 1], [1, 0], [-1, -1], [0, 1]])
    assert any(guess.what == "label delimiter" for guess in found.guesses)


@pytest.mark.parametrize(
    ("cells", "kind", "classes", "labels"),
    [
        (["['cat', 'dog']", "['cat']", "[]", ""], "multi", ("cat", "dog"), [[1, 1], [1, 0], [0, 0], [-1, -1]]),
        (["['cat']", "['dog']", "['cat']", ""], "single", ("cat", "dog"), [0, 1, 0, -1]),
        (["[0, 1, 0]", "[1, 0, 0]", "[0, 0, 1]", ""], "single", ("0", "1", "2"), [1, 0, 2, -1]),
        (["[0 1 1]", "[1 0 0]", "[0 0 0]", ""], "multi", ("0", "1", "2"), [[0, 1, 1], [1, 0, 0], [0, 0, 0], [-1] * 3]),
        (["[2, 10]", "[10]", "[3, 2]", "[2]"], "multi", ("2", "3", "10"), [[1, 0, 1], [0, 0, 1], [1, 1, 0], [1, 0, 0]]),
    ],
)
def test_lists_in_brackets_become_labels(make_tree, cells, kind, classes, labels):
    quoted = [f'"{cell}"' for cell in cells]
    found = scan(_table(make_tree, "label", *quoted), ScanOptions(label_columns=("label",)))
    head = found.samples.task.heads[0]
    assert (head.kind, head.classes) == (kind, classes)
    np.testing.assert_array_equal(found.samples.labels["label"], labels)
    is_told = any("are lists of 0 and 1" in note for note in found.notes)
    assert [guess.value for guess in found.guesses if guess.what == "label kind"] == ([] if is_told else [kind])


def test_lists_in_brackets_stay_text_where_one_class_a_column_is_asked_for(make_tree):
    root = _table(make_tree, "label", "\"['a', 'b']\"", "['a']", "['a']", "\"['a', 'b']\"")
    found = scan(root, ScanOptions(label_kind="single"))
    assert found.samples.task.heads[0].classes == ("['a', 'b']", "['a']")


def test_places_of_lists_of_0_and_1_can_be_named_but_not_fewer_than_there_are(make_tree):
    root = _table(make_tree, "label", '"[0, 1]"', '"[1, 1]"', '"[0, 0]"', '"[1, 0]"')
    found = scan(root, ScanOptions(classes={"label": ("cat", "dog")})).samples
    assert found.task.heads[0].classes == ("cat", "dog")
    np.testing.assert_array_equal(found.labels["label"], [[0, 1], [1, 1], [0, 0], [1, 0]])
    with pytest.raises(LabelError, match="2 items, but there are 3 classes"):
        scan(root, ScanOptions(classes={"label": ("cat", "dog", "owl")}))


_PLANTS = ["scab", "rust", "healthy", "complex", "mildew", "spot", "scab spot", "scab spot complex", "spot complex"]


@pytest.mark.parametrize("mark", [" ", ","])
def test_names_of_several_words_are_no_lists_but_real_lists_are(mark):
    colours, things = ("red", "blue", "green", "black"), ("shirt", "shoes", "hat", "dress")
    assert guess_delim([f"{colour}{mark}{thing}" for colour in colours for thing in things]) is None
    plants = [*_PLANTS, "rust spot", "rust complex", "mildew complex"]
    assert guess_delim([mark.join(cell.split()) for cell in plants]) == mark
    planet = ["clear primary", "clear primary water", "clear road", "clear primary water road", "hazy primary"]
    planet += ["hazy primary water", "hazy road", "clear water", "hazy water", "hazy primary water road"]
    assert guess_delim([mark.join(cell.split()) for cell in planet]) == mark


def test_a_given_delimiter_leaves_other_label_columns_alone_and_says_which_are_lists(make_tree):
    root = _table(make_tree, "colour,shape,tags", "red,old box,a b", "blue,new box,b", "red,new bag,a", "blue,bag,a")
    found = scan(root, ScanOptions(label_columns=("colour", "shape", "tags"), label_delim=" "))
    kinds = {head.name: head.kind for head in found.samples.task.heads}
    assert kinds == {"colour": "single", "shape": "multi", "tags": "multi"}
    said = [note for note in found.notes if "were read as lists with the delimiter ' '" in note]
    assert [note.split("'")[1] for note in said] == ["shape", "tags"]


def test_of_two_label_columns_the_one_without_the_delimiter_stays_single(make_tree):
    root = _table(make_tree, "colour,tags", "red,a b", "blue,b", "red,a", "blue,a")
    found = scan(root, ScanOptions(label_columns=("colour", "tags"), label_delim=" "))
    assert {head.name: head.kind for head in found.samples.task.heads} == {"colour": "single", "tags": "multi"}
    assert any("Cells of 'tags' were read as lists" in note for note in found.notes)


def test_cells_that_are_all_names_of_given_classes_are_no_lists(make_tree):
    root = _table(make_tree, "label", "cat|dog", "dog", "cat", "cat|dog")
    assert scan(root).samples.task.heads[0].kind == "multi"
    found = scan(root, ScanOptions(classes={"label": ("cat", "dog", "cat|dog")})).samples
    assert (found.task.heads[0].kind, found.labels["label"].tolist()) == ("single", [2, 1, 0, 2])


def test_one_name_a_cell_is_a_set_of_one_label_where_sets_are_asked_for(make_tree):
    root = _table(make_tree, "label", "cat", "dog", "", "dog")
    found = scan(root, ScanOptions(label_columns=("label",), label_kind="multi")).samples
    assert (found.task.heads[0].kind, found.task.heads[0].classes) == ("multi", ("cat", "dog"))
    assert found.labels["label"].tolist() == [[1, 0], [0, 1], [-1, -1], [0, 1]]


def test_many_numbers_as_classes_are_pointed_out(make_tree):
    for n, is_said in ((20, False), (21, True)):
        found = scan(_table(make_tree, "age", *(str(i % n) for i in range(2 * n))), ScanOptions(label_columns=("age",)))
        assert any("To make classes of ranges" in note for note in found.notes) == is_said


def test_label_delimiter_by_option_and_none_by_kind(make_tree):
    root = _table(make_tree, "label", "a b", "a", "b", "a b")
    options = ScanOptions(label_delim=" ")
    assert scan(root, options).samples.labels["label"].tolist() == [[1, 1], [1, 0], [0, 1], [1, 1]]
    assert scan(root, ScanOptions(label_kind="single")).samples.task.heads[0].classes == ("a", "a b", "b")


def test_minus_one_zero_one_is_no_indicator():
    assert not is_indicator(["-1", "0", "1"])
    assert not is_indicator(["", ""])


def test_several_columns_are_several_heads(make_tree):
    root = _table(make_tree, "size,colour", "s,red", "m,blue", "s,blue", "m,")
    samples = scan(root, ScanOptions(label_columns=("colour", "size"))).samples
    assert [head.name for head in samples.task.heads] == ["colour", "size"]
    assert samples.labels["colour"].tolist() == [1, 0, 0, -1]


def test_given_classes_set_the_order_and_refuse_others(make_tree):
    root = _table(make_tree, "label", "small", "big", "small", "bgi")
    options = ScanOptions(classes={"label": ("small", "big")})
    with pytest.raises(LabelError, match="Did you mean 'big'") as caught:
        scan(root, options)
    assert caught.value.details == ("row 5: bgi",)


def test_given_class_without_image_is_kept_and_noted(make_tree):
    root = _table(make_tree, "label", "small", "big", "small", "big")
    found = scan(root, ScanOptions(classes={"label": ("tiny", "small", "big")}))
    assert found.samples.labels["label"].tolist() == [1, 2, 1, 2]
    assert any("without images: tiny" in note for note in found.notes)


def test_classes_of_an_unknown_head_are_refused(make_tree):
    root = _table(make_tree, "label", "a", "b", "a", "b")
    with pytest.raises(UnknownNameError, match="Did you mean 'label'"):
        scan(root, ScanOptions(classes={"lable": ("a", "b")}, label_columns=("label",)))


def test_blanks_around_cells_make_no_new_class(make_tree):
    found = scan(_table(make_tree, "label", "cat", "cat ", " dog", "dog"))
    assert found.samples.task.heads[0].classes == ("cat", "dog")
    assert any("2 cells of 'label' were cleaned" in note for note in found.notes)


def test_one_class_in_a_named_column_is_an_error(make_tree):
    with pytest.raises(LabelError, match="1 class"):
        scan(_table(make_tree, "label", "cat", "cat"), ScanOptions(label_columns=("label",)))


@pytest.mark.slow
@given(st.lists(st.integers(-1000, 1000).map(str), min_size=1))
def test_numbers_are_ordered_as_numbers(names):
    assert [int(name) for name in order_classes(names)] == sorted(int(name) for name in set(names))


@pytest.mark.slow
@given(st.lists(st.text(min_size=1, max_size=5), min_size=1))
def test_order_holds_every_name_once_whatever_the_row_order(names):
    assert sorted(order_classes(names)) == sorted(set(names))
    assert order_classes(names) == order_classes(names[::-1])


def test_classes_that_differ_in_case_or_blanks_only_are_kept_and_said(make_tree):
    rows = "".join(f"{i}.jpg,{label}\n" for i, label in enumerate(["cat", "Cat", "dog", "big cat", "big  cat"]))
    found = scan(make_tree(*(f"{i}.jpg" for i in range(5)), t=f"image,label\n{rows}"))
    assert found.samples.task.heads[0].n_classes == 5
    assert any("'Cat' and 'cat'" in note and "'big  cat' and 'big cat'" in note for note in found.notes)


def test_grades_are_an_ordinal_head_when_asked(make_tree):
    root = _table(make_tree, "grade", "1", "5", "2", "", "2")
    found = scan(root, ScanOptions(ordinal=("grade",))).samples
    assert (found.task.heads[0].kind, found.task.heads[0].classes) == ("ordinal", ("1", "2", "5"))
    assert found.labels["grade"].tolist() == [0, 2, 1, -1, 1]


def test_ordinal_classes_that_are_no_numbers_need_an_order(make_tree):
    root = _table(make_tree, "size", "small", "large", "middle", "large")
    with pytest.raises(LabelError, match="order is not known"):
        scan(root, ScanOptions(ordinal=("size",)))
    found = scan(root, ScanOptions(ordinal=("size",), classes={"size": ("small", "middle", "large")})).samples
    assert found.task.heads[0].kind == "ordinal"
    assert found.labels["size"].tolist() == [0, 2, 1, 2]
    with pytest.raises(UnknownNameError, match="ordinal: unknown head"):
        scan(root, ScanOptions(label_columns=("size",), ordinal=("siez",)))


def test_one_of_several_attributes_can_be_ordinal(make_tree):
    root = _table(make_tree, "eye,grade", "left,0", "right,1", "left,1", "right,0")
    found = scan(root, ScanOptions(label_columns=("eye", "grade"), ordinal=("grade",))).samples
    assert [head.kind for head in found.task.heads] == ["single", "ordinal"]


def test_folders_can_be_ordinal(make_tree):
    root = make_tree("0/a.jpg", "1/b.jpg", "2/c.jpg", "0/d.jpg")
    assert scan(root, ScanOptions(ordinal=("label",))).samples.task.heads[0].kind == "ordinal"


def test_columns_of_1_and_nothing_take_empty_for_no(make_tree):
    found = scan(_table(make_tree, "a,b,c", "1,,", ",1,", "1,,1", ",,"))
    np.testing.assert_array_equal(found.samples.labels["labels"], [[1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 0, 0]])
    assert any("Empty cells were read as 0" in note for note in found.notes)
    one_hot = scan(_table(make_tree, "a,b", "1,", ",1", "1,", ",1")).samples
    assert (one_hot.task.heads[0].kind, one_hot.labels["label"].tolist()) == ("single", [0, 1, 0, 1])


def test_columns_of_1_and_nothing_keep_empty_for_unknown_where_unknown_cells_have_a_name(make_tree):
    options = ScanOptions(label_columns=("a", "b"), missing_values=("?",))
    found = scan(_table(make_tree, "a,b", "1,?", ",1", "1,1"), options)
    np.testing.assert_array_equal(found.samples.labels["labels"], [[1, -1], [-1, 1], [1, 1]])


def test_an_unknown_cell_beside_a_1_is_no_certain_0(make_tree):
    found = scan(_table(make_tree, "a,b,c", "1,,0", "0,1,0", "0,,1", "1,0,0")).samples
    assert found.task.heads[0].kind == "multi"
    np.testing.assert_array_equal(found.labels["labels"], [[1, -1, 0], [0, 1, 0], [0, -1, 1], [1, 0, 0]])


@pytest.mark.parametrize("minus", ["-1", "-1.0"])
def test_minus_one_is_no_beside_1_alone_and_a_question_beside_0(make_tree, minus):
    one = "1" if minus == "-1" else "1.0"
    found = scan(_table(make_tree, "a,b", f"{one},{minus}", f"{minus},{minus}", f"{one},{one}", f"{minus},{one}"))
    assert found.samples.labels["labels"].tolist() == [[1, 0], [0, 0], [1, 1], [0, 1]]
    assert any(guess.what == "-1" for guess in found.guesses)
    mixed = _table(make_tree, "a,b", f"{one},0", f"{minus},0", f"{one},1", f"{minus},1")
    with pytest.raises(LabelError, match='"no" or "not known'):
        scan(mixed)
    known = scan(mixed, ScanOptions(missing_values=(minus,))).samples
    np.testing.assert_array_equal(known.labels["labels"], [[1, 0], [-1, 0], [1, 1], [-1, 1]])


def test_a_label_that_no_image_lacks_is_told(make_tree):
    found = scan(_table(make_tree, "a,b", "1,0", ",1", "1,0", ",1"))
    assert any("No image is known to lack 'a'" in note for note in found.notes)


@pytest.mark.parametrize(
    "cells", [["16 0", "0", "16 25 2", "25 0"], ["scab rust", "scab", "rust", "rust blight", "blight"]]
)
def test_lists_of_numbers_and_lists_of_labels_that_stand_alone_are_lists(cells):
    assert guess_delim(cells) == " "


def test_cells_that_may_be_lists_are_told(make_tree):
    found = scan(_table(make_tree, "label", "navy blue", "blue", "off white", "blue", "navy blue", "off white"))
    assert found.samples.task.heads[0].kind == "single"
    assert any("label_delim=' '" in note for note in found.notes)
    plain = scan(_table(make_tree, "label", "casual shoes", "hand bag", "casual shoes", "hand bag"))
    assert not any("label_delim" in note for note in plain.notes)


@pytest.mark.parametrize(
    "options", [{"bins": {"age": (30.0,)}}, {"ordinal": ("age",)}, {"classes": {"age": ("1", "2")}}]
)
def test_an_option_for_a_column_that_is_no_label_says_how_to_add_it(make_tree, options):
    root = _table(make_tree, "sex,age", "m,20", "f,40", "m,40", "f,20")
    with pytest.raises(LabelError, match=r"label_columns=\['sex', 'age'\]"):
        scan(root, ScanOptions(label_columns=("sex",), **options))
