import pytest

from podium.curate import ScanOptions, scan
from podium.errors import SourceError, UnknownNameError


def _people(make_tree, header="image,patient,sex,view", n=6):
    rows = [f"{i}.jpg,p{i // 2},{'mf'[i % 2]},{'ab'[i // 3]}" for i in range(n)]
    return make_tree(*(f"{i}.jpg" for i in range(n)), t="\n".join([header, *rows]) + "\n")


def test_several_possible_labels_are_listed_with_the_option(make_tree):
    with pytest.raises(SourceError, match="2 columns could be labels: sex, view") as caught:
        scan(_people(make_tree))
    assert "label_columns=['sex']" in str(caught.value)
    assert caught.value.details == ("sex: 2 values (f 3, m 3)", "view: 2 values (a 3, b 3)")
    rows = "".join(f"{i}.jpg,{'abcde'[i % 5]},{'xy'[i % 2]}\n" for i in range(20))
    root = make_tree(*(f"{i}.jpg" for i in range(20)), t=f"image,hue,form\n{rows}")
    with pytest.raises(SourceError) as caught:
        scan(root)
    assert caught.value.details[0] == "hue: 5 values (a 4, b 4, c 4, d 4 and 1 more)"


def test_usual_name_wins_and_the_rest_stays_unused(make_tree):
    found = scan(_people(make_tree, "image,patient,sex,Class"))
    assert [head.name for head in found.samples.task.heads] == ["Class"]


@pytest.mark.parametrize("name", ["patient", "Patient ID", "subject_id", "GROUP", "student"])
def test_group_is_guessed_by_name_and_shown(make_tree, name):
    found = scan(_people(make_tree, f"image,{name},sex,label"))
    assert found.samples.group.tolist() == ["p0", "p0", "p1", "p1", "p2", "p2"]
    guess = next(guess for guess in found.guesses if guess.what == "group")
    assert f"group={name!r}" in guess.option


def test_group_none_and_unknown_group(make_tree):
    root = _people(make_tree, "image,patient,sex,label")
    assert scan(root, ScanOptions(group="none")).samples.group is None
    with pytest.raises(UnknownNameError, match="Did you mean 'patient'"):
        scan(root, ScanOptions(group="pateint"))


def test_one_group_for_all_is_told(make_tree):
    rows = "".join(f"{i}.jpg,here,{'ab'[i % 2]}\n" for i in range(4))
    root = make_tree(*(f"{i}.jpg" for i in range(4)), t=f"image,site,label\n{rows}")
    notes = scan(root, ScanOptions(group="site")).notes
    assert any("1 group over 4 images" in note and "One group cannot be split" in note for note in notes)
    assert not any(
        "One group cannot be split" in note
        for note in scan(_people(make_tree), ScanOptions(group="patient", unlabelled=True)).notes
    )


def test_what_is_learnt_is_not_guessed_to_be_the_group(make_tree):
    root = _people(make_tree)
    assert scan(root, ScanOptions(label_columns=("sex",))).samples.group is not None
    assert scan(root, ScanOptions(label_columns=("patient",))).samples.group is None


def test_group_by_regular_expression(make_tree):
    root = make_tree("a/p01-1.jpg", "a/p01-2.jpg", "b/p02-1.jpg")
    assert scan(root, ScanOptions(group=r"p(\d+)-")).samples.group.tolist() == ["01", "01", "02"]
    with pytest.raises(SourceError, match="does not match 3 of 3"):
        scan(root, ScanOptions(group="q(x)"))
    with pytest.raises(SourceError, match="2 groups in parentheses"):
        scan(root, ScanOptions(group="(a)(b)"))
    with pytest.raises(SourceError, match="not a valid regular expression"):
        scan(root, ScanOptions(group="(a"))


def test_empty_group_cells_stand_alone(make_tree):
    root = make_tree(*(f"{i}.jpg" for i in range(4)), t="image,group,label\n0.jpg,g,a\n1.jpg,g,b\n2.jpg,,a\n3.jpg,,b\n")
    found = scan(root)
    assert found.samples.group_keys.tolist() == ["g", "g", "2.jpg", "3.jpg"]
    assert any("2 images have no group" in note for note in found.notes)


def test_split_column_is_read_and_wrong_words_are_named(make_tree):
    rows = "0.jpg,Train,a\n1.jpg,val,b\n2.jpg,TEST,a\n3.jpg,,b\n"
    root = make_tree(*(f"{i}.jpg" for i in range(4)), t="image,split,label\n" + rows, u="image,part,label\n" + rows)
    samples = scan(root, ScanOptions(labels=root / "t.csv")).samples
    assert samples.split.tolist() == ["train", "valid", "test", ""]
    assert scan(root, ScanOptions(labels=root / "u.csv")).samples.split is None
    (root / "u.csv").write_text("image,part,label\n0.jpg,one,a\n1.jpg,train,b\n")
    with pytest.raises(SourceError, match="not train, valid or test") as caught:
        scan(root, ScanOptions(labels=root / "u.csv", split_column="part"))
    assert caught.value.details == ("row 2: one",)


def test_unlabelled_takes_no_labels(make_tree):
    options = ScanOptions(unlabelled=True, classes={"sex": ("m", "f")}, bins={"age": (3,)}, composite="sex*3 + age")
    found = scan(_people(make_tree, "image,patient,sex,label"), options)
    assert found.samples.task is None
    assert found.samples.labels == {}


def test_placeholder_answers_make_a_test_set(make_tree):
    root = make_tree("x/1.jpg", "x/2.jpg", info="ImageID,ans\n1.jpg,0\n2.jpg,0\n")
    found = scan(root)
    assert found.samples.task is None
    assert any("'ans' is '0' in every row" in note for note in found.notes)


def test_one_row_and_empty_columns_make_a_test_set(make_tree):
    found = scan(make_tree("0.jpg", t="image,label\n0.jpg,x\n"))
    assert found.samples.task is None
    assert any("'label' is 'x' in every row" in note for note in found.notes)
    assert scan(make_tree("1.jpg", t="image,a,b\n0.jpg,,\n1.jpg,,\n")).samples.task is None


def test_all_zero_indicator_columns_are_placeholders_too(make_tree):
    root = make_tree("x/00000.png", "x/00001.png", answers="index,a,b,c\n0,0,0,0\n1,0,0,0\n")
    assert scan(root).samples.task is None


def test_unknown_label_column_names_the_nearest(make_tree):
    with pytest.raises(SourceError, match=r"label_columns: there is no .* Did you mean 'view'"):
        scan(_people(make_tree), ScanOptions(label_columns=("veiw",)))


@pytest.mark.parametrize("name", ["fold", "kfold", "set", "Dataset"])
def test_folds_and_splits_are_no_class_of_indicator_columns(make_tree, name):
    rows = "".join(f"{i}.jpg,{i % 2},{i // 2 % 2},{(i + 1) // 2 % 2},{i // 3 % 2}\n" for i in range(6))
    root = make_tree(*(f"{i}.jpg" for i in range(6)), t=f"image,healthy,rust,scab,{name}\n" + rows)
    (head,) = scan(root).samples.task.heads
    assert (head.name, head.kind, head.classes) == ("labels", "multi", ("healthy", "rust", "scab"))


@pytest.mark.parametrize("name", ["is_valid", "isValid"])
@pytest.mark.parametrize("words", [("0", "1"), ("0.0", "1.0"), ("False", "True")])
def test_is_valid_is_followed_and_is_no_class(make_tree, name, words):
    rows = "".join(f"{i}.jpg,{i % 2},{i // 2 % 2},{words[i // 4]}\n" for i in range(6))
    samples = scan(make_tree(*(f"{i}.jpg" for i in range(6)), t=f"image,rust,scab,{name}\n" + rows)).samples
    assert samples.split.tolist() == ["train"] * 4 + ["valid"] * 2
    assert samples.task.heads[0].classes == ("rust", "scab")


def test_numbers_in_another_split_column_are_no_split(make_tree):
    rows = "".join(f"{i}.jpg,{'ab'[i % 2]},{i // 4}\n" for i in range(6))
    root = make_tree(*(f"{i}.jpg" for i in range(6)), t="image,label,set\n" + rows)
    assert scan(root).samples.split is None
    with pytest.raises(SourceError, match="not train, valid or test"):
        scan(root, ScanOptions(split_column="set"))


@pytest.mark.parametrize("name", ["lesion_id", "StudyID", "clip_id"])
def test_a_column_that_numbers_a_series_is_the_group(make_tree, name):
    found = scan(_people(make_tree, f"image,{name},sex,label"))
    assert found.samples.group.tolist() == ["p0", "p0", "p1", "p1", "p2", "p2"]


@pytest.mark.parametrize("name", ["Id", "person"])
def test_a_group_that_may_be_the_label_is_told_with_the_option(make_tree, name):
    root = make_tree(*(f"{i}.jpg" for i in range(4)), t=f"image,{name}\n0.jpg,w1\n1.jpg,w2\n2.jpg,w1\n3.jpg,w2\n")
    found = scan(root)
    assert found.samples.task is None
    assert any(f"`label_columns=[{name!r}], group='none'`" in note for note in found.notes)
    learned = scan(root, ScanOptions(label_columns=(name,), group="none")).samples
    assert learned.task.heads[0].classes == ("w1", "w2")


def test_a_column_of_lists_that_never_repeat_is_found_as_the_label(make_tree):
    lists = ["cat dog", "dog", "cat", "owl", "owl dog", "owl cat", "cat dog owl", "dog owl"]
    rows = "".join(f"{i}.jpg,{cell}\n" for i, cell in enumerate(lists))
    found = scan(make_tree(*(f"{i}.jpg" for i in range(8)), t=f"image,attributes\n{rows}")).samples
    assert (found.task.heads[0].name, found.task.heads[0].kind) == ("attributes", "multi")
    assert found.task.heads[0].classes == ("cat", "dog", "owl")


def test_proposed_options_can_be_pasted(make_tree):
    rows = "".join(f"{i}.jpg,{'ab'[i % 2]},{'cd'[i // 3]}\n" for i in range(6))
    root = make_tree(*(f"{i}.jpg" for i in range(6)), t=f"image,Finding Kind,View Side\n{rows}")
    with pytest.raises(SourceError, match=r"label_columns=\['Finding Kind', 'View Side'\]"):
        scan(root)
