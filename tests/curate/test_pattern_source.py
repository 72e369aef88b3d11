import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.curate import PathPattern, ScanOptions, scan
from podium.errors import SourceError, UnknownNameError, UsageError

FACES = "{id}_{gender}_{race}_{age:int}/{mask}*"


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        ("mask1.jpg", "mask"),
        ("mask12.jpeg", "mask"),
        ("incorrect_mask.png", "incorrect_mask"),
        ("normal.jpg", "normal"),
        ("mask_3.jpg", "mask"),
        ("마스크2.jpg", "마스크"),
    ],
)
def test_a_field_before_a_star_takes_letters_and_underscores(name, mask):
    found = PathPattern.parse(FACES).read(f"train/images/000001_female_Asian_45/{name}")
    assert found == {"id": "000001", "gender": "female", "race": "Asian", "age": "45", "mask": mask}


@pytest.mark.slow
@given(
    person=st.from_regex(r"[0-9]{1,6}(-[0-9])?", fullmatch=True),
    gender=st.sampled_from(["male", "female"]),
    age=st.integers(0, 120),
    shot=st.sampled_from(["mask", "incorrect_mask", "normal"]),
    number=st.sampled_from(["", "1", "5"]),
)
def test_what_was_written_by_the_pattern_is_read_back(person, gender, age, shot, number):
    found = PathPattern.parse(FACES).read(f"{person}_{gender}_Asian_{age}/{shot}{number}.jpg")
    assert found == {"id": person, "gender": gender, "race": "Asian", "age": str(age), "mask": shot}


@pytest.mark.parametrize(
    ("pattern", "name", "fields"),
    [
        ("{label}/{n:int}.png", "cat/7.PNG", {"label": "cat", "n": "7"}),
        ("{label}/{n:int}.png", "cat/7.jpg", None),
        ("{label}/{n:int}", "cat/007.jpg", {"label": "cat", "n": "007"}),
        ("{label}/{n:int}", "cat/x.jpg", None),
        ("{split}/*/{label}_*", "train/any/dog_1.jpg", {"split": "train", "label": "dog"}),
        ("{x:float}_{w:word}", "a/1.5_ab9.jpg", {"x": "1.5", "w": "ab9"}),
        ("a(b)+{n:int}", "a(b)+3.jpg", {"n": "3"}),
        ("{a}/{b}", "only.jpg", None),
    ],
)
def test_patterns(pattern, name, fields):
    assert PathPattern.parse(pattern).read(name) == fields


@pytest.mark.parametrize("pattern", ["", "*/x.jpg", "{a}_{a}", "{a}/{", "a}{b}", "{}"])
def test_patterns_that_are_none(pattern):
    with pytest.raises(UsageError):
        PathPattern.parse(pattern)


def test_unknown_type_names_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'float'"):
        PathPattern.parse("{a:flaot}")


def test_files_that_do_not_match_are_listed(make_tree):
    root = make_tree("1_m_20/mask1.jpg", "2_f_30/normal.jpg", "2_f_30/x9/normal.jpg", "readme/what.jpg")
    options = ScanOptions(pattern="{id}_{sex}_{age:int}/{mask}*", label_columns=("sex",))
    with pytest.raises(SourceError, match="2 of 4 images do not match") as caught:
        scan(root, options)
    assert caught.value.details == ("2_f_30/x9/normal.jpg", "readme/what.jpg")
    found = scan(root, ScanOptions(pattern=options.pattern, label_columns=("sex",), allow_unmatched=True))
    assert found.unlisted == caught.value.details
    assert len(found.samples) == 2


def test_person_field_is_guessed_as_group(make_tree):
    root = make_tree(*(f"{p}_{s}/{i}.jpg" for p, s in (("7", "m"), ("8", "f")) for i in "12"))
    found = scan(root, ScanOptions(pattern="{person}_{sex}/*"))
    assert found.samples.group.tolist() == ["7", "7", "8", "8"]
    assert [guess.what for guess in found.guesses] == ["group", "labels"]
