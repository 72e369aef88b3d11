from __future__ import annotations

import numpy as np

from podium.curate import SpareColumns


def test_each_column_is_a_grouping_and_times_are_bursts() -> None:
    spare = SpareColumns(
        ("a", "b", "c", "d"),
        {
            "who": ("Ann", "ann ", "", "unknown"),
            "taken": ("2021-03-15 10:00:00", "2021-03-15 10:00:05", "2021-03-15 10:01:00", "2021-03-15 12:00:00"),
            "same": ("x", "x", "x", "x"),
            "number": ("1", "2", "3", "4"),
        },
    )
    found = {str(change): group for change, group in spare.groupings(["d", "a", "b", "c"])}
    assert set(found) == {"{'group': 'who'}", *(f"{{'group_from': 'taken:{gap}'}}" for gap in (2, 10, 60, 600))}
    who = found["{'group': 'who'}"]
    assert who[1] == who[2]
    assert len(np.unique(who)) == 3
    ten, minute = found["{'group_from': 'taken:10'}"], found["{'group_from': 'taken:60'}"]
    assert ten[1] == ten[2] != ten[3]
    assert minute[1] == minute[3] != minute[0]
