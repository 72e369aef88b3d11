"""One thread for training, no waiting for the disk, and images drawn once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch

from podium import durable
from podium.tables import Samples
from tiny.contest import make_samples
from tiny.nursery import NoWaiting


@pytest.fixture(autouse=True, scope="package")
def fast_process() -> Iterator[None]:
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with durable.using_backend(NoWaiting()):
        yield
    torch.set_num_threads(n_threads)


@pytest.fixture(scope="session")
def contest(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Samples]:
    """Samples of a task shape; the images are never written to again."""
    made: dict[str, Samples] = {}

    def find(shape: str) -> Samples:
        if shape not in made:
            made[shape] = make_samples(tmp_path_factory.mktemp(shape), shape)
        return made[shape]

    return find
