"""Typed values as cells."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from podium.texttable.cell_text import cell_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("007", "007"), (7, "7"), (0.5, "0.5"), (True, "True"), (None, ""), (float("nan"), ""), (pd.NA, ""),
        (pd.NaT, ""), (b"caf\xc3\xa9", "café"), (np.int64(3), "3"), (np.float32(0.5), "0.5"), (np.bool_(True), "True"),
        (["a", "b"], '["a", "b"]'), (np.array([1, 0]), '["1", "0"]'), (date(2026, 11, 30), "2026-11-30"),
    ],
)  # fmt: skip
def test_a_value_is_what_python_writes(value: object, text: str) -> None:
    assert cell_text(value) == text
