"""The files of every contest, made once."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from podium.demo import TASKS


@pytest.fixture(scope="session")
def made() -> Mapping[str, Mapping[str, bytes]]:
    return {task: contest.make_files(0) for task, contest in TASKS.items()}
