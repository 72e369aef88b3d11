from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler

from podium.models import LinearHeads
from podium.models.heads import head_key
from podium.tables import Head, Task

TASK = Task((Head("a.b", "single", ("x", "y")), Head("a_b", "multi", ("p", "q", "r"))))


def make_features() -> torch.Tensor:
    features = torch.randn(50, 6, generator=torch.Generator().manual_seed(0)) * 3 + 1
    features[:, 2] = 0.1
    return features


@pytest.mark.parametrize("piece", [7, 50, 4096])
def test_standardisation_equals_scikit_learn(piece: int) -> None:
    heads = LinearHeads(TASK, 6)
    heads.standardise_by(lambda: make_features().split(piece))
    scaler = StandardScaler().fit(make_features().double().numpy())
    np.testing.assert_allclose(heads.feature_mean.numpy(), scaler.mean_, rtol=1e-6)
    np.testing.assert_allclose(heads.feature_scale.numpy(), scaler.scale_, rtol=1e-6)


def test_standardised_logits_are_linear_in_the_scaled_features() -> None:
    heads = LinearHeads(TASK, 6).eval()
    heads.standardise_by(lambda: [make_features()])
    scaled = StandardScaler().fit_transform(make_features().double().numpy())
    layer = heads.layers[head_key(0, "a.b")]
    expected = scaled @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    np.testing.assert_allclose(heads(make_features())["a.b"].detach().numpy(), expected, atol=1e-5)


def test_standardisation_is_saved_and_not_learnt() -> None:
    heads = LinearHeads(TASK, 6)
    heads.standardise_by(lambda: [make_features()])
    again = LinearHeads(TASK, 6)
    again.load_state_dict(heads.state_dict())
    assert torch.equal(again.feature_scale, heads.feature_scale)
    assert {name for name, _ in heads.named_parameters()} == {
        f"layers.{head_key(i, head.name)}.{kind}" for i, head in enumerate(TASK.heads) for kind in ("weight", "bias")
    }


def test_weights_of_a_task_in_another_order_do_not_load() -> None:
    gender, mask = Head("gender", "single", ("f", "m")), Head("mask", "single", ("on", "off"))
    with pytest.raises(RuntimeError, match="Missing key"):
        LinearHeads(Task((mask, gender)), 6).load_state_dict(LinearHeads(Task((gender, mask)), 6).state_dict())


def test_initial_weights_are_small_and_unbiased() -> None:
    torch.manual_seed(0)
    layer = LinearHeads(TASK, 10_000).layers[head_key(1, "a_b")]
    assert float(layer.weight.detach().std()) == pytest.approx(0.01, rel=0.02)
    assert (layer.bias == 0).all()


def test_dropout_acts_in_training_only() -> None:
    heads = LinearHeads(TASK, 6, dropout=0.5)
    features = make_features()
    assert not torch.equal(heads.train()(features)["a.b"], heads(features)["a.b"])
    assert torch.equal(heads.eval()(features)["a.b"], heads(features)["a.b"])


@pytest.mark.parametrize("shape", [(1, 6), (5, 7), (6,)])
def test_too_little_to_standardise_by(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected features"):
        LinearHeads(TASK, 6).standardise_by(lambda: [torch.zeros(shape)])
