"""One thread for training, no waiting for the disk, no processes that decode, and images drawn once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from podium import durable
from podium.data import cache_builder
from podium.images import decode_into_rows
from podium.images.job import Stored
from podium.tables import Samples
from tiny.contest import make_samples
from tiny.nursery import NoWaiting


@pytest.fixture(autouse=True, scope="module")  # folders of tests are no packages: it would last to the end
def fast_process() -> Iterator[None]:
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch, durable.using_backend(NoWaiting()):
        patch.setattr(cache_builder, "decode_into_rows", _decode_here)
        yield
    torch.set_num_threads(n_threads)


def _decode_here(*given: Any, **options: Any) -> Iterator[list[Stored]]:
    """In threads: a worker process takes as long to start as a tiny training, and these images crash no decoder."""
    return decode_into_rows(*given, **(options | {"isolation": "thread"}))


@pytest.fixture(scope="session")
def contest(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Samples]:
    """Samples of a task shape; the images are never written to again."""
    made: dict[str, Samples] = {}

    def find(shape: str) -> Samples:
        if shape not in made:
            made[shape] = make_samples(tmp_path_factory.mktemp(shape), shape)
        return made[shape]

    return find
