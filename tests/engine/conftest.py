"""The engine's tests save hundreds of checkpoints, none about a power cut, and train with one thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from podium import durable


class NoWaiting(durable.Backend):
    """The real operations, but for waiting until the disk has them."""

    def fsync(self, descriptor: int) -> None:
        """Nothing."""

    def fsync_dir(self, folder: object) -> None:
        """Nothing."""


@pytest.fixture(autouse=True, scope="module")
def _quick() -> Iterator[None]:
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with durable.using_backend(NoWaiting()):
        yield
    torch.set_num_threads(n_threads)
