"""CSV of cells: every text survives."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.tables.csv_cells import read_csv, write_csv


@pytest.mark.slow
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=6))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_survives_a_csv(tmp_path: Path, cells: list[str]) -> None:
    write_csv(tmp_path / "t.csv", ["a", "b"], [cells[:2], cells[-2:]])
    assert read_csv(tmp_path / "t.csv") == {"a": [cells[0], cells[-2]], "b": [cells[1], cells[-1]]}


def test_a_cell_of_any_length_survives_a_csv_and_the_limit_of_others_stays(tmp_path: Path) -> None:
    before, cell = csv.field_size_limit(), "x" * 200_000
    write_csv(tmp_path / "a.csv", ["name"], [[cell]])
    assert read_csv(tmp_path / "a.csv") == {"name": [cell]}
    assert csv.field_size_limit() == before < len(cell)
