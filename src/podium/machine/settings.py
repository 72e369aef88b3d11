"""Where and how a run works: what stands beside the recipe and does not change the numbers, but for the last digits."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from podium.arguments import strict_fields
from podium.errors import UsageError

__all__ = ["Settings"]


@strict_fields
@dataclass(frozen=True)
class Settings:
    """Places, machine and limits.

    Args:
        runs: Folder of all runs.
        cache: Folder of decoded images and features; None is `<runs>/.cache`.
        device: "auto", "cpu", "cuda", "cuda:1" or "mps".
        threads: Threads of one process; None divides the cores among the processes. Recorded with a run and kept on
            resume, because the number of threads changes the last bits.
        processes: Processes that train the folds of a run at the same time.
        checkpoint_seconds: Seconds between two checkpoints of a training.
        cloud_drive: Whether the runs lie on a mounted cloud drive whose bin keeps what is deleted: checkpoints are then
            overwritten in place, and emptied before they are deleted. Recorded with a run and kept on resume.
        reproducible: Whether a new run takes fixed arithmetic for every "auto" of its recipe that autotune would else
            answer with a stopwatch: torch, fp32 (on a GPU bf16 or fp16) and channels-last. The same start then gives
            the same bits on a machine, however busy it is; give `threads` too.
        slurm: What SLURM is asked for, KEY=VALUE each, such as ("partition=gpu", "timeout_min=240"): the trainings of
            a run become an array job, and this process leaves them to it. Empty trains here.
        ray: Ray cluster whose workers train: "local" for one on this machine, "auto" for the one that runs here, or
            HOST:PORT of its head. Empty trains here.
        looks: Whether a score comes with a look for look-alikes and the range of a submission, which may take longer
            than the training of heads.
        max_bad_fraction: Largest fraction of images that may be impossible to decode, in [0, 1].
    """

    runs: Path = Path("runs")
    cache: Path | None = None
    device: str = "auto"
    threads: int | None = None
    processes: int = 1
    checkpoint_seconds: float = 60.0
    cloud_drive: bool = False
    reproducible: bool = False
    max_bad_fraction: float = 0.01
    looks: bool = True
    slurm: tuple[str, ...] = ()
    ray: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "runs", Path(self.runs))  # strings too
        if self.cache is not None:
            object.__setattr__(self, "cache", Path(self.cache))
        if self.threads is not None and self.threads < 1:
            raise UsageError(f"must be at least 1, got {self.threads}.", field="threads")
        if self.processes < 1:
            raise UsageError(f"must be at least 1, got {self.processes}.", field="processes")
        object.__setattr__(self, "slurm", tuple(self.slurm))
        if sum((self.processes > 1, bool(self.slurm), bool(self.ray))) > 1:
            raise UsageError(
                "processes, SLURM and Ray are three ways to start the trainings.",
                field="processes" if self.processes > 1 else "slurm",
                fix="Give one of them.",
            )
        if not 0 <= self.max_bad_fraction <= 1:
            raise UsageError(f"must be in [0, 1], got {self.max_bad_fraction}.", field="max_bad_fraction")
        if not 0 <= self.checkpoint_seconds < float("inf"):
            raise UsageError(f"must be 0 or more, got {self.checkpoint_seconds}.", field="checkpoint_seconds")

    @property
    def cache_folder(self) -> Path:
        """Where decoded images and features are kept."""
        return self.runs / ".cache" if self.cache is None else self.cache

    @property
    def n_threads(self) -> int:
        """Threads of each process."""
        if self.threads is not None:
            return self.threads
        n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return max(1, n_cores // self.processes)
