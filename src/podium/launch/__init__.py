"""Processes that work on one run: started, listened to, and seen to their end."""

from podium.launch.processes import run_processes
from podium.launch.tether import tie_to_parent

__all__ = ["run_processes", "tie_to_parent"]
