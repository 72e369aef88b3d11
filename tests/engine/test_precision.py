"""The arithmetic of a forward pass, and the advice when it fails."""

from __future__ import annotations

import pytest
import torch

from podium.engine.precision import autocast, remedy

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)]
)
def test_products_are_of_the_precision_that_was_asked_for(precision: str, dtype: torch.dtype) -> None:
    matrix = torch.ones(2, 2)
    with autocast(CPU, precision):
        assert (matrix @ matrix).dtype == dtype
    assert (matrix @ matrix).dtype == torch.float32


def test_only_half_precision_is_told_to_leave_it() -> None:
    assert "training.precision=fp32" in remedy("fp16")
    assert all("precision" not in remedy(name) and "optimizer.lr" in remedy(name) for name in ("fp32", "bf16"))
