"""Scores from all logits at once, with the averaged weights, and an error where one is not finite."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from podium.engine import EpochJudgement, TrainSample
from podium.engine.evaluate import evaluate, predict_logits
from podium.errors import DivergedError

from .tiny_training import make_batches, make_parts


def test_logits_are_those_of_one_forward_pass_in_row_order() -> None:
    parts, batches = make_parts(), make_batches(1)
    parts.model.train()
    found = predict_logits(parts.model, batches, device=parts.device)
    assert not parts.model.training
    with torch.no_grad():
        wanted = parts.model(batches.images)
    assert found.keys() == wanted.keys()
    for name, values in found.items():
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, wanted[name].numpy(), rtol=1e-4, atol=1e-5)


def test_the_score_sees_every_sample_once_and_the_averaged_weights() -> None:
    seen: list[Mapping[str, Any]] = []

    def score(logits: Mapping[str, Any]) -> dict[str, float]:
        seen.append(logits)
        return {"kind": 0.25}

    parts, batches = make_parts(score=score), make_batches(1)
    with torch.no_grad():
        for parameter in parts.model.parameters():
            parameter.mul_(3.0)  # the average still holds the first weights
    plain = {name: value.clone() for name, value in parts.model.state_dict().items()}
    assert evaluate(parts, batches) == ({"kind": 0.25}, EpochJudgement())
    assert len(seen) == 1
    assert len(seen[0]["kind"]) == len(batches.images)
    first = predict_logits(make_parts().model, batches, device=parts.device)
    np.testing.assert_allclose(seen[0]["kind"], first["kind"], rtol=1e-5, atol=1e-6)
    assert all(torch.equal(value, plain[name]) for name, value in parts.model.state_dict().items())


def test_losses_and_training_samples_are_judged_with_the_same_weights() -> None:
    seen: dict[str, Any] = {}

    def keep(name: str, value: Any) -> Any:
        return lambda logits: seen.setdefault(name, (logits["kind"], value))[1]

    valid, own = make_batches(1), make_batches(2)
    parts = make_parts(score=keep("valid score", {"kind": 0.25}))
    parts.valid_loss = keep("valid loss", 1.5)
    parts.train_sample = TrainSample(own, keep("train score", {"kind": 0.75}), keep("train loss", 0.5))
    assert evaluate(parts, valid, own) == ({"kind": 0.25}, EpochJudgement(1.5, 0.5, {"kind": 0.75}))
    for name, batches in (("valid loss", valid), ("train loss", own), ("train score", own)):
        wanted = predict_logits(make_parts().model, batches, device=parts.device)["kind"]
        np.testing.assert_allclose(seen[name][0], wanted, rtol=1e-5, atol=1e-6)
    assert evaluate(parts, valid) == ({"kind": 0.25}, EpochJudgement(1.5))


def test_a_prediction_that_is_not_finite_names_its_head() -> None:
    parts = make_parts(average=None)
    with torch.no_grad():
        dict(parts.model.named_parameters())[_a_parameter_of(parts.model, "tags")].fill_(math.nan)
    with pytest.raises(DivergedError, match="predictions of 'tags' are not finite"):
        evaluate(parts, make_batches(1))


def _a_parameter_of(model: torch.nn.Module, head: str) -> str:
    return next(name for name, _ in model.named_parameters() if head in name)
