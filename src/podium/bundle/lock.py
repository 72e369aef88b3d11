"""The exact version of every installed package that a run needs, without hosts or paths of this machine."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement

__all__ = ["Lock", "lock_text", "make_lock"]

_OF_GPUS = re.compile(r"(nvidia|cuda|triton|pytorch-triton)(-|$)")
"""Packages that a GPU build of torch brings, and a CPU build has not."""


@dataclass(frozen=True)
class Lock:
    """Versions by package name, in alphabetical order.

    Args:
        packages: What every machine needs.
        of_gpus: What a GPU build of torch needs besides.
        builds: Packages whose build says more than their version, such as torch's "2.10.0+cpu".
        missing: Packages that are needed and not installed here.
    """

    packages: dict[str, str]
    of_gpus: dict[str, str]
    builds: dict[str, str]
    missing: tuple[str, ...] = ()


def make_lock(root: str = "podium", extras: Collection[str] = ()) -> Lock:
    """The installed versions of all that a package needs, directly or through others; the package itself is left out.

    Args:
        root: Name of the package.
        extras: Its extras to follow too.

    Raises:
        PackageNotFoundError: If the package itself is not installed.
    """
    found: dict[str, str] = {}
    missing: set[str] = set()
    seen: set[tuple[str, str]] = set()
    queue = [(distribution(root), frozenset(extras))]
    while queue:
        package, wanted = queue.pop()
        for name, more in _needs(package, wanted):
            try:
                needed = distribution(name)
            except PackageNotFoundError:
                missing.add(name)
                continue
            found[name] = needed.version
            if unseen := {extra for extra in ("", *more) if (name, extra) not in seen}:
                seen |= {(name, extra) for extra in unseen}
                queue.append((needed, frozenset(unseen)))
    found.pop(_plain(root), None)
    plain = {name: version.partition("+")[0] for name, version in sorted(found.items())}
    return Lock(
        {name: version for name, version in plain.items() if not _OF_GPUS.match(name)},
        {name: version for name, version in plain.items() if _OF_GPUS.match(name)},
        {name: version for name, version in sorted(found.items()) if "+" in version},
        tuple(sorted(missing - {_plain(root)})),
    )


def _needs(package: Distribution, extras: Collection[str]) -> Iterator[tuple[str, set[str]]]:
    """Name and extras of every requirement that holds on this machine."""
    for line in package.requires or ():
        one = Requirement(line)
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield _plain(one.name), one.extras


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def lock_text(lock: Lock, wheel: str, python: str) -> str:
    """The lines of requirements.lock.

    Args:
        lock: The versions.
        wheel: Path of Podium's own wheel, from the folder of the file.
        python: Version of Python.
    """
    lines = [f"# Python {python}. Install from this folder: Podium itself is a wheel in it."]
    lines += [f"# Built as {name} {version} where the run was made." for name, version in lock.builds.items()]
    lines += [f"# Not installed where the run was made: {name}." for name in lock.missing]
    lines += [f"./{wheel}", *(f"{name}=={version}" for name, version in lock.packages.items())]
    return "\n".join(lines) + "\n"
