"""Who may ask: name of the host, origin, token. Everything is refused that is not allowed by name."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from podium.serve.refusal import Refusal

__all__ = ["OPEN_PATHS", "Guard", "find_host"]

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
"""Paths that need no token: they tell a load balancer yes or no, and nothing else."""
_LOCAL = ("localhost", "127.0.0.1", "::1")
_SITES = (b"cross-site", b"same-site")


@dataclass(frozen=True)
class Guard:
    """What requests are let through.

    Args:
        hosts: Names in the Host header that are answered, beside those of this machine and the address asked.
        origins: Origins of web pages that may ask.
        token: What a request must carry; None where none is needed.
    """

    hosts: Iterable[str] = ()
    origins: frozenset[str] = frozenset()
    token: str | None = field(default=None, repr=False)

    def check(self, scope: Mapping[str, Any]) -> None:
        """Refuse what is not allowed.

        Args:
            scope: A request as ASGI describes it.

        Raises:
            Refusal: Says which of host, origin and token is wrong.
        """
        self._check_host(scope)
        self._check_origin(scope)
        is_open = scope["path"] in OPEN_PATHS or self.is_preflight(scope)  # a browser sends no token with the latter
        if self.token is not None and not is_open:
            self._check_token(scope, self.token)

    def is_preflight(self, scope: Mapping[str, Any]) -> bool:
        """Whether a browser asks, for a page of an allowed origin, if it may ask."""
        is_asking = scope["method"] == "OPTIONS" and bool(_values(scope, b"access-control-request-method"))
        return is_asking and self.origin_of(scope) is not None

    def origin_of(self, scope: Mapping[str, Any]) -> str | None:
        """The allowed origin of a request; None where it has none, or another."""
        found = _values(scope, b"origin")
        origin = found[0].decode("latin-1") if len(found) == 1 else ""
        return origin if origin in self.origins else None

    def _check_host(self, scope: Mapping[str, Any]) -> None:
        found = _values(scope, b"host")
        host = find_host(found[0].decode("latin-1")) if len(found) == 1 else ""
        allowed = {*_LOCAL, *(name.lower() for name in self.hosts)}
        if host not in allowed and not _is_asked_address(host, scope):
            raise Refusal(421, "wrong_host", "this name of the host is not answered here.")

    def _check_origin(self, scope: Mapping[str, Any]) -> None:
        origins, sites = _values(scope, b"origin"), _values(scope, b"sec-fetch-site")
        if (origins or any(site in _SITES for site in sites)) and self.origin_of(scope) is None:
            raise Refusal(403, "wrong_origin", "web pages of this origin may not ask.")

    def _check_token(self, scope: Mapping[str, Any], token: str) -> None:
        found = _values(scope, b"authorization")
        kind, _, given = (found[0] if len(found) == 1 else b"").partition(b" ")
        is_right = hmac.compare_digest(given.strip(), token.encode())  # before the kind is looked at: one time for all
        if not is_right or kind.lower() != b"bearer":
            raise Refusal(
                401,
                "wrong_token",
                "send the token as Authorization: Bearer TOKEN.",
                headers={"www-authenticate": "Bearer"},
            )


def find_host(header: str) -> str:
    """The name in a Host header, in lower case and without its port; "" where it is none.

    Example:
        >>> find_host("LocalHost:8000"), find_host("[::1]:80"), find_host("a b")
        ('localhost', '::1', '')
    """
    name = header.strip().lower()
    if name.startswith("["):
        name, bracket, rest = name[1:].partition("]")
        return name if bracket and (not rest or _is_port(rest)) else ""
    name, colon, port = name.partition(":")
    if colon and not _is_port(colon + port):
        return ""
    return name if name and all(letter.isalnum() or letter in "-._" for letter in name) else ""


def _is_port(text: str) -> bool:
    return text[0] == ":" and text[1:].isdecimal() and text.isascii()


def _is_asked_address(host: str, scope: Mapping[str, Any]) -> bool:
    """Whether the host is the very address that the connection came to: no name that somebody could rebind."""
    server = scope.get("server")
    try:
        return server is not None and ipaddress.ip_address(host) == ipaddress.ip_address(server[0])
    except ValueError:
        return False


def _values(scope: Mapping[str, Any], name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]
