"""Keeps image libraries from writing to the user's terminal: warnings are outcomes here, or nothing."""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import logging
import warnings
from functools import cache
from pathlib import Path

import PIL

__all__ = ["silence_decoders"]

_PILLOW_MODULES = r"PIL\."


def silence_decoders() -> None:
    """Turns off Pillow's warnings, and Pillow's and libtiff's messages on standard error. Cheap to call again.

    Pillow's log messages still reach a program that sets up logging.
    """
    _silence_warnings()
    _silence_messages()


def _silence_warnings() -> None:
    # `warnings.catch_warnings` swaps the filters of the whole process and is not safe in threads. A filter for
    # Pillow's own modules, put there once, is; test runners drop it, so look each time.
    if warnings.filters:
        action, _, _, module, _ = warnings.filters[0]  # further down, another filter may come before it
        if action == "ignore" and getattr(module, "pattern", None) == _PILLOW_MODULES:
            return
    warnings.filterwarnings("ignore", module=_PILLOW_MODULES)


@cache
def _silence_messages() -> None:
    """Gives Pillow's logger a handler that drops, and takes libtiff's message handlers, which print, away.

    libtiff is already in the process, and opening it by its path gives the same copy. Where it cannot be found
    (linked into Pillow), its messages stay; a decode worker drops them with its standard error.
    """
    logging.getLogger("PIL").addHandler(logging.NullHandler())  # without one, errors go to standard error
    package = Path(PIL.__file__).parent
    bundled = [*package.parent.glob("pillow.libs/libtiff*"), *package.glob(".dylibs/libtiff*")]
    name = str(bundled[0]) if bundled else ctypes.util.find_library("tiff")
    if name is None:
        return
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(name)
        library.TIFFSetWarningHandler(None)
        library.TIFFSetErrorHandler(None)
