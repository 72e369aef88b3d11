"""A child process whose life is tied to its parent: it stops as if by SIGTERM when its standard input ends.

The parent holds the other end of that pipe. It closes it to ask for a stop, and the system closes it when the parent
ends in any way, so a killed parent leaves nobody behind.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

__all__ = ["tie_to_parent"]


def tie_to_parent() -> None:
    """Watch standard input from a thread, from now on; its end is a SIGTERM to this process."""
    threading.Thread(target=_watch, name="podium-tether", daemon=True).start()


def _watch() -> None:
    while os.read(0, 4096):  # nothing is ever written to it
        pass
    if sys.platform == "win32":  # where os.kill would end the process at once
        signal.raise_signal(signal.SIGTERM)
    else:
        os.kill(os.getpid(), signal.SIGTERM)
