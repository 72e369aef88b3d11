from __future__ import annotations

import re

import pytest

from podium.report.numbers import plain_duration, plain_score, show_count, show_duration, show_percent, show_score

NONE = '<span class="none">–</span>'


@pytest.mark.parametrize("value", [0.1 + 0.2, 1 / 3, 0.0, 1.0, 1e-9, -0.25])
def test_a_machine_reads_the_whole_number(value: float) -> None:
    for shown in (show_score(value), show_percent(value)):
        found = re.search(r'value="([^"]+)"', shown)
        assert found is not None
        assert float(found[1]) == value
    assert plain_score(value) == f"{value:.3f}"


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_what_is_no_number_is_a_dash(value: float | None) -> None:
    assert show_score(value) == show_percent(value) == NONE
    assert plain_score(value) == "–"
    assert show_duration(None) == NONE


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1.0 min"), (3569, "59.5 min"), (3570, "1 h 0 min"), (7199, "2 h 0 min")],
)
def test_durations_turn_into_the_next_unit_before_they_round_to_it(seconds: float, shown: str) -> None:
    assert plain_duration(seconds) == shown


def test_thousands_are_divided_for_the_eye() -> None:
    assert show_count(18900) == '<data value="18900">18,900</data>'
