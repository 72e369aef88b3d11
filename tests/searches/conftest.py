"""One thread for training, no waiting for the disk, and images drawn once."""

from tiny.fixtures import contest, fast_process

__all__ = ["contest", "fast_process"]
