"""Where a decode worker begins: `python worker_start.py OWNER MEMORY_MIB`, started by `podium.images.keeper`.

It is run by its path and imports nothing of Podium before it has tied its life to its owner's: the imports take long
enough for the owner to die meanwhile.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

__all__ = ["die_with"]

_PR_SET_PDEATHSIG = 1


def die_with(owner: int) -> None:
    """Has the kernel end this process with its parent (Linux), and leaves at once where that is gone already."""
    # Ctrl-C in a terminal reaches the whole process group; the owner decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != owner:
        os._exit(0)


if __name__ == "__main__":
    die_with(int(sys.argv[1]))
    from podium.images.worker import main

    main(int(sys.argv[2]))
