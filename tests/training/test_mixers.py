"""Mixing, from a recipe to batches and losses, for every shape of task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

import podium
from podium.data import Mixer
from podium.losses import cross_entropy, focal
from podium.tables import Head, Task
from podium.training.mixers import make_mixer
from tiny.contest import make_recipe, make_samples, make_settings

KIND, SEX, TAGS = (
    Head("kind", "single", ("a", "b", "c")),
    Head("sex", "ordinal", ("f", "m")),
    Head("tags", "multi", ("x", "y")),
)
LABELS = {
    "kind": np.array([0, 0, 0, 0, 1, 2, -1]),
    "sex": np.array([0, 1, 0, 1, 0, 1, 0]),
    "tags": np.array([[1, 0], [1, 0], [0, 0], [1, 1], [1, 0], [0, 0], [1, 0]]),
}
WHOLE = Task((KIND, SEX, TAGS))


def mixer_of(*entries: str, part: Task = WHOLE, lines: tuple[str, ...] = ()) -> Mixer | None:
    return make_mixer(make_recipe("model.freeze=none", f"mixing=[{', '.join(entries)}]", *lines), WHOLE, part, LABELS)


def members(mixer: Mixer | None, place: int = 0) -> set[int]:
    assert mixer is not None
    pools = mixer.partners[place]
    assert pools is not None
    return set(pools.members.tolist())


def test_a_recipe_that_mixes_nothing_has_no_mixer() -> None:
    assert mixer_of() is None


def test_partners_go_by_the_heads_and_classes_of_the_recipe() -> None:
    assert members(mixer_of("{kind: cutmix, partner: rare}")) == {4, 5}
    assert members(mixer_of("{kind: cutmix, partner: rare, partner_classes: [c]}")) == {5}
    assert members(mixer_of("mixup", "{kind: mixup, partner: rare, partner_head: tags}"), 1) == {3}
    assert members(mixer_of("{kind: cutmix, partner: rare, partner_head: kind}", part=Task((SEX,)))) == {4, 5}
    assert members(mixer_of("{kind: cutmix, partner: same_class}")) == {0, 1, 2, 3, 4, 5}


def test_the_epochs_at_the_end_are_left_out() -> None:
    mixer = mixer_of("cutmix", lines=("training.epochs=5", "training.unmixed_last_epochs=2"))
    assert mixer is not None
    assert mixer.n_epochs == 3
    assert dict(mixer.n_classes) == {"kind": 3, "sex": 2}


@pytest.mark.parametrize("loss", [cross_entropy, focal])
def test_class_weights_weigh_both_labels_of_a_mixed_image(loss: Any) -> None:
    rng = torch.Generator().manual_seed(0)
    logits, weights = torch.randn(4, 3, generator=rng, dtype=torch.float64), torch.tensor([0.5, 1.0, 4.0])
    own, other, share = torch.tensor([0, 1, 2, 2]), torch.tensor([2, 1, 0, 1]), 0.7
    mixed = share * functional.one_hot(own, 3) + (1 - share) * functional.one_hot(other, 3)

    def alone(label: Tensor) -> Tensor:
        """Each image's loss against one label, times the weight of its class."""
        plain = [loss(row[None], number[None]) for row, number in zip(logits, label, strict=True)]
        return torch.stack(plain) * weights.double()[label]

    expected = (share * alone(own) + (1 - share) * alone(other)).mean()
    torch.testing.assert_close(loss(logits, mixed.double(), class_weights=weights), expected)


MIXTURE = "{kind: mixture, parts: [{loss: {kind: soft_macro_f1}}, {loss: {kind: focal, class_weights: balanced}}]}"
SHAPES = {
    "single": (f"loss.single={MIXTURE}",),
    "multi": ("loss.multi.kind=asymmetric",),
    "attributes": (f"loss.single={MIXTURE}", "model.arrangement=joint"),
}


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_task_trains_on_mixed_images(shape: str, tmp_path: Path) -> None:
    mixing = "mixing=[{kind: cutmix, shape: strip, partner: rare}, mixup, patch_swap]"
    recipe = make_recipe("model.freeze=none", mixing, *SHAPES[shape])
    run = podium.train(
        make_samples(tmp_path / "images", shape),
        recipe=recipe,
        folds=2,
        only_folds=[0],
        settings=make_settings(tmp_path),
    )
    assert all(np.isfinite(probs).all() for probs in run.oof.probs.values())
