from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import expit, softmax
from torch.nn import functional

from podium.losses import cross_entropy, distillation, distillation_per_sample, soften_probs


def draw(seed: int) -> torch.Tensor:
    return torch.randn(7, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 3


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_is_the_papers_with_torchs_divergence(temperature: float) -> None:
    student, teacher = draw(0), draw(1)
    soft = torch.from_numpy(soften_probs(teacher.softmax(dim=1).numpy(), temperature, is_multi=False))
    torch.testing.assert_close(soft, (teacher / temperature).softmax(dim=1))
    logs = functional.log_softmax(student / temperature, dim=1)
    expected = temperature**2 * functional.kl_div(logs, soft, reduction="batchmean")
    torch.testing.assert_close(distillation(student, soft, temperature=temperature), expected)
    torch.testing.assert_close(distillation(teacher, soft, temperature=temperature), torch.zeros(()).double())


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_labels_of_their_own_are_distributions_of_two_classes(temperature: float) -> None:
    student, teacher = draw(0), draw(1)
    soft = soften_probs(expit(teacher.numpy()), temperature, is_multi=True)
    np.testing.assert_allclose(soft, expit(teacher.numpy() / temperature))
    values, _ = distillation_per_sample(student, torch.from_numpy(soft), temperature=temperature, is_multi=True)
    pairs = [np.stack([p, 1 - p], axis=-1) for p in (soft, expit(student.numpy() / temperature))]
    expected = temperature**2 * (pairs[0] * np.log(pairs[0] / pairs[1])).sum(axis=-1).mean(axis=1)
    np.testing.assert_allclose(values.numpy(), expected)


def test_a_teacher_who_is_sure_is_a_label() -> None:
    student, labels = draw(0), torch.arange(7) % 4
    sure = functional.one_hot(labels, 4).double()
    torch.testing.assert_close(distillation(student, sure, temperature=1.0), cross_entropy(student, labels))
    np.testing.assert_array_equal(soften_probs(sure.numpy(), 5.0, is_multi=False), sure.numpy())


def test_hot_gradients_match_logits() -> None:
    """Section 2.1 of the paper: at a high temperature it is (z - v) / C for logits of mean zero."""
    student, teacher = draw(0).requires_grad_(), draw(1)
    soft = torch.from_numpy(softmax(teacher.numpy() / 1e4, axis=1))
    values, _ = distillation_per_sample(student, soft, temperature=1e4)
    values.sum().backward()
    centred = [it - it.mean(dim=1, keepdim=True) for it in (student.detach(), teacher)]
    torch.testing.assert_close(student.grad, (centred[0] - centred[1]) / 4, rtol=1e-2, atol=1e-2)
