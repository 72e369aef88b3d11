"""Errors as data: the same class, words and exit code on the other side."""

from __future__ import annotations

import json

import pytest

from podium.errors import DataError, Interrupted, PodiumError, Stopped, UnknownNameError


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


def test_a_cell_of_any_length_leaves_a_message_that_can_be_read() -> None:
    cell = "x" * 1_000_000
    error = DataError(
        f"the label {cell!r} is unknown.", where=f"a.csv, row {cell}", fix=f"Write {cell}.", details=[cell]
    )
    assert len(str(error)) < 12_000
    assert error.what.startswith("the label 'xxx")
    assert error.what.endswith("xxx' is unknown.")
    assert len(error.details[0]) < 1_100
    assert len(str(UnknownNameError("class", cell, ["cat", cell + "y"]))) < 8_000
    assert len(str(error.to_dict())) < 15_000


@pytest.mark.parametrize(("kind", "parent"), [(Stopped, BaseException), (Interrupted, KeyboardInterrupt)])
def test_a_stop_passes_whoever_catches_errors(kind: type[Stopped], parent: type[BaseException]) -> None:
    """As scikit-learn's `GridSearchCV` does, which would score the fold as nan and go on."""
    stop = kind("stopped as asked.", fix="Start again.")
    assert isinstance(stop, parent)
    assert not isinstance(stop, Exception)
    assert str(stop) == "stopped as asked. Start again."
    assert stop.to_dict()["error"] == kind.__name__


def test_many_known_names_are_listed_where_none_is_near() -> None:
    names = [f"name{number}" for number in range(100)]
    error = UnknownNameError("thing", "zzz", names)
    assert error.fix == "Of 100 known names none is near:"
    assert " ".join(error.details).replace(",", "").split() == sorted(names)
    assert max(map(len, error.details)) <= 110
