"""Run folders on disk: where everything is, which runs there are, how two of them differ."""

from podium.store.differences import list_differences
from podium.store.environment import describe_environment
from podium.store.results import EpochRow, read_epochs, write_results
from podium.store.run_folder import FORMAT, RunFolder, check_run_name, create_run, find_run, list_runs

__all__ = [
    "FORMAT",
    "EpochRow",
    "RunFolder",
    "check_run_name",
    "create_run",
    "describe_environment",
    "find_run",
    "list_differences",
    "list_runs",
    "read_epochs",
    "write_results",
]
