"""Several errors as one."""

from __future__ import annotations

import pytest

from podium.errors import DataError, ImageError, LeakError, SplitError, StorageError, UnknownNameError, UsageError
from podium.problems import Problems, join_errors


def test_every_check_is_made_and_all_are_reported() -> None:
    problems = Problems()
    with problems.kept():
        raise ImageError("bad images.", retry={"max_bad_fraction": 0.1}, details=[str(row) for row in range(5)])
    with problems.kept():
        raise LeakError("leaks.", fix="Name a group.", retry={"allow_leaks": ["same_bytes"]})
    with problems.kept():
        pass
    with pytest.raises(DataError) as caught:
        problems.raise_all()
    error = caught.value
    assert error.exit_code == 3
    assert error.retry == {"max_bad_fraction": 0.1, "allow_leaks": ["same_bytes"]}
    assert "`max_bad_fraction=0.1, allow_leaks=['same_bytes']`" in str(error)
    assert str(error).startswith("2 problems: (1) bad images. (2) leaks. Name a group. To go on")
    assert list(error.details) == [f"(1) {row}" for row in range(5)]


def test_a_switch_to_be_switched_off_is_left_out_for_the_command_has_no_other_way() -> None:
    errors = [ImageError("a.", retry={"max_bad_fraction": 0.1}), LeakError("b.", retry={"strict": False})]
    assert join_errors(errors).fix == "To go on in spite of them, set `max_bad_fraction=0.1` and leave out `strict`."


def test_one_error_stays_itself() -> None:
    alone = UnknownNameError("metric", "f1_marco", ["f1_macro"])
    assert join_errors([alone]) is alone
    problems = Problems()
    assert not problems
    problems.raise_all()


def test_the_kind_is_the_common_one_and_wrong_usage_comes_first() -> None:
    assert type(join_errors([SplitError("a."), SplitError("b.")])) is SplitError
    assert type(join_errors([SplitError("a."), ImageError("b.")])) is DataError
    assert type(join_errors([SplitError("a."), UsageError("b.")])) is UsageError
    two = [UnknownNameError("x", "y", ["z"]), UnknownNameError("x", "y", ["z"])]
    assert join_errors(list(two)).exit_code == 2


def test_no_command_is_offered_that_would_stop_again() -> None:
    joined = join_errors([ImageError("a.", retry={"max_bad_fraction": 0.1}), SplitError("b.")])
    assert joined.retry == {}
    assert joined.fix is None


def test_a_failing_machine_is_no_problem_to_keep() -> None:
    problems = Problems()
    with pytest.raises(StorageError), problems.kept():
        raise StorageError("disk full.")
    assert not problems
