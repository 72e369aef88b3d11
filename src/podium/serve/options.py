"""How a server is reached, what it lets in, and how long anything may take."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from podium.arguments import strict_fields
from podium.errors import UsageError

__all__ = ["ServeOptions"]

_LONGEST_WAIT_MS = 1000.0
_MOST_PIXELS = 178_956_970
"""Pillow's own ceiling, see `podium.images.Limits`."""


@strict_fields
@dataclass(frozen=True)
class ServeOptions:
    """Settings of a server.

    Args:
        host: Address to listen on.
        port: Port; 0 takes a free one.
        token_file: File with the token that every request must carry.
        make_token: Ask for a token on this machine too; it is made, and told once.
        allow_host: Further names in the Host header that are answered.
        allow_origin: Origins of web pages that may ask, such as "https://example.org".
        batch_size: Images that the model computes together at most.
        batch_wait_ms: Milliseconds that an image waits for others.
        queue: Images inside at most; a request beyond is refused at once.
        deadline_s: Seconds from the first byte of a request to its answer.
        max_body_mib: Size of a request.
        max_pixels: Width times height that an image may declare.
        max_images: Images of a request.
        decode_workers: Processes that decode; None takes as many as there are cores.
        decode_mib: Memory that one image may take while it is decoded.
        engine: "onnxruntime", "openvino", or "auto".
        threads: Threads of the engine; 0 leaves the number to it.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token_file: Path | None = None
    make_token: bool = False
    allow_host: tuple[str, ...] = ()
    allow_origin: tuple[str, ...] = ()
    batch_size: int = 32
    batch_wait_ms: float = 2.0
    queue: int = 256
    deadline_s: float = 10.0
    max_body_mib: float = 32.0
    max_pixels: int = 64_000_000
    max_images: int = 64
    decode_workers: int | None = None
    decode_mib: int = 2048
    engine: str = "auto"
    threads: int = 0

    def __post_init__(self) -> None:
        for name in ("batch_size", "queue", "max_images", "decode_mib"):
            _check(name, getattr(self, name), least=1)
        _check("port", self.port, least=0, most=65535)
        _check("threads", self.threads, least=0)
        _check("max_pixels", self.max_pixels, least=1, most=_MOST_PIXELS)
        if self.decode_workers is not None:
            _check("decode_workers", self.decode_workers, least=1)
        if not 0 <= self.batch_wait_ms <= _LONGEST_WAIT_MS:
            raise UsageError(
                f"it must be 0 to {_LONGEST_WAIT_MS:g}, got {self.batch_wait_ms:g}.", field="batch_wait_ms"
            )
        for name in ("deadline_s", "max_body_mib"):
            if not 0 < getattr(self, name) < float("inf"):
                raise UsageError(f"it must be above 0, got {getattr(self, name):g}.", field=name)
        for origin in self.allow_origin:
            if not re.fullmatch(r"https?://[^/\s]+", origin):
                raise UsageError(
                    f"{origin!r} is no origin.", field="allow_origin", fix="Write it as https://example.org."
                )

    @property
    def max_bytes(self) -> int:
        """Bytes of a request."""
        return int(self.max_body_mib * 1024**2)

    @property
    def is_local(self) -> bool:
        """Whether only programs on this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def _check(name: str, value: int, *, least: int, most: int | None = None) -> None:
    if value < least or (most is not None and value > most):
        span = f"at least {least}" if most is None else f"{least} to {most}"
        raise UsageError(f"it must be {span}, got {value}.", field=name)
