"""Python files of a user that register losses, metrics and detectors, for the command and the processes it starts."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from podium.errors import UsageError

__all__ = ["VARIABLE", "load_named_parts", "load_parts"]

VARIABLE = "PODIUM_PARTS"
"""Environment variable with the files, separated as in PATH. Only the user can name one: no run folder can."""


def load_parts(path: str | Path) -> None:
    """Run a Python file that calls `podium.register_loss`, `podium.register_metric` or `podium.register_detector`.

    Processes that Podium starts run it too. A second call with the same file does nothing.

    Args:
        path: The file.

    Raises:
        UsageError: If it does not exist, or ends in an error; names the error.

    Example:
        >>> load_parts("nowhere/my_parts.py")
        Traceback (most recent call last):
        podium.errors.UsageError: nowhere/my_parts.py does not exist.
        Name a Python file that registers losses or metrics.
    """
    file = Path(path).absolute()
    if not file.is_file():
        raise UsageError(f"{path} does not exist.", fix="Name a Python file that registers losses or metrics.")
    name = f"podium_own_parts_{file.stem}_{abs(hash(str(file))):x}"
    if name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python file.", fix="Give it a name that ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, UsageError) or not isinstance(error, Exception):
            raise
        raise UsageError(f"{path} ended in {type(error).__name__}: {error}", fix="Correct the file.") from error
    files = os.environ.get(VARIABLE, "").split(os.pathsep)
    if str(file) not in files:
        os.environ[VARIABLE] = os.pathsep.join([*filter(None, files), str(file)])


def load_named_parts() -> None:
    """Run the files that the environment variable PODIUM_PARTS names."""
    for file in filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)):
        load_parts(file)
