import itertools

import pytest

from podium.curate import ScanOptions, scan
from podium.errors import LabelError, SourceError

FORMULA = "mask*6 + gender*3 + age"
PATTERN = "{id}_{gender}_{age:int}/{mask}*"
ORDERS = {"mask": ("mask", "incorrect_mask", "normal"), "gender": ("male", "female")}


def _faces(make_tree):
    ages = {"a": 25, "b": 45, "c": 70}
    shots = ("mask1", "mask2", "incorrect_mask", "normal")
    return make_tree(
        *(
            f"{p}{g[0]}_{g}_{age}/{shot}.jpg"
            for (p, age), g, shot in itertools.product(ages.items(), ORDERS["gender"], shots)
        )
    )


def _expected(name):
    folder, shot = name.split("/")
    _, gender, age = folder.split("_")
    mask = 0 if shot.startswith("mask") else 1 if shot.startswith("incorrect") else 2
    return mask * 6 + (gender == "female") * 3 + (int(age) >= 30) + (int(age) >= 60)


def test_class_numbers_are_the_contests(make_tree):
    options = ScanOptions(pattern=PATTERN, composite=FORMULA, classes=ORDERS, bins={"age": (30, 60)})
    samples = scan(_faces(make_tree), options).samples
    assert samples.target_labels("class").tolist() == [_expected(name) for name in samples.ids]
    assert samples.task.main_target.n_classes == 18
    assert len(set(samples.group)) == 6


def test_guessed_class_order_under_a_formula_is_refused_with_the_option(make_tree):
    with pytest.raises(LabelError, match="class order") as caught:
        scan(_faces(make_tree), ScanOptions(pattern=PATTERN, composite=FORMULA, bins={"age": (30, 60)}))
    assert "classes={'mask': ['incorrect_mask', 'mask', 'normal'], 'gender': ['female', 'male']}" in str(caught.value)


def test_auto_numbers_the_heads_in_their_order(make_tree):
    options = ScanOptions(pattern=PATTERN, composite="auto", label_columns=("gender", "mask"))
    composite = scan(_faces(make_tree), options).samples.task.composite
    assert composite.formula == "gender*3 + mask"


def _numbered(make_tree, orders):
    rows = [
        f"{i}.jpg,{m},{g},{orders['m'].index(m) * 2 + orders['g'].index(g)}"
        for i, (m, g) in enumerate(itertools.product("pqr", "xy"))
    ]
    return make_tree(*(f"{i}.jpg" for i in range(6)), t="image,m,g,number\n" + "\n".join(rows) + "\n")


def test_formula_is_checked_against_a_column_and_the_right_order_is_found(make_tree):
    root = _numbered(make_tree, {"m": "rpq", "g": "yx"})
    options = ScanOptions(composite="m*2 + g", composite_column="number")
    with pytest.raises(LabelError, match="differ from column 'number' in 6 of 6") as caught:
        scan(root, options)
    assert "classes={'m': ['r', 'p', 'q'], 'g': ['y', 'x']}" in str(caught.value)
    assert caught.value.details[0] == "row 2: formula gives 0, column 'number' says 3"
    right = ScanOptions(composite="m*2 + g", composite_column="number", classes={"m": ("r", "p", "q"), "g": ("y", "x")})
    assert scan(root, right).samples.target_labels("class").tolist() == [3, 2, 5, 4, 1, 0]


@pytest.mark.parametrize("spelling", ["{:02d}", "{}.0", " {} "])
def test_check_column_is_compared_as_numbers(make_tree, spelling):
    root = _numbered(make_tree, {"m": "pqr", "g": "xy"})
    table = root / "t.csv"
    header, *lines = table.read_text().splitlines()
    rows = [line.rsplit(",", 1) for line in lines]
    table.write_text("\n".join([header, *(f"{start},{spelling.format(int(number))}" for start, number in rows)]) + "\n")
    options = ScanOptions(composite="m*2 + g", composite_column="number", classes={"m": tuple("pqr"), "g": tuple("xy")})
    assert scan(root, options).samples.target_labels("class").tolist() == [0, 1, 2, 3, 4, 5]


def test_check_column_must_exist_and_needs_a_formula(make_tree):
    root = _numbered(make_tree, {"m": "pqr", "g": "xy"})
    with pytest.raises(SourceError, match="Did you mean `composite_column='number'`"):
        scan(root, ScanOptions(composite="m*2 + g", composite_column="numbr"))
    with pytest.raises(LabelError, match="no composite class"):
        scan(root, ScanOptions(label_columns=("m", "g"), composite_column="number"))
