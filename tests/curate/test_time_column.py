from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from podium.curate import ScanOptions, scan
from podium.errors import LabelError
from tiny.contest import draw_images


def read_times(folder: Path, times: tuple[str, ...]) -> list[float]:
    names = draw_images(folder / "photos", len(times), seed=1)
    rows = [f"{name},{'ab'[place % 2]},{time}\n" for place, (name, time) in enumerate(zip(names, times, strict=True))]
    table = folder / "table.csv"
    table.write_text("image,label,taken\n" + "".join(rows))
    options = ScanOptions(labels=table, label_columns=("label",), time_column="taken")
    found = scan(folder / "photos", options=options).samples.time
    assert found is not None
    return list(np.nan_to_num(found, nan=-1.0))


def test_numbers_or_dates_and_cells_that_say_nothing(tmp_path: Path) -> None:
    assert read_times(tmp_path / "numbers", ("2019", "2020.5", "", "unknown")) == [2019.0, 2020.5, -1.0, -1.0]
    assert read_times(tmp_path / "dates", ("1970-01-02", "1970:01:02 00:00:01", "", "3.1.1970")) == [
        86400.0,
        86401.0,
        -1.0,
        2 * 86400.0,
    ]


def test_numbers_beside_dates_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="'taken' holds numbers and dates, such as '2019' and '2019-05-01'"):
        read_times(tmp_path, ("2019", "2019-05-01", "", "2020"))
    with pytest.raises(LabelError, match="1 cell of the time column 'taken' is neither"):
        read_times(tmp_path, ("03/04/2021", "2019-05-01", "", "2019-05-02"))
