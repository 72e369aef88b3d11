"""What each rule looks up for a cell, and the order in which rules are tried."""

from __future__ import annotations

import pytest

from podium.tables.name_rules import make_rule_steps, number_key, shared_depth, without_ending


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("a/face.v2.jpg", "a/face.v2"),
        ("a.b/face", "a.b/face"),
        ("face.jpeg2", "face"),
        ("face.toolong", "face.toolong"),
        (".hidden", ".hidden"),
        ("face.", "face."),
        ("face.a-b", "face.a-b"),
        ("", ""),
    ],
)
def test_an_ending_is_up_to_five_letters_and_digits(name: str, bare: str) -> None:
    assert without_ending(name) == bare


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("x/00012.png", "x/12"),
        ("000", "0"),
        ("1.0", "1"),
        ("a12.png", ""),
        ("12a", ""),
        ("-1", ""),
        ("1e5", ""),
        ("٣.png", ""),
        ("12/", ""),
        ("1" * 18, "1" * 18),
        ("1" * 19, ""),
    ],
)
def test_a_number_is_a_name_of_plain_digits(name: str, number: str) -> None:
    assert number_key(name) == number


@pytest.mark.parametrize(
    ("keys", "depth"),
    [
        (["a/b/1", "a/b/2"], 2),
        (["a/b/1", "a/c/2"], 1),
        (["a/1", "2"], 0),
        (["a/1", ""], 1),
        (["a/b", "a/bb/c"], 1),
        ([], 0),
        ([""], 0),
    ],
)
def test_only_folders_that_all_filled_cells_share_are_cut(keys: list[str], depth: int) -> None:
    assert shared_depth(keys) == depth
    assert len(make_rule_steps(keys)) == depth + 2


def test_steps_go_from_whole_paths_over_cut_ones_to_bold_rules() -> None:
    steps = make_rule_steps(["a/b/1.jpg", "a/b/2.jpg"])
    plain = [step[0].key("a/b/1.jpg") for step in steps]
    assert plain == ["a/b/1.jpg", "b/1.jpg", "1.jpg", "1.jpg"]
    assert [step[0].cut for step in steps] == [0, 1, 2, 0]
    assert [all(rule.keeps_path for rule in step) for step in steps] == [True, True, True, False]
    assert {rule.key("a/b/1.dcm") for rule in steps[-1]} == {"1.dcm", "1", "a/b/1"}
    assert all(step == sorted(step, key=lambda rule: rule.rank) for step in steps)
