"""Names of devices, on a machine that is made to believe it has two GPUs."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from podium.machine import device as devices
from podium.machine.device import choose_device


@pytest.fixture
def made_current(monkeypatch: pytest.MonkeyPatch) -> list[torch.device]:
    """Two cards, card 1 current; gives what was made current."""
    chosen: list[torch.device] = []
    plain = torch.empty

    def set_device(device: torch.device) -> None:
        if device.index is None:  # as torch does
            raise ValueError(f"Expected a torch.device with a specified index or an integer, but got:{device}")
        chosen.append(device)

    def empty(*shape: int, device: torch.device) -> torch.Tensor:
        if (device.index or 0) > 1:
            raise RuntimeError("CUDA error: invalid device ordinal\nand more")
        return plain(*shape)

    here: dict[str, Any] = {"is_available": True, "is_initialized": True, "current_device": 1}
    for name, value in here.items():
        monkeypatch.setattr(torch.cuda, name, lambda value=value: value)
    monkeypatch.setitem(devices._HAS, "cuda", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", set_device)
    monkeypatch.setattr(torch, "empty", empty)
    return chosen


def test_a_card_always_has_its_number(made_current: list[torch.device]) -> None:
    for name, number in (("cuda", 1), ("cuda:0", 0), ("cuda:1", 1)):
        found = choose_device(name)
        assert found == torch.device("cuda", number)
        assert made_current.pop() == found
    assert choose_device("auto") == torch.device("cuda", 1)


def test_a_card_that_is_not_there_is_told_in_one_line(made_current: list[torch.device]) -> None:
    with pytest.raises(devices.UsageError, match=r"cannot use 'cuda:7': CUDA error: invalid device ordinal\."):
        choose_device("cuda:7")
    assert not made_current
