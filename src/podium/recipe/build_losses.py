"""A recipe's losses become the objective of a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from podium.decisions import known_parents
from podium.engine import HeadObjective, Objective, PerSampleLoss
from podium.losses import (
    add_angular_margin,
    asymmetric_per_sample,
    balanced_class_weights,
    binary_cross_entropy_per_sample,
    binary_focal_per_sample,
    cross_entropy_per_sample,
    effective_number_class_weights,
    focal_per_sample,
    margins_by_size,
    own_loss,
    parent_cross_entropy_per_sample,
    positive_weights,
    soft_macro_f1_per_sample,
    square_root_class_weights,
)
from podium.recipe.layer_spec import ArcFaceLayer, LayerSpec
from podium.recipe.loss_spec import (
    AsymmetricSpec,
    BinaryCrossEntropySpec,
    BinaryFocalSpec,
    CrossEntropySpec,
    FocalSpec,
    HeadLoss,
    LossSpec,
    OwnLossSpec,
    PlainLoss,
    SoftMacroF1Spec,
    parts_of,
)
from podium.recipe.model_spec import ModelSpec
from podium.tables import Head, Task

__all__ = ["build_objective", "make_label_weights"]

Labels = Mapping[str, NDArray[np.integer[Any]]]


def build_objective(
    spec: LossSpec, task: Task, labels: Labels, device: torch.device, *, model: ModelSpec | None = None
) -> Objective:
    """The loss of every head of a task.

    Args:
        spec: The recipe's losses.
        task: The heads.
        labels: Labels of the training samples by head name, for class weights.
        device: Where the weights go.
        model: The recipe's model, for the margins of its layers; None adds none.
    """
    heads, parents = {}, known_parents(spec.parents, task.heads)
    for head in task.heads:
        found = _HeadLabels(head, labels[head.name], device)
        share = spec.head_weights.get(head.name, 1.0)
        margin = None if model is None else _build_margin(model.layer_of(head), found)
        heads[head.name] = tuple(
            HeadObjective(_build_loss(loss, found), share * weight, margin) for weight, loss in parts_of(spec.of(head))
        )
        if head.name in parents:
            numbers = torch.as_tensor(parents[head.name].numbers, device=device)
            of_parents = partial(parent_cross_entropy_per_sample, parents=numbers)
            heads[head.name] += (HeadObjective(of_parents, share * spec.parent_weight),)
    return Objective(heads)


def _build_margin(layer: LayerSpec, found: _HeadLabels) -> Callable[[Tensor, Tensor], Tensor] | None:
    if not isinstance(layer, ArcFaceLayer) or layer.margin == 0:
        return None
    labels, n_classes = found.labels, found.head.n_classes
    margins = np.full(n_classes, layer.margin)
    if layer.least_margin is not None:
        counts = np.bincount(labels[labels >= 0], minlength=n_classes)
        margins = margins_by_size(counts, least=layer.least_margin, largest=layer.margin)
    weights = torch.as_tensor(margins, dtype=torch.float32, device=found.device)
    return partial(add_angular_margin, margins=weights, scale=layer.scale)


def make_label_weights(spec: HeadLoss, head: Head, labels: NDArray[np.integer[Any]]) -> NDArray[np.float64] | None:
    """Weights of the classes, or of each label's positives, shape (C,); None where all weigh 1.

    Args:
        spec: Cross entropy; of other losses the weights alone would be half the truth.
        head: Whose loss it is.
        labels: Labels of the training samples.
    """
    found = _HeadLabels(head, labels, torch.device("cpu"))
    assert isinstance(spec, CrossEntropySpec | BinaryCrossEntropySpec), "idle_keys refuses other losses"
    weights = found.class_weights(spec) if isinstance(spec, CrossEntropySpec) else found.positive_weights(spec)
    return None if weights is None else weights.double().numpy()


def _build_loss(spec: PlainLoss, found: _HeadLabels) -> PerSampleLoss:
    match spec:
        case CrossEntropySpec(label_smoothing=smoothing):
            weights = found.class_weights(spec)
            return partial(cross_entropy_per_sample, class_weights=weights, label_smoothing=smoothing)
        case FocalSpec(gamma=gamma):
            return partial(focal_per_sample, gamma=gamma, class_weights=found.class_weights(spec))
        case SoftMacroF1Spec():
            return partial(soft_macro_f1_per_sample, is_multi=found.head.is_multi)
        case BinaryCrossEntropySpec(label_smoothing=smoothing):
            weights = found.positive_weights(spec)
            return partial(binary_cross_entropy_per_sample, pos_weight=weights, label_smoothing=smoothing)
        case BinaryFocalSpec(gamma=gamma, alpha=alpha):
            weights = found.positive_weights(spec)
            return partial(binary_focal_per_sample, gamma=gamma, alpha=alpha, pos_weight=weights)
        case AsymmetricSpec(gamma_negative=negative, gamma_positive=positive, clip=clip):
            return partial(asymmetric_per_sample, gamma_negative=negative, gamma_positive=positive, clip=clip)
        case OwnLossSpec(name=name, options=options):
            return partial(own_loss(name), **options)


@dataclass(frozen=True)
class _HeadLabels:
    head: Head
    labels: NDArray[np.integer[Any]]
    device: torch.device

    def class_weights(self, spec: CrossEntropySpec | FocalSpec) -> Tensor | None:
        """Shape (C,), None where every class weighs 1."""
        n_classes = self.head.n_classes
        match spec.class_weights:
            case "none":
                return None
            case "balanced":
                weights = balanced_class_weights(self.labels, n_classes)
            case "square_root":
                weights = square_root_class_weights(self.labels, n_classes)
            case "effective_number":
                weights = effective_number_class_weights(self.labels, n_classes, beta=spec.beta)
            case given:
                weights = self._given(given)
        return self._tensor(weights)

    def positive_weights(self, spec: BinaryCrossEntropySpec | BinaryFocalSpec) -> Tensor | None:
        """Shape (C,), None where the positives of every label weigh 1."""
        match spec.positive_weights:
            case "none":
                return None
            case "balanced":
                return self._tensor(positive_weights(self.labels))
            case given:
                return self._tensor(self._given(given))

    def _given(self, weights: Mapping[str, float]) -> NDArray[np.float64]:
        return np.array([weights.get(name, 1.0) for name in self.head.classes])

    def _tensor(self, weights: NDArray[np.float64]) -> Tensor:
        return torch.as_tensor(weights, dtype=torch.float32, device=self.device)
