"""The mean over views equals flipping by hand and averaging probabilities."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from podium.data import EvalLoader
from podium.models import Classifier, build_backbone
from podium.tables import Head, Task
from podium.training.mean_over_views import mean_over_views

TASK = Task((Head("kind", "single", ("a", "b", "c")), Head("tags", "multi", ("x", "y"))))
TURNS = {
    "plain": lambda image: image,
    "hflip": lambda image: image[:, ::-1],
    "vflip": lambda image: image[::-1],
    "rot90": lambda image: np.rot90(image),
    "rot180": lambda image: np.rot90(image, 2),
    "rot270": lambda image: np.rot90(image, 3),
}


@pytest.mark.parametrize("views", [["plain"], ["plain", "hflip"], list(TURNS)])
def test_the_mean_equals_turning_by_hand(views: list[str]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    torch.manual_seed(0)
    model = Classifier(build_backbone("tiny", "random", 32), TASK).eval()
    for layer in model.heads.layers.values():
        torch.nn.init.normal_(layer.weight)

    found = mean_over_views(
        model,
        lambda view: EvalLoader(pixels, np.arange(5), 2, 32, 32, view=view),  # type: ignore[arg-type]
        views,
        TASK,
        device=torch.device("cpu"),
    )

    wanted: dict[str, list[np.ndarray]] = {"kind": [], "tags": []}
    for view in views:
        turned = np.stack([TURNS[view](image) for image in pixels])
        with torch.no_grad():
            logits = model(torch.from_numpy(turned.copy()))
        wanted["kind"].append(torch.softmax(logits["kind"].double(), dim=1).numpy())
        wanted["tags"].append(torch.sigmoid(logits["tags"].double()).numpy())
    for name, parts in wanted.items():
        np.testing.assert_allclose(found[name], np.mean(parts, axis=0), rtol=1e-4, atol=1e-6)
