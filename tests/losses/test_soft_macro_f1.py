from __future__ import annotations

import math

import pytest
import torch
from sklearn.metrics import f1_score

from podium.losses import soft_macro_f1

N, C = 60, 4


@pytest.mark.parametrize("seed", range(5))
def test_equals_scikit_learn_on_certain_predictions(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    target = torch.cat([torch.arange(C), torch.randint(C, (N,), generator=generator)])
    predicted = torch.randint(C, target.shape, generator=generator)
    logits = torch.nn.functional.one_hot(predicted, C).double() * 1e4
    expected = 1 - f1_score(target, predicted, average="macro", zero_division=0)
    assert float(soft_macro_f1(logits, target)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_equals_scikit_learn_on_many_labels(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    marks = torch.randint(2, (N, C), generator=generator)
    predicted = torch.randint(2, (N, C), generator=generator)
    logits = (predicted.double() - 0.5) * 2e4
    expected = 1 - f1_score(marks, predicted, average="macro")
    assert float(soft_macro_f1(logits, marks, is_multi=True)) == pytest.approx(expected, abs=1e-12)


def test_sample_weights_count_as_scikit_learns() -> None:
    generator = torch.Generator().manual_seed(0)
    target = torch.cat([torch.arange(C), torch.randint(C, (N,), generator=generator)])
    predicted = torch.randint(C, target.shape, generator=generator)
    weight = torch.rand(len(target), generator=generator, dtype=torch.float64)
    logits = torch.nn.functional.one_hot(predicted, C).double() * 1e4
    expected = 1 - f1_score(target, predicted, average="macro", sample_weight=weight)
    assert float(soft_macro_f1(logits, target, weight)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("is_multi", [False, True])
def test_unsure_predictions_count_by_their_probability(is_multi: bool) -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(N, C, generator=generator, dtype=torch.float64)
    marks = torch.randint(2, (N, C), generator=generator)
    target = marks if is_multi else torch.randint(C, (N,), generator=generator)
    losses = []
    for c in range(C):
        true = marks[:, c] if is_multi else target == c
        # A sigmoid a label for labels, one softmax for classes.
        probs = [
            1 / (1 + math.exp(-row[c])) if is_multi else math.exp(row[c]) / sum(map(math.exp, row))
            for row in logits.tolist()
        ]
        hits = sum(p for p, is_true in zip(probs, true, strict=True) if is_true)
        losses.append(1 - 2 * hits / (sum(probs) + int(true.sum())))
    found = soft_macro_f1(logits, target, is_multi=True) if is_multi else soft_macro_f1(logits, target)
    assert float(found) == pytest.approx(sum(losses) / C, abs=1e-12)


def test_a_class_with_one_sample_counts_and_one_without_does_not() -> None:
    target, predicted = torch.tensor([0, 1, 2]), torch.tensor([0, 1, 1])
    logits = torch.nn.functional.one_hot(predicted, C).double() * 1e4
    expected = 1 - f1_score(target, predicted, average="macro", labels=[0, 1, 2], zero_division=0)
    assert float(soft_macro_f1(logits, target)) == pytest.approx(expected, abs=1e-12)


def test_descent_raises_the_metric() -> None:
    generator = torch.Generator().manual_seed(0)
    target = torch.randint(C, (N,), generator=generator)
    logits = torch.randn(N, C, generator=generator).requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=0.3)
    for _ in range(60):
        optimizer.zero_grad()
        soft_macro_f1(logits, target).backward()
        optimizer.step()
    assert f1_score(target, logits.detach().argmax(dim=1), average="macro") > 0.95
