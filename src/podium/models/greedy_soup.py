"""Greedy soup: the mean of those epochs' weights that a score does not speak against."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from podium.errors import WeightsError

__all__ = ["GreedySoup", "choose_members"]


class GreedySoup:
    """The weights of some epochs' ends, each by itself, to be averaged in any choice.

    It holds every epoch's parameters, on the CPU and in checkpoints. Buffers are not kept: batch-norm statistics of a
    mean of weights have to be measured anew (`podium.engine.measure_norms`).

    Args:
        n_epochs: How many of the last epochs may go into it.

    Attributes:
        n_taken: Epochs that are held.

    Source:
        Wortsman et al. 2022, "Model soups: averaging weights of multiple fine-tuned models improves accuracy without
        increasing inference time", recipe 1; the members are epochs of one training here.
    """

    def __init__(self, n_epochs: int) -> None:
        if n_epochs < 1:
            raise ValueError(f"n_epochs must be at least 1, got {n_epochs}")
        self.n_epochs = n_epochs
        self._taken: list[dict[str, Tensor]] = []

    @property
    def n_taken(self) -> int:
        """Epochs that are held."""
        return len(self._taken)

    def wants(self, n_done: int, *, n_epochs: int) -> bool:
        """Whether the end of the epoch after which `n_done` of `n_epochs` are done may go into it."""
        return n_done > n_epochs - self.n_epochs

    @torch.no_grad()
    def take(self, model: nn.Module) -> None:
        """Hold the parameters of an epoch's end."""
        self._taken.append({name: value.detach().cpu().clone() for name, value in model.named_parameters()})

    def pour_into(self, model: nn.Module) -> None:
        """Give a model the mean of all epochs that are held."""
        self.pour_some_into(model, range(self.n_taken))

    @torch.no_grad()
    def pour_some_into(self, model: nn.Module, members: Collection[int]) -> None:
        """Give a model the mean of some of them, by their numbers; without one, it keeps its own weights."""
        for name, parameter in model.named_parameters():
            mean: Tensor | None = None
            for n, member in enumerate(sorted(members), start=1):
                value = self._taken[member][name]
                value = value.to(torch.promote_types(value.dtype, torch.float32))
                mean = value.clone() if mean is None else mean + (value - mean) / n
            if mean is not None:
                parameter.copy_(mean)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs: "taken", tensors by parameter name for each epoch's number."""
        return {"taken": {str(number): dict(held) for number, held in enumerate(self._taken)}}

    def load_state_dict(self, state: Mapping[str, Any], model: nn.Module) -> None:
        """Go on from what `state_dict` gave, for this model.

        Raises:
            WeightsError: If it is of a model with other parameters; nothing has changed then.
        """
        taken: Mapping[str, Mapping[str, Tensor]] = state["taken"]
        own = {name: parameter.shape for name, parameter in model.named_parameters()}
        if any({name: value.shape for name, value in held.items()} != own for held in taken.values()):
            raise WeightsError("the weights of the last epochs belong to another model.")
        self._taken = [{name: value.clone() for name, value in taken[str(n)].items()} for n in range(len(taken))]


def choose_members(n: int, score: Callable[[frozenset[int]], float]) -> tuple[int, ...]:
    """The members of a greedy soup: from the best on, each is added if the score of the mean does not fall.

    Equal scores are tried from the last on; one that is not a number is below all others.

    Args:
        n: How many there are.
        score: Numbers of members -> score of their mean; larger is better.

    Example:
        >>> values = {frozenset({0}): 0.5, frozenset({1}): 0.7, frozenset({2}): 0.6}
        >>> values |= {frozenset({1, 2}): 0.7, frozenset({0, 1, 2}): 0.65}
        >>> choose_members(3, values.__getitem__)
        (1, 2)
    """

    def value(members: frozenset[int]) -> float:
        found = score(members)
        return found if found == found else float("-inf")

    alone = [value(frozenset({member})) for member in range(n)]
    order = sorted(range(n), key=lambda member: (alone[member], member), reverse=True)
    chosen, best = frozenset(order[:1]), alone[order[0]]
    for member in order[1:]:
        wider = chosen | {member}
        if (found := value(wider)) >= best > float("-inf"):
            chosen, best = wider, found
    return tuple(sorted(chosen))
