from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from huggingface_hub import constants
from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
from safetensors.torch import save_file

from podium.errors import WeightsError
from podium.models import build_backbone, hub


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty weights folder, an empty hub cache and a network that answers nothing."""
    monkeypatch.setenv("PODIUM_WEIGHTS", str(tmp_path))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("no network in tests")

    def find_nothing(**options: Any) -> str:
        assert options["local_files_only"], "the network was asked although it cannot be reached"
        raise LocalEntryNotFoundError("not in the cache")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(hub, "hf_hub_download", find_nothing)
    return tmp_path


def make_file(path: Path, seed: int = 3) -> None:
    torch.manual_seed(seed)
    save_file(timm.create_model("resnet10t").state_dict(), path)


def test_without_network_the_message_says_what_to_put_where(folder: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be reached") as caught:
        build_backbone("resnet10t", "pretrained", 64)
    message = str(caught.value)
    assert "timm/resnet10t.c3_in1k/model.safetensors" in message
    assert str(folder / "resnet10t.c3_in1k.safetensors") in message
    assert "tf_efficientnet_lite0" in message
    assert "PODIUM_WEIGHTS" in message


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet10t", "resnet10t.c3_in1k"])
def test_the_folder_comes_first(folder: Path, name: str) -> None:
    make_file(folder / f"{name}.safetensors")
    backbone = build_backbone(name, "pretrained", 64)
    torch.manual_seed(3)
    expected = timm.create_model("resnet10t").conv1[0].weight
    assert torch.equal(backbone.module.conv1[0].weight, expected)
    assert backbone.weight_source == "timm/resnet10t.c3_in1k/model.safetensors"


@pytest.mark.slow
def test_the_file_named_in_the_message_is_the_file_that_is_read(folder: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        build_backbone("resnet10t", "pretrained", 64)
    place = next(word for word in str(caught.value).split() if word.startswith(str(folder)))
    make_file(Path(place))
    assert build_backbone("resnet10t", "pretrained", 64).n_features == 512


def test_offline_is_honoured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(hub, "_is_reachable", lambda _: pytest.fail("asked the network while offline"))
    with pytest.raises(WeightsError, match="HF_HUB_OFFLINE"):
        build_backbone("resnet10t", "pretrained", 64)


@pytest.mark.slow
def test_a_download_is_used(folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any) -> None:
    path = tmp_path_factory.mktemp("hub") / "model.safetensors"
    make_file(path)

    def download(*, repo_id: str, filename: str, local_files_only: bool = False, **_: Any) -> str:
        if local_files_only:
            raise LocalEntryNotFoundError("not in the cache")
        assert (repo_id, filename) == ("timm/resnet10t.c3_in1k", "model.safetensors")
        return str(path)

    monkeypatch.setattr(hub, "hf_hub_download", download)
    monkeypatch.setattr(hub, "_is_reachable", lambda _: True)
    assert build_backbone("resnet10t", "pretrained", 64).notes == ()  # timm's own files always bring one


def test_a_download_that_breaks_off_is_a_weights_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(**options: Any) -> str:
        if options.get("local_files_only"):
            raise LocalEntryNotFoundError("not in the cache")
        raise OSError("connection reset")

    monkeypatch.setattr(hub, "hf_hub_download", break_off)
    monkeypatch.setattr(hub, "_is_reachable", lambda _: True)
    with pytest.raises(WeightsError, match="connection reset"):
        build_backbone("resnet10t", "pretrained", 64)


def test_a_model_without_any_weights_says_so(folder: Path) -> None:
    with pytest.raises(WeightsError, match="timm has no pretrained weights"):
        build_backbone("botnet50ts_256", "pretrained")


@pytest.mark.slow
def test_an_older_repository_without_safetensors(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(3)
    torch.save(timm.create_model("resnet10t").state_dict(), folder / "old.bin")

    def download(*, filename: str, local_files_only: bool = False, **_: Any) -> str:
        if local_files_only:
            raise LocalEntryNotFoundError("not in the cache")
        if filename == "model.safetensors":
            raise EntryNotFoundError("404")
        assert filename == "pytorch_model.bin"
        return str(folder / "old.bin")

    monkeypatch.setattr(hub, "hf_hub_download", download)
    monkeypatch.setattr(hub, "_is_reachable", lambda _: True)
    assert build_backbone("resnet10t", "pretrained", 64).n_features == 512
