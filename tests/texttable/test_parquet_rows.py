from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from podium.errors import TableError
from podium.texttable import read_table


def test_parquet_gives_the_same_text_as_csv(tmp_path):
    frame = pa.table(
        {
            "id": pa.array(["007", "NA"]),
            "n": pa.array([1, None], pa.int64()),
            "flag": pa.array([True, False]),
            "tags": pa.array([["a", "b"], ["b"]]),
            "x": pa.array([0.5, float("nan")]),
        }
    )
    pq.write_table(frame, tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").columns == {
        "id": ["007", "NA"],
        "n": ["1", ""],
        "flag": ["True", "False"],
        "tags": ['["a", "b"]', '["b"]'],
        "x": ["0.5", ""],
    }
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(TableError, match="not a readable Parquet"):
        read_table(tmp_path / "bad.parquet")
