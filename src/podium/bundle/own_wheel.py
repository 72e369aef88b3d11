"""A wheel of the Podium that is running, made of its installed files: no network, no build tool."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from podium import durable
from podium.errors import UsageError

__all__ = ["make_wheel"]

_WHEEL = "Wheel-Version: 1.0\nGenerator: podium\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_FROM_METADATA = ("METADATA", "entry_points.txt", "licenses/LICENSE")


def make_wheel() -> tuple[str, bytes]:
    """File name and bytes of the wheel; the same files give the same bytes.

    The modules are those that run, also of an editable install; names of commands and requirements are those that were
    installed.

    Raises:
        UsageError: If Podium runs without having been installed.
    """
    try:
        about = distribution("podium")
    except PackageNotFoundError:
        raise UsageError(
            "Podium runs from a folder and was never installed, so no wheel of it can be made.",
            fix="Install it: pip install FOLDER_OF_PODIUM.",
        ) from None
    home = Path(durable.__file__).parent.parent
    files = {
        f"podium/{path.relative_to(home).as_posix()}": durable.read_bytes(path)
        for path in sorted(home.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    info = f"podium-{about.version}.dist-info"
    for name in _FROM_METADATA:
        text = about.read_text(name)
        if text is not None:
            files[f"{info}/{name}"] = text.encode()
    files[f"{info}/WHEEL"] = _WHEEL.encode()
    lines = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in files.items()]
    files[f"{info}/RECORD"] = ("\n".join([*lines, f"{info}/RECORD,,"]) + "\n").encode()
    return f"podium-{about.version}-py3-none-any.whl", _zip(files)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)  # its time is that of 1980, so the same files give the same bytes
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
