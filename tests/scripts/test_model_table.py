"""The table of docs/models.md: its rows, and what of them is looked up or counted at once."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import timm
import torch
from torch import nn

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def load() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("model_table", str(SCRIPTS / "model_table"))
    spec = importlib.util.spec_from_loader("model_table", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


model_table = load()
PAGE = model_table.PAGE.read_text(encoding="utf-8")


def test_every_model_has_a_whole_row_with_its_licence() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \| (\d+) \| [\d.]+ \| [\d.]+ \| (\w+) \| ([^|]+) \| [\d.]+ \|$", PAGE, re.MULTILINE
    )
    assert [name for name, *_ in rows] == list(model_table.NAMES)
    for name, _, source, licence in rows:
        assert (source, licence) == model_table.describe_weights(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet18", "tf_efficientnet_lite0"])
def test_a_row_is_what_timm_builds(name: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
    assert model_table.describe(name, model_table.read_speeds(PAGE), measures=False) == row
    n = sum(parameter.numel() for parameter in timm.create_model(name, num_classes=0).parameters())
    assert f"| {n / 1e6:.1f} |" in row


def test_multiplications_are_counted_by_hand() -> None:
    net = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.Flatten(), nn.Linear(8 * 4 * 4, 5))
    gmacs = model_table.count_gmacs(net, torch.zeros(2, 3, 8, 8))
    assert gmacs * 1e9 == pytest.approx(8 * 4 * 4 * 3 * 9 + 8 * 4 * 4 * 5)
