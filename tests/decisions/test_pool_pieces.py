"""Pieces of an image pooled, against loops."""

from __future__ import annotations

import numpy as np
import pytest

from podium.decisions import pool_pieces
from podium.tables import Head, Task

TASK = Task((Head("kind", "single", ("a", "b", "c")), Head("tags", "multi", ("x", "y"))))
RNG = np.random.default_rng(0)
PIECES = [{"kind": RNG.dirichlet(np.ones(3), 20), "tags": RNG.random((20, 2))} for _ in range(5)]


@pytest.mark.parametrize("pool", ["mean", "max", "vote"])
def test_every_pool_is_the_loop_s(pool: str) -> None:
    found = pool_pieces(PIECES, pool, TASK)
    np.testing.assert_allclose(found["kind"].sum(axis=1), 1)
    for row in range(20):
        kind = np.stack([piece["kind"][row] for piece in PIECES])
        tags = np.stack([piece["tags"][row] for piece in PIECES])
        wanted = {
            "mean": (kind.mean(0), tags.mean(0)),
            "max": (kind.max(0) / kind.max(0).sum(), tags.max(0)),
            "vote": (np.bincount(kind.argmax(1), minlength=3) / 5, (tags >= 0.5).mean(0)),
        }[pool]
        np.testing.assert_allclose(found["kind"][row], wanted[0])
        np.testing.assert_allclose(found["tags"][row], wanted[1])


def test_one_piece_is_itself_and_order_does_not_matter() -> None:
    for pool in ("mean", "max"):
        np.testing.assert_array_equal(pool_pieces(PIECES[:1], pool, TASK)["kind"], PIECES[0]["kind"])
        np.testing.assert_allclose(
            pool_pieces(PIECES, pool, TASK)["tags"], pool_pieces(PIECES[::-1], pool, TASK)["tags"]
        )
