"""Trackers by name: those of Podium, and those that a user registers."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable

from podium.errors import UnknownNameError, UsageError
from podium.trackers.tracker import Tracker

__all__ = ["NONE", "TRACKERS", "make_tracker", "read_names", "register_tracker"]

TRACKERS = ("tensorboard", "wandb", "mlflow")
"""Trackers of Podium's own; each is the name of its extra too."""
NONE = "none"
"""Instead of a name: no tracker, also none that a run remembers."""
_HOMES = {name: (f"podium.trackers.{name}_tracker", "make") for name in TRACKERS}
_own: dict[str, Callable[[], Tracker]] = {}


def register_tracker(name: str, make: Callable[[], Tracker]) -> None:
    """Give a tracker of your own a name for `track=` and the option of that name.

    Call it in a file that `podium.load_parts` reads: the tracker is made in another process,
    which runs that file too.

    Args:
        name: Its name.
        make: Makes it, without arguments: a class that is a `podium.trackers.tracker.Tracker`.

    Raises:
        UsageError: If the name is one of Podium's, or cannot name a folder.

    Example:
        podium.register_tracker("mine", MyTracker)
    """
    if name in (*TRACKERS, NONE) or not name.isidentifier():
        taken = "is one of Podium's own" if name in (*TRACKERS, NONE) else "is no plain word"
        raise UsageError(f"{name!r} {taken}.", field="name", fix="Choose another name of letters, digits and '_'.")
    _own[name] = make


def read_names(track: str | Iterable[str] | None) -> tuple[str, ...]:
    """Names of trackers as people write them: "wandb", "wandb,mlflow" or a list; each once, in that order.

    Raises:
        UnknownNameError: If there is no such tracker.

    Example:
        >>> read_names("mlflow, tensorboard"), read_names(["wandb"]), read_names(None)
        (('mlflow', 'tensorboard'), ('wandb',), ())
    """
    given = [track] if isinstance(track, str) else list(track or ())
    names = [word.strip() for text in given for word in str(text).split(",") if word.strip()]
    for name in names:
        if name not in (*TRACKERS, *_own, NONE):
            raise UnknownNameError("tracker", name, [*TRACKERS, *_own, NONE])
    return tuple(dict.fromkeys(names))


def make_tracker(name: str) -> Tracker:
    """The tracker of a name; its package is imported when it starts."""
    if name in _own:
        return _own[name]()
    if name not in _HOMES:
        raise UsageError(f"no tracker is called {name!r} here.", fix="Name the file that registers it with parts.")
    module, function = _HOMES[name]
    made: Tracker = getattr(importlib.import_module(module), function)()
    return made
