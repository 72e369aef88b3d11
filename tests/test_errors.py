"""Errors as data: the same class, words and exit code on the other side."""

from __future__ import annotations

import json

import pytest

from podium.errors import PodiumError


def _all_kinds(root: type[PodiumError]) -> list[type[PodiumError]]:
    return [root, *(found for kind in root.__subclasses__() for found in _all_kinds(kind))]


@pytest.mark.parametrize("kind", _all_kinds(PodiumError), ids=lambda kind: kind.__name__)
def test_an_error_travels_as_data_between_processes(kind: type[PodiumError]) -> None:
    error = PodiumError.__new__(kind)
    PodiumError.__init__(error, "wrong.", where="a.csv", field="labels", fix="Mend it.", details=["row 3", "row 4"])
    found = PodiumError.from_dict(json.loads(json.dumps(error.to_dict())))
    assert type(found) is kind
    assert found.to_dict() == error.to_dict()
    assert str(found) == "a.csv: labels: wrong. Mend it."
