"""How long waiting threads spin is chosen before torch is loaded, unless the user chose."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

NAMES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, ["PASSIVE", "1000"]),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, ["ACTIVE", "None"]),
        ({"GOMP_SPINCOUNT": "7"}, ["None", "7"]),
    ],
)
def test_the_users_choice_stays(given: dict[str, str], wanted: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in NAMES} | given
    code = f"import podium, os; print(*(os.environ.get(name) for name in {NAMES!r}))"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == wanted
