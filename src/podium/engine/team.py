"""Several processes that take every step of one training together, as torchrun starts them.

Each has all weights, computes the gradient of its share of the batch, and takes the step with the sum over all shares.
The leader alone reads data, evaluates and writes; the others do what it tells them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from signal import SIGTERM
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from podium.advice import options
from podium.errors import PodiumError
from podium.machine.batch_share import BatchShare
from podium.machine.place_in_team import LeaderEnded, PlaceInTeam
from podium.stopping import StopRequest

__all__ = ["Team", "current_team", "joined_team"]

_STEP = timedelta(minutes=30)
"""A process that keeps the others waiting in a step for so long is taken for lost."""
_TOLD = timedelta(days=30)
"""The others wait as long as the leader decodes images, evaluates and scores."""

_current: list[Team] = []


@dataclass(frozen=True)
class Team:
    """The processes of one training.

    Args:
        place: Which of them this one is.
        control: Passes the leader's words on; between CPUs.
        work: Adds gradients; between GPUs where they train.
    """

    place: PlaceInTeam
    control: Any
    work: Any

    @property
    def rank(self) -> int:
        """Number of this process; 0 leads."""
        return self.place.rank

    @property
    def leads(self) -> bool:
        """Whether this process leads."""
        return self.place.leads

    def share(self, micro_batch: int | None) -> BatchShare:
        """What of each batch this process takes."""
        return BatchShare(self.place.rank, self.place.size, micro_batch)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors, of one device, by their sums over all processes; the bits are the same in all of them."""
        for dtype in {tensor.dtype: None for tensor in tensors}:
            same = [tensor for tensor in tensors if tensor.dtype == dtype]
            flat = torch.cat([tensor.detach().reshape(-1) for tensor in same])
            with _losses_explained():
                dist.all_reduce(flat, group=self.work)
            with torch.no_grad():
                for tensor, summed in zip(same, torch.split(flat, [it.numel() for it in same]), strict=True):
                    tensor.copy_(summed.view_as(tensor))

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """The tensor of every process, in the order of their numbers; all have the same shape."""
        found = [torch.empty_like(tensor) for _ in range(self.place.size)]
        with _losses_explained():
            dist.all_gather(found, tensor.contiguous(), group=self.work)
        return found

    def agree_on(self, stop: StopRequest) -> None:
        """A stop that one of them was asked for is one that all were asked for."""
        wish = torch.tensor([int(stop.is_made)])
        with _losses_explained():
            dist.all_reduce(wish, group=self.control)
        if int(wish) and not stop.is_made:
            stop.signal = SIGTERM

    def tell(self, message: Mapping[str, Any]) -> None:
        """Tell the others, who must `hear` it; the leader alone may."""
        self.send(json.dumps(message).encode())

    def hear(self) -> Any:
        """What the leader tells.

        Raises:
            LeaderEnded: If it tells that it ends because of an error.
        """
        message = json.loads(self.receive())
        if "ended" in message:
            raise LeaderEnded(int(message["ended"]))
        return message

    def send(self, data: bytes) -> None:
        """Send bytes to the others, who must `receive` them."""
        self._broadcast(torch.tensor([len(data)]))
        self._broadcast(torch.frombuffer(bytearray(data), dtype=torch.uint8))

    def receive(self) -> bytes:
        """What the leader sends."""
        n_bytes = torch.zeros(1, dtype=torch.int64)
        self._broadcast(n_bytes)
        data = torch.empty(int(n_bytes), dtype=torch.uint8)
        self._broadcast(data)
        return data.numpy().tobytes()

    def _broadcast(self, tensor: Tensor) -> None:
        with _losses_explained():
            dist.broadcast(tensor, src=0, group=self.control)


def current_team() -> Team | None:
    """The team that this process has joined; None where it is alone."""
    return _current[0] if _current else None


@contextmanager
def joined_team(place: PlaceInTeam, device: torch.device) -> Iterator[Team]:
    """Be one of several processes for the length of the block, once all have come.

    Args:
        place: Which of them this one is.
        device: Where it trains.

    Raises:
        PodiumError: If the others cannot be reached.
    """
    with _losses_explained("the other processes of torchrun cannot be reached"):
        dist.init_process_group("gloo", timeout=_TOLD, rank=place.rank, world_size=place.size)
        is_gpu = device.type == "cuda"
        work = dist.new_group(backend="nccl" if is_gpu else "gloo", timeout=_STEP)
    team = Team(place, dist.group.WORLD, work)
    _current.append(team)
    try:
        yield team
    finally:
        _current.remove(team)
        dist.destroy_process_group()


@contextmanager
def _losses_explained(what: str = "a process of this training was lost, or its machine") -> Iterator[None]:
    """What torch says when a connection breaks, as our error."""
    try:
        yield
    except (RuntimeError, ValueError) as problem:
        raise PodiumError(
            f"{what}: {str(problem).splitlines()[0].rstrip('.')}.",
            fix=f"Start the same torchrun command again, with {options(resume='last')}: the last checkpoint goes on.",
        ) from problem
