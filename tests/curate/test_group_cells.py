"""Group cells get the care of labels: what is not known is no group, and one group has one spelling."""

from __future__ import annotations

import pytest

from podium.curate import ScanOptions, scan


def _scan(make_tree, cells, **options):
    rows = "".join(f"{i}.jpg,{'ab'[i % 2]},{cell}\n" for i, cell in enumerate(cells))
    root = make_tree(*(f"{i}.jpg" for i in range(len(cells))), t=f"image,label,patient\n{rows}")
    return scan(root, ScanOptions(**options))


@pytest.mark.parametrize("group", [None, "patient", r"(\d)"])
def test_unknown_groups_are_no_group(make_tree, group):
    if group == r"(\d)":
        assert len(set(_scan(make_tree, "aaaa", group=group).samples.group_keys)) == 4
        return
    found = _scan(make_tree, ["p1", "p1", "unknown", "nan", "-", "", "N/A", "unknown"], group=group)
    assert found.samples.group.tolist() == ["p1", "p1", "", "", "", "", "", ""]
    assert len(set(found.samples.group_keys)) == 7
    (note,) = [note for note in found.notes if "not known" in note]
    assert note.startswith("5 cells of group column 'patient'")
    assert "'unknown' 2" in note


@pytest.mark.parametrize("name", ["-1", "other"])
def test_a_group_that_may_mean_not_known_is_pointed_out(make_tree, name):
    cells = [name] * 18 + [f"p{row // 2}" for row in range(18)]
    (note,) = [note for note in _scan(make_tree, cells, group="patient").notes if "stays in one fold" in note]
    assert note.startswith(f"Group {name!r} of column 'patient' holds 18 of 36 images")
    assert f"`missing_values=['{name}']`" in note
    cured = _scan(make_tree, cells, group="patient", missing_values=(name,))
    assert not [note for note in cured.notes if "stays in one fold" in note]
    assert len(set(cured.samples.group_keys)) == 18 + 9


def test_a_few_large_groups_are_nothing_special(make_tree):
    cells = [f"video{row // 9}" for row in range(36)]
    assert not [note for note in _scan(make_tree, cells, group="patient").notes if "stays in one fold" in note]


def test_missing_values_hold_for_groups_too(make_tree):
    found = _scan(make_tree, ["p1", "p1", "x9", "x9"], missing_values=("x9",))
    assert found.samples.group.tolist() == ["p1", "p1", "", ""]


@pytest.mark.parametrize(
    ("cells", "n_groups"),
    [
        (["3", "3.0", "03", "4", "4.00"], 2),
        (["Ann Lee", "ann  lee", "ANN LEE ", "Bob", "bob"], 2),
        (["90071992547409931", "90071992547409932", "90071992547409931", "1", "1"], 3),
        (["1e5", "100000", "1e5", "100000", "-1"], 3),
    ],
)
def test_spellings_of_one_group_are_one_group(make_tree, cells, n_groups):
    found = _scan(make_tree, cells)
    assert len(set(found.samples.group)) == n_groups
    assert any("spelt in several ways" in note for note in found.notes) == (len({c.strip() for c in cells}) > n_groups)
