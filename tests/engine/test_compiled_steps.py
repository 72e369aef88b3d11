from __future__ import annotations

import pytest
import torch

from engine.tiny_training import TinyBatch, make_batches, make_parts
from podium.engine import train_step
from podium.engine.compiled_steps import compile_forward, explain_no_compiler

CPU = torch.device("cpu")


def test_a_missing_compiler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert "no-such-compiler" in str(explain_no_compiler(CPU))
    assert explain_no_compiler(torch.device("mps")) is not None


def test_steps_take_it_but_for_an_image_alone() -> None:
    """A lone image's norms rest by hooks, which no compiled kernel knows."""
    parts, sizes = make_parts(), []
    model = parts.model

    def forward(images: torch.Tensor) -> dict[str, torch.Tensor]:
        sizes.append(len(images))
        return model(images)

    parts.forward = forward
    parts.model.train()
    batch = next(make_batches().from_position(0))
    for n in (4, 1):
        train_step(parts, TinyBatch(batch.images[:n], {name: it[:n] for name, it in batch.targets.items()}), step=n)
    assert sizes == [4]


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(explain_no_compiler(CPU) is not None, reason="there is no C++ compiler")
def test_kernels_compute_what_torch_does_and_repeat_it() -> None:
    batch, losses = next(make_batches().from_position(0)), []
    for is_compiled in (False, True, True):
        torch._dynamo.reset()
        parts = make_parts()
        parts.forward = compile_forward(parts.model) if is_compiled else None
        for module in parts.model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        parts.model.train()
        losses.append([train_step(parts, batch, step=step) for step in range(2)])
    assert losses[1] == losses[2]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
