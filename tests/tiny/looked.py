"""Images of noise as an audit has looked at them, without any file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.auditing import LookedAt, Looks
from podium.curate import Audit
from podium.tables import Head, Samples, Task, as_text_array

KIND = Head("kind", "single", ("a", "b", "c"))


def look(n: int, labels: NDArray[Any], head: Head, *, seed: int = 0, **traits: NDArray[Any]) -> LookedAt:
    """Images of noise; the traits given are set."""
    rng = np.random.default_rng(seed)
    ids = as_text_array([f"{row:05d}.png" for row in range(n)])
    text = as_text_array
    usual: dict[str, Any] = {
        "outcome": text(["ok"] * n),
        "reason": text([""] * n),
        "sha256": text([f"{row:064x}" for row in range(n)]),
        "mode": text(["RGB"] * n),
        "format": text(["PNG"] * n),
        "phash": rng.integers(1, 2**63, n).astype(np.uint64),
        "brightness": rng.random(n),
        "has_alpha": np.zeros(n, bool),
        **{name: np.zeros(n) for name in ("value_low", "value_high", "range_low", "range_high")},
        **{name: np.ones(n, np.int64) for name in ("orientation", "n_frames")},
        **{name: rng.integers(90, 120, n) for name in ("width", "height")},
        "n_bytes": rng.integers(10_000, 20_000, n),
    }
    audit = Audit(ids, **(usual | traits))
    samples = Samples(Path(), ids, ids, Task((head,)), {head.name: labels})
    return LookedAt(samples, audit, Looks(rng.random(n), rng.random(n)), np.zeros((n, 16, 16), np.uint8))
