"""Rollout is the product of the attentions, and refused where no attention sees the whole image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import timm
import torch

from podium.errors import UsageError
from podium.explain import attention_rollout, find_layers, make_maps
from podium.explain.attention_rollout import roll_out
from podium.models import Backbone, Classifier
from podium.models.build_backbone import build_backbone
from podium.tables import Head, Task

TASK = Task((Head("kind", "single", ("a", "b", "c")),))
VIT: dict[str, Any] = {"img_size": (32, 64), "patch_size": 16, "embed_dim": 16, "depth": 3, "num_heads": 2}
IMAGES = torch.randint(0, 256, (2, 32, 64, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def build(pool: str) -> Classifier:
    torch.manual_seed(0)
    module = timm.create_model("vit_tiny_patch16_224", num_classes=0, global_pool=pool, **VIT).eval()
    half = (0.5, 0.5, 0.5)
    return Classifier(Backbone("vit", module, 16, half, half, "random"), TASK).eval()


def slow(model: Classifier) -> np.ndarray[Any, Any]:
    """Attention matrices from each block's own queries and keys, multiplied in float64."""
    vit: Any = model.backbone
    with torch.inference_mode():
        x = vit.norm_pre(vit._pos_embed(vit.patch_embed(model.normalise(IMAGES))))
        total = np.eye(9)
        for block in vit.blocks:
            n, tokens, width = x.shape
            q, k, _ = block.attn.qkv(block.norm1(x)).reshape(n, tokens, 3, 2, width // 2).permute(2, 0, 3, 1, 4)
            logits = (q @ k.transpose(-2, -1)).double().numpy() / np.sqrt(width // 2)
            weights = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
            total = (weights.mean(axis=1) + np.eye(9)) / 2 @ total
            x = block(x)
    return np.asarray(total)


@pytest.mark.parametrize("pool", ["token", "avg"])
def test_it_is_the_product_of_all_attentions(pool: str) -> None:
    model = build(pool)
    (layer,) = find_layers(model, IMAGES, "kind")
    found = attention_rollout(model, IMAGES, layer).numpy()
    total = slow(model)
    wanted = total[:, 0, 1:] if pool == "token" else total[:, 1:, 1:].mean(axis=1)
    np.testing.assert_allclose(found, wanted.reshape(2, 2, 4), rtol=1e-4)
    assert all(block.attn.fused_attn for block in model.backbone.blocks)  # type: ignore[union-attr]


def test_even_attention_and_what_passes_by() -> None:
    even = torch.full((1, 2, 4, 4), 0.25)
    torch.testing.assert_close(roll_out([even])[0], torch.full((4, 4), 0.125) + torch.eye(4) / 2)
    torch.testing.assert_close(roll_out([even] * 40)[0], torch.full((4, 4), 0.25))


def test_a_convolutional_network_has_none() -> None:
    model = Classifier(build_backbone("tiny", "random"), TASK).eval()
    images = IMAGES[:, :, :32]
    with pytest.raises(UsageError, match="vision transformer"):
        make_maps(model, images, find_layers(model, images, "kind"), "kind", torch.tensor([0, 1]), "rollout")
