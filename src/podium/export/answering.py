"""A run's models as one network: stored images in, probabilities and answers of every target out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from podium.data.view_frames import parts_of
from podium.decisions import DecisionRules
from podium.export.deciding import complete, decide_in_graph
from podium.export.frame_layer import FrameLayer
from podium.models import Classifier
from podium.tables import DECISION_THRESHOLD, Head, Task
from podium.training.mean_over_views import frames_of_views
from podium.training.predictor import Predictor

__all__ = ["AnsweringNetwork", "output_names"]

Named = dict[str, Tensor]


def output_names(task: Task) -> tuple[str, ...]:
    """Names of a graph's outputs: of every target its probabilities, then its answers."""
    return tuple(f"{head.name}.{kind}" for kind in ("probs", "answer") for head in task.targets)


class AnsweringNetwork(nn.Module):
    """The mean over folds and views of a run's probabilities, and what the run decides by them.

    A frozen backbone runs once for all folds; models of one network that differ run each.

    Args:
        predictor: The run's models.
        rules: How it decides.
        folds: Folds whose models answer.
    """

    def __init__(self, predictor: Predictor, rules: DecisionRules, folds: Sequence[int]) -> None:
        super().__init__()
        recipe, self.task, self.rules = predictor.recipe, predictor.task, rules
        self.models, self.folds, self.views = predictor.models, tuple(folds), predictor.views
        networks = {(fold, name): predictor.network(fold, name) for fold in folds for name in self.models}
        backbones: list[nn.Module] = []
        self.encoders, self.heads = nn.ModuleList(), nn.ModuleList()
        self._encoder_of: dict[tuple[int, str], int] = {}
        for key, network in networks.items():
            found = next((i for i, module in enumerate(backbones) if module is network.backbone), None)
            if found is None:
                found = len(backbones)
                backbones.append(network.backbone)
                self.encoders.append(network)
            self._encoder_of[key] = found
            self.heads.append(network.heads)
        self._head_of = {key: place for place, key in enumerate(networks)}
        self._frame_of = {view: place for place, view in enumerate(frames_of_views(self.views))}
        size = recipe.image.sides
        self.frames = nn.ModuleList(FrameLayer(view, recipe.image.stored_sides, size) for view in self._frame_of)

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """What `output_names` names, from stored images (N, H, W, 3), float whole numbers from 0 to 255."""
        means = self.means(pixels)
        shown, decided = decide_in_graph(means, self.task, self.rules)
        return (*(shown[head.name] for head in self.task.targets), *(decided[head.name] for head in self.task.targets))

    def means(self, pixels: Tensor) -> Named:
        """The mean over folds and views of every target's probabilities (N, C), before any decision."""
        by_frame = [self._ask(frame(pixels)) for frame in self.frames]
        per_fold = []
        for fold in self.folds:
            probs: Named = {}
            for name, part in self.models.items():
                answers = [frame[fold, name] for frame in by_frame]
                probs |= {
                    head.name: self._over_views([item[head.name] for item in answers], head) for head in part.heads
                }
            per_fold.append(complete(probs, self.task))
        return {head.name: _mean([probs[head.name] for probs in per_fold]) for head in self.task.targets}

    def _ask(self, images: Tensor) -> dict[tuple[int, str], Named]:
        """Probabilities of every model, by fold and name."""
        features = [_features(encoder, images) for encoder in self.encoders]
        found = {}
        for key, place in self._head_of.items():
            logits = self.heads[place](features[self._encoder_of[key]])
            heads = self.models[key[1]].heads
            found[key] = {head.name: _activate(logits[head.name], head) for head in heads}
        return found

    def _over_views(self, by_frame: list[Tensor], head: Head) -> Tensor:
        """The pieces of each view pooled, then the mean over the views."""
        pooled = []
        for view in self.views:
            parts = parts_of(view)
            pooled.append(_pool([by_frame[self._frame_of[frame]] for frame in parts.frames], parts.pool, head))
        return _mean(pooled)


def _features(encoder: nn.Module, images: Tensor) -> Tensor:
    assert isinstance(encoder, Classifier)
    return encoder.features(images)


def _activate(logits: Tensor, head: Head) -> Tensor:
    return logits.sigmoid() if head.is_multi else logits.softmax(dim=1)


def _mean(values: Sequence[Tensor]) -> Tensor:
    return values[0] if len(values) == 1 else torch.stack(list(values)).mean(dim=0)


def _pool(pieces: list[Tensor], pool: str, head: Head) -> Tensor:
    """As `podium.decisions.pool_pieces`."""
    if pool == "vote":
        if head.is_multi:
            return _mean([(piece >= DECISION_THRESHOLD).to(piece.dtype) for piece in pieces])
        classes = torch.arange(head.n_classes)
        return _mean([(piece.argmax(dim=1, keepdim=True) == classes).to(piece.dtype) for piece in pieces])
    if len(pieces) == 1 or pool == "mean":
        return _mean(pieces)
    largest = torch.stack(pieces).amax(dim=0)
    return largest if head.is_multi else largest / largest.sum(dim=1, keepdim=True)
