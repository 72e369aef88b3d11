"""Tiny data and trainings that the tests of several rooms share."""
