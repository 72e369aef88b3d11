"""Two real processes against one: `team_child.py` makes the comparisons in each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium.engine import current_team
from tiny.team import start_team


def test_a_process_on_its_own_is_in_no_team() -> None:
    assert current_team() is None


@pytest.mark.long
def test_two_processes_compute_what_one_does() -> None:
    team = start_team([Path(__file__).with_name("team_child.py")])
    said = [process.communicate(timeout=200) for process in team]
    assert [process.returncode for process in team] == [0, 0], said
