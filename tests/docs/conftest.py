"""One thread for training, no waiting for the disk, no processes that decode."""

from tiny.fixtures import fast_process

__all__ = ["fast_process"]
