from __future__ import annotations

from pathlib import Path

import pytest

from podium.machine import gpus
from podium.machine.gpus import find_gpus


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Linux machine without any tool of NVIDIA's."""
    monkeypatch.setattr(gpus.shutil, "which", lambda name: None)
    monkeypatch.setattr(gpus.platform, "system", lambda: "Linux")


def test_the_driver_names_its_cards(tmp_path: Path) -> None:
    for place, text in (("0000:01:00.0", "Model: \t\t NVIDIA H200\nIRQ: 12\n"), ("0000:02:00.0", "IRQ: 13\n")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "information").write_text(text)
    assert find_gpus(tmp_path) == ["NVIDIA H200", "an NVIDIA GPU"]


def test_other_signs_of_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_gpus(tmp_path / "none") == []
    monkeypatch.setattr(gpus.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert find_gpus(tmp_path / "none") == ["an NVIDIA GPU"]
    monkeypatch.setattr(gpus.shutil, "which", lambda name: None)
    monkeypatch.setattr(gpus.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(gpus.platform, "machine", lambda: "arm64")
    assert find_gpus(tmp_path / "none") == ["an Apple GPU"]
