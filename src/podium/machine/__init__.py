"""Where and how work is done: places, device, threads and memory, and how long work reports its progress."""

from podium.machine.notebook import Notebook, default_progress
from podium.machine.progress import Caution, Progress, Silent
from podium.machine.settings import Settings
from podium.machine.waiting import say_while_waiting

__all__ = ["Caution", "Notebook", "Progress", "Settings", "Silent", "default_progress", "say_while_waiting"]
