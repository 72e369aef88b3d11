from __future__ import annotations

import pytest
import torch

from podium.errors import PodiumError, UnknownNameError, UsageError
from podium.losses import cross_entropy_per_sample, own, own_loss, own_loss_kinds, register_loss


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "_known", {})


def test_a_registered_loss_is_found_and_replaced() -> None:
    register_loss("mine", cross_entropy_per_sample, kinds=["single", "multi"])
    assert own_loss("mine") is cross_entropy_per_sample
    assert own_loss_kinds("mine") == ("single", "multi")
    register_loss("mine", torch.sub)
    assert own_loss("mine") is torch.sub


def test_what_is_not_registered_is_named() -> None:
    with pytest.raises(UsageError, match="none is registered") as raised:
        own_loss("mine")
    assert "podium.register_loss" in str(raised.value)
    register_loss("mine", torch.sub)
    with pytest.raises(UnknownNameError, match="'mime'"):
        own_loss("mime")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((" ", torch.sub), "name"), (("mine", 3), "function"), (("mine", torch.sub, ["ordinal"]), "ordinal")],
)
def test_what_is_no_loss_is_refused(arguments: tuple[object, ...], words: str) -> None:
    name, fn, *kinds = arguments
    with pytest.raises(PodiumError, match=words):
        register_loss(name, fn, **({"kinds": kinds[0]} if kinds else {}))  # type: ignore[arg-type]
