"""What torchrun says in the environment, and what it does not."""

from __future__ import annotations

import pytest

from podium.errors import UsageError
from podium.machine.place_in_team import PlaceInTeam, place_in_team

SAID = {
    "RANK": "3",
    "WORLD_SIZE": "4",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "here",
    "MASTER_PORT": "29500",
}


def test_a_place_is_what_torchrun_says() -> None:
    assert place_in_team(SAID) == PlaceInTeam(3, 4, 1, 2)
    assert not PlaceInTeam(3, 4, 1, 2).leads


@pytest.mark.parametrize("said", [{}, {"RANK": "0", "WORLD_SIZE": "2"}, SAID | {"RANK": "0", "WORLD_SIZE": "1"}])
def test_a_process_without_others_is_alone(said: dict[str, str]) -> None:
    assert place_in_team(said) is None


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(UsageError, match="RANK=first"):
        place_in_team(SAID | {"RANK": "first"})
