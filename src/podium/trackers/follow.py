"""Trackers of one run as a callback: it wakes their processes after every epoch, and never waits for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from podium.advice import call
from podium.callbacks import Callback, EpochInfo, TrainingInfo
from podium.listing import list_some
from podium.store import RunFolder
from podium.trackers.process import TrackerProcess, wait_for
from podium.trackers.watch import LIMIT_S

__all__ = ["PATIENCE_S", "Trackers", "following", "tell"]

PATIENCE_S = 1.0
"""Seconds that the end of a training waits for its trackers, all together."""


class Trackers(Callback):
    """The trackers of a run that this process trains.

    Args:
        names: Their names.
        run: The run folder.
        report: Gets a line when one of them is lost, once.
    """

    def __init__(self, names: Sequence[str], run: RunFolder, report: Callable[[str], None]) -> None:
        self._report, self._run = report, run
        self._processes = [TrackerProcess(name, _request(name, run)) for name in names]

    def on_epoch(self, training: TrainingInfo, epoch: EpochInfo) -> None:
        """Wake them."""
        self._wake()

    def on_training_end(self, training: TrainingInfo) -> None:
        """Wake them."""
        self._wake()

    def _wake(self) -> None:
        for process in self._processes:
            process.send(b"\n")
            process.look()
        self._drop_lost()

    def _drop_lost(self) -> None:
        for process in [process for process in self._processes if process.complaint is not None]:
            self._processes.remove(process)
            process.leave()
            again = call("podium.load_run", self._run.name)
            self._report(
                f"Tracker {process.name} is left out, the training is as without it: {process.complaint}."
                f" {again} has `track()`, which tells it all once that is mended."
            )

    def close(self, patience_s: float = PATIENCE_S) -> list[str]:
        """Let them tell the rest; gives the names of those that are still at it and go on alone."""
        for process in self._processes:
            process.end()
        late = wait_for(self._processes, patience_s)
        self._drop_lost()
        for process in late:
            process.leave()
        return [process.name for process in late]


@contextmanager
def following(
    names: Sequence[str], run: RunFolder, report: Callable[[str], None], note: Callable[[str], None]
) -> Iterator[list[Callback]]:
    """Trackers during a `with` block, as callbacks; none without names.

    Args:
        names: Names of trackers.
        run: The run folder.
        report: Gets a line when one of them is lost.
        note: Gets a line when some have not ended with the block.
    """
    if not names:
        yield []
        return
    trackers = Trackers(names, run, report)
    try:
        yield [trackers]
    except BaseException:
        trackers.close(0.0)
        raise
    late = trackers.close()
    if late:
        note(f"Still telling {list_some(late)}; that goes on by itself, at the lowest priority.")


def tell(names: Sequence[str], run: RunFolder, *, wait_s: float) -> dict[str, str]:
    """Tell trackers all of a run that they do not have yet, and wait for them.

    Args:
        names: Names of trackers.
        run: The run folder.
        wait_s: Seconds to wait, all together.

    Returns:
        What became of each: "told", or why it was not.
    """
    processes = [TrackerProcess(name, _request(name, run)) for name in names]
    for process in processes:
        process.end()
    for process in wait_for(processes, wait_s):
        process.kill()
        process.complaint = f"it took more than {wait_s:g} s"
    return {process.name: process.complaint or "told" for process in processes}


def _request(name: str, run: RunFolder) -> dict[str, object]:
    path = run.path.resolve()
    folder = path / "trackers" / name
    home = path.parent / "trackers" / name if (path.parent / "study.json").is_file() else folder
    return {"tracker": name, "run": str(path), "folder": str(folder), "home": str(home), "limit_s": LIMIT_S}
