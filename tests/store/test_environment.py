"""What a run was made with: versions as the packages report them, without importing any."""

from __future__ import annotations

import json
import os
import platform

import numpy as np
import pytest

from podium.store import environment


def test_versions_are_those_of_the_packages() -> None:
    record = environment.describe_environment()
    assert record["packages"]["numpy"] == np.__version__
    assert record["python"] == platform.python_version()
    assert record["cpu"]
    assert json.loads(json.dumps(record)) == record


def test_a_package_that_is_not_installed_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_PACKAGES", ("no-such-package-1a2b",))
    assert environment.describe_environment()["packages"] == {"no-such-package-1a2b": None}


def test_cores_are_those_that_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 5}, raising=False)
    assert environment.usable_cores() == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert environment.usable_cores() == 1
