from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from timm.utils import ModelEmaV3

from podium.errors import WeightsError
from podium.models import Ema, TinyBackbone, ema_decay


def shake(model: torch.nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in model.state_dict().values():
            if value.is_floating_point():
                value.add_(torch.rand(value.shape, generator=generator))


def test_equals_timm() -> None:
    model = TinyBackbone()
    mine, theirs = Ema(model, decay=0.3), ModelEmaV3(model, exclude_buffers=True)
    for n in range(12):
        shake(model, n)
        mine.update(model)
        theirs.decay = ema_decay(n, 0.3)
        theirs.update(model)
    with mine.swapped_into(model):
        for name, value in theirs.module.state_dict().items():
            torch.testing.assert_close(model.state_dict()[name], value)


@given(st.integers(0, 10**7), st.floats(0, 0.99999))
def test_decay_rises_to_its_limit(n_updates: int, decay: float) -> None:
    assert 0 <= ema_decay(n_updates, decay) <= ema_decay(n_updates + 1, decay) <= decay
    assert ema_decay(0, decay) <= 0.1


def test_constant_weights_stay() -> None:
    model = TinyBackbone()
    ema = Ema(model, decay=0.9)
    for _ in range(5):
        ema.update(model)
    for name, value in model.named_parameters():
        torch.testing.assert_close(ema.average[name], value.detach())


def test_swapping_is_undone_also_after_an_error() -> None:
    model = TinyBackbone()
    ema = Ema(model)
    shake(model, 0)
    own = copy.deepcopy(model.state_dict())
    with ema.swapped_into(model):
        assert not torch.equal(model.stem[0].weight, own["stem.0.weight"])
        # Batch-norm statistics are the live ones.
        assert torch.equal(model.stem[1].running_mean, own["stem.1.running_mean"])
    with pytest.raises(WeightsError), ema.swapped_into(model):
        raise WeightsError("inside the block")
    assert all(torch.equal(value, own[name]) for name, value in model.state_dict().items())


def test_going_on_from_a_state_is_bitwise_the_same() -> None:
    model = TinyBackbone()
    straight = Ema(model, decay=0.99)
    for n in range(3):
        shake(model, n)
        straight.update(model)
    resumed = Ema(TinyBackbone(seed=9), decay=0.99)
    resumed.load_state_dict(copy.deepcopy(straight.state_dict()))
    for n in range(3, 6):
        shake(model, n)
        straight.update(model)
        resumed.update(model)
    assert resumed.n_updates == 6
    assert all(torch.equal(resumed.average[name], value) for name, value in straight.average.items())


def test_low_precision_weights_are_averaged_in_float32() -> None:
    model = torch.nn.Linear(2, 2).to(torch.bfloat16)
    ema = Ema(model, decay=0.9998)
    torch.nn.init.ones_(model.weight)
    for _ in range(3):
        ema.update(model)
    assert ema.average["weight"].dtype == torch.float32
    with ema.swapped_into(model):
        assert model.weight.dtype == torch.bfloat16


def test_state_of_another_model_is_refused() -> None:
    ema = Ema(torch.nn.Linear(2, 2))
    with pytest.raises(WeightsError, match="1 parameter differs"):
        ema.load_state_dict(Ema(torch.nn.Linear(2, 2, bias=False)).state_dict())
