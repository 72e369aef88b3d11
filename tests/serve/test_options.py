"""Options out of range are refused by their names."""

from __future__ import annotations

from typing import Any

import pytest

from podium.errors import UsageError
from podium.serve import ServeOptions


@pytest.mark.parametrize(
    "wrong",
    [
        *({"port": port} for port in (-1, 65536)),
        *({name: 0} for name in ("batch_size", "queue", "max_images", "max_pixels", "decode_workers", "decode_mib")),
        *(
            {name: value}
            for name in ("deadline_s", "max_body_mib")
            for value in (0.0, -1.0, float("nan"), float("inf"))
        ),
        *({"batch_wait_ms": value} for value in (-1.0, float("nan"), float("inf"))),
        {"max_pixels": 10**9},
        {"threads": -1},
        *(
            {"allow_origin": (origin,)}
            for origin in ("*", "null", "example.org", "https://a/b", "https://", "https://a/")
        ),
    ],
)
def test_wrong_values_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as refused:
        ServeOptions(**wrong)
    assert refused.value.field == next(iter(wrong))


@pytest.mark.parametrize(
    ("host", "is_local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True)]
    + [(host, False) for host in ("0.0.0.0", "::", "192.168.1.7", "example.org", "localhost.example.org", "")],
)
def test_only_loopback_is_local(host: str, is_local: bool) -> None:
    assert ServeOptions(host=host).is_local is is_local
