"""Podium: from a folder of images to a score you can believe, a report and a submission."""

__version__ = "0.1.0"
