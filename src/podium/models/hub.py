"""Fetching timm's own weights: from a local folder, the hub's cache, or the network, and saying what was wanted."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import timm
from huggingface_hub import constants, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError
from torch.hub import download_url_to_file

from podium.durable import make_folder
from podium.errors import WeightsError
from podium.machine.weight_packages import PACKAGED, weights_folder

__all__ = ["WantedFile", "fetch_pretrained", "find_wanted_file"]

CONNECT_TIMEOUT_S = 5.0
OLD_FILENAME = "pytorch_model.bin"
SUFFIXES = (".safetensors", ".pth", ".pt", ".bin")


@dataclass(frozen=True)
class WantedFile:
    """The weight file that timm names for a model.

    Args:
        timm_name: Full timm name, tag included, such as "resnet18.a1_in1k".
        hub_id: Repository on the hub, None where timm names none.
        filename: File in that repository, or the last part of the address.
        url: Direct address, None where timm names none.
    """

    timm_name: str
    hub_id: str | None
    filename: str
    url: str | None

    @property
    def origin(self) -> str:
        """Repository and file, or the address, as a person would look it up."""
        return f"{self.hub_id}/{self.filename}" if self.hub_id else str(self.url)


def find_wanted_file(name: str) -> WantedFile:
    """The file timm would load for a model.

    Args:
        name: A timm name, with or without its tag.

    Raises:
        WeightsError: If timm has no weights for it.
    """
    config: Any = timm.get_pretrained_cfg(name)
    architecture = name.partition(".")[0]
    tag = getattr(config, "tag", None)
    full = f"{architecture}.{tag}" if tag else architecture
    if config is None or not (config.hf_hub_id or config.url):
        raise WeightsError(
            f"timm has no pretrained weights for {name!r}.", fix=f"Use model.weights=random, or packaged: {_offered()}."
        )
    if config.hf_hub_id:
        hub_id = config.hf_hub_id if "/" in config.hf_hub_id else f"timm/{config.hf_hub_id}"
        return WantedFile(full, hub_id, config.hf_hub_filename or "model.safetensors", config.url)
    return WantedFile(full, None, urlsplit(config.url).path.rpartition("/")[2], config.url)


def fetch_pretrained(name: str) -> tuple[Path, WantedFile]:
    """The weight file of a timm model: from the weights folder, else the hub's cache, else the network.

    HF_HUB_OFFLINE is honoured. Without a network this fails within seconds, not after the hub's own retries.

    Args:
        name: A timm name, with or without its tag.

    Returns:
        The file on disk, and what timm wanted.

    Raises:
        WeightsError: If the file is nowhere to be had; the message says which file, and where to put it.
    """
    wanted = find_wanted_file(name)
    for stem in dict.fromkeys((name, wanted.timm_name)):
        for suffix in SUFFIXES:
            path = weights_folder() / f"{stem}{suffix}"
            if path.is_file():
                return path, wanted
    if wanted.hub_id:
        return _fetch_from_hub(wanted), wanted
    return _fetch_from_address(wanted), wanted


def _fetch_from_hub(wanted: WantedFile) -> Path:
    # Repositories of before 2023 hold the older file only.
    filenames = tuple(dict.fromkeys((wanted.filename, OLD_FILENAME)))
    for filename in filenames:
        try:
            return _ask_hub(wanted, filename, local_files_only=True)
        except EntryNotFoundError:
            continue
    if constants.HF_HUB_OFFLINE:
        raise _not_found(wanted, "HF_HUB_OFFLINE is set and the hub's cache lacks it")
    if not _is_reachable(constants.ENDPOINT):
        raise _not_found(wanted, f"{constants.ENDPOINT} cannot be reached")
    why = ""
    for filename in filenames:
        try:
            return _ask_hub(wanted, filename, etag_timeout=CONNECT_TIMEOUT_S)
        except (HfHubHTTPError, EntryNotFoundError, OSError) as error:
            why = why or str(error).partition("\n")[0]
            if isinstance(error, LocalEntryNotFoundError) or not isinstance(error, EntryNotFoundError):
                break
    raise _not_found(wanted, why)


def _ask_hub(wanted: WantedFile, filename: str, **options: Any) -> Path:
    repository, _, revision = str(wanted.hub_id).partition("@")
    return Path(hf_hub_download(repo_id=repository, filename=filename, revision=revision or None, **options))


def _fetch_from_address(wanted: WantedFile) -> Path:
    address = str(wanted.url)
    path = weights_folder() / f"{wanted.timm_name}{Path(wanted.filename).suffix}"
    if constants.HF_HUB_OFFLINE:
        raise _not_found(wanted, "HF_HUB_OFFLINE is set")
    if not _is_reachable(address):
        raise _not_found(wanted, f"{address} cannot be reached")
    try:
        make_folder(path.parent)
        # torch downloads into a temporary file beside it and moves it into place when it is whole.
        download_url_to_file(address, str(path), progress=False)
    except (OSError, RuntimeError) as error:
        raise _not_found(wanted, str(error)) from error
    return path


def _is_reachable(address: str) -> bool:
    """Whether a connection opens within seconds. Behind a proxy only the proxy knows, so that counts as yes."""
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return True
    parts = urlsplit(address)
    try:
        with socket.create_connection((parts.hostname, parts.port or 443), timeout=CONNECT_TIMEOUT_S):
            return True
    except OSError:
        return False


def _not_found(wanted: WantedFile, why: str) -> WeightsError:
    target = weights_folder() / f"{wanted.timm_name}{Path(wanted.filename).suffix}"
    return WeightsError(
        f"no weights for timm model {wanted.timm_name!r}: {why}.",
        fix=f"Put {wanted.origin} at {target} (PODIUM_WEIGHTS names that folder), or use a model with"
        f" model.weights=packaged: {_offered()}.",
        details=[
            f"{name}: {value}"
            for name, value in (("hub", wanted.hub_id), ("file", wanted.filename), ("url", wanted.url))
            if value
        ],
    )


def _offered() -> str:
    return ", ".join(sorted(PACKAGED))
