"""Trackers: what a run measures, in TensorBoard, Weights & Biases and MLflow, and event files read back.

Needs no torch; a tracker's package is imported only in a process of its own.
"""
