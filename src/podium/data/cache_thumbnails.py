"""Thumbnails of a cache's images, made once and kept beside the pixels: they are looked at in every start."""

from __future__ import annotations

import hashlib
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from podium.data.image_cache import THUMBNAILS_NAME, ImageCache
from podium.durable import read_bytes, write_bytes
from podium.errors import StorageError
from podium.twins import make_thumbnails

__all__ = ["cached_thumbnails"]

_DIGEST_BYTES = 32


def cached_thumbnails(cache: ImageCache) -> NDArray[np.uint8]:
    """Grey thumbnails of all images of a cache, uint8 (N, h, w); made again where they are missing or damaged."""
    path = cache.folder / THUMBNAILS_NAME
    shape = (len(cache), *make_thumbnails(cache.pixels[:1]).shape[1:])
    with suppress(StorageError):
        data = read_bytes(path)
        if data[-_DIGEST_BYTES:] == _digest(cache, data[:-_DIGEST_BYTES]) and len(data) == _n_bytes(shape):
            return np.frombuffer(data, dtype=np.uint8, count=_n_bytes(shape) - _DIGEST_BYTES).reshape(shape)
    thumbnails = make_thumbnails(cache.pixels)
    data = thumbnails.tobytes()
    with suppress(StorageError):  # a cache that cannot be written serves as well
        write_bytes(path, data + _digest(cache, data))
    return thumbnails


def _digest(cache: ImageCache, data: bytes) -> bytes:
    return hashlib.sha256(cache.key.encode() + data).digest()


def _n_bytes(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape)) + _DIGEST_BYTES
