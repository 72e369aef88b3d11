"""Staged unfreezing: the heads train alone first, then the backbone's blocks join, from the heads down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from podium.models.classifier import Classifier
from podium.models.freeze import freeze_backbone, freeze_blocks, unfreeze
from podium.models.layer_order import count_layers

__all__ = ["StagedUnfreezing", "frozen_blocks_at", "last_joining_epoch"]


def frozen_blocks_at(epoch: int, *, n_blocks: int, n_always: int, after: int, every: int | None) -> int | None:
    """How many blocks are frozen in an epoch, counted from the image; None where the whole backbone is.

    Args:
        epoch: From 0.
        n_blocks: Blocks of the backbone.
        n_always: Blocks that never train.
        after: Epochs in which the heads train alone.
        every: Epochs from one block to the next; None lets all join at once.

    Example:
        >>> [frozen_blocks_at(epoch, n_blocks=4, n_always=1, after=1, every=2) for epoch in range(7)]
        [None, 3, 3, 2, 2, 1, 1]
    """
    if epoch < after:
        return None
    n_joined = n_blocks if every is None else 1 + (epoch - after) // every
    return max(n_blocks - n_joined, n_always)


def last_joining_epoch(*, n_blocks: int, n_always: int, after: int, every: int | None) -> int:
    """The epoch in which the last block joins.

    Example:
        >>> last_joining_epoch(n_blocks=4, n_always=1, after=1, every=2)
        5
    """
    return after if every is None else after + every * max(n_blocks - n_always - 1, 0)


class StagedUnfreezing:
    """What of a model is frozen, as a function of the epoch.

    Parameters that join get groups of their own in the optimizer, so that its sums and counters begin with them, as
    in a new optimizer. What is frozen follows from the epoch alone; a resume enters its epoch before it loads the
    optimizer, whose groups are then those that were saved.

    Args:
        model: Frozen as in epoch 0 from here on.
        n_always: Blocks that never train, counted from the image.
        after: Epochs in which the heads train alone.
        every: Epochs from one block to the next; None lets all join at once.
        groups_of: Groups of the parameters of the model that are not frozen, for its optimizer.

    Source:
        Howard and Ruder 2018, "Universal Language Model Fine-tuning", gradual unfreezing.
    """

    def __init__(
        self,
        model: Classifier,
        *,
        n_always: int,
        after: int,
        every: int | None,
        groups_of: Callable[[Classifier], list[dict[str, Any]]],
    ) -> None:
        self._model, self._n_always, self._after, self._every = model, n_always, after, every
        self._groups_of = groups_of
        self._n_blocks = count_layers(model.backbone, is_coarse=True)
        self._entered = 0
        self._freeze(0)

    def enter(self, epoch: int, optimizer: torch.optim.Optimizer) -> None:
        """Freeze what is frozen in this epoch, and give the optimizer what has joined. Call `train()` afterwards.

        A resume enters a late epoch at once: the epochs before it are gone through, for groups have the order in which
        they joined.
        """
        for earlier in range(min(epoch, self._entered + 1), epoch + 1):
            self._freeze(earlier)
            self._join(optimizer)
        self._entered = epoch

    def _join(self, optimizer: torch.optim.Optimizer) -> None:
        known = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        for group in self._groups_of(self._model):
            joining = [parameter for parameter in group["params"] if id(parameter) not in known]
            if joining:
                optimizer.add_param_group({**group, "params": joining})

    def _freeze(self, epoch: int) -> None:
        n_frozen = frozen_blocks_at(
            epoch, n_blocks=self._n_blocks, n_always=self._n_always, after=self._after, every=self._every
        )
        unfreeze(self._model.backbone)
        if n_frozen is None:
            freeze_backbone(self._model)
        else:
            freeze_blocks(self._model, n_frozen)
