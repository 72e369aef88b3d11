"""E10: principal components are those of scikit-learn, whatever the shape; UMAP keeps neighbours and is seeded."""

from __future__ import annotations

import builtins
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA

from podium.errors import UsageError
from podium.explain.projection import project


@pytest.mark.parametrize("shape", [(60, 7), (12, 40), (5, 1)])
def test_principal_components_are_those_of_scikit_learn(shape: tuple[int, int]) -> None:
    rows = np.random.default_rng(0).normal(size=shape) * np.linspace(3, 1, shape[1]) + 5
    found = project(rows)
    n = min(2, shape[1])
    reference = PCA(n_components=n, svd_solver="full").fit(rows)
    expected = reference.transform(rows)
    signs = np.sign((found.points[:, :n] * expected).sum(axis=0))
    np.testing.assert_allclose(found.points[:, :n], expected * signs, atol=1e-8)
    np.testing.assert_allclose(found.explained[:n], reference.explained_variance_ratio_, atol=1e-9)
    np.testing.assert_array_equal(project(rows).points, found.points)
    np.testing.assert_allclose(project(-rows).points[:, 0], -found.points[:, 0], atol=1e-8)  # the sign is fixed


def test_equal_rows_are_one_point() -> None:
    found = project(np.ones((6, 4)))
    assert (found.points == 0).all()
    assert found.explained == (0.0, 0.0)


def test_umap_starts_from_principal_components_and_is_seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package itself compiles for a minute: what it is asked for is what counts here."""
    asked: dict[str, Any] = {}

    class Fake:
        def __init__(self, **how: Any) -> None:
            asked.update(how)

        def fit_transform(self, rows: np.ndarray) -> np.ndarray:
            asked["shape"] = rows.shape
            return rows[:, :2].astype(np.float32)

    package = SimpleNamespace(UMAP=Fake)
    monkeypatch.setattr("podium.explain.projection.import_extra", lambda module, extra: package)
    found = project(np.random.default_rng(0).normal(size=(12, 80)), "umap", seed=3)
    assert (asked["random_state"], asked["n_neighbors"], asked["shape"]) == (3, 11, (12, 12))
    assert found.points.dtype == np.float64
    assert found.explained == ()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podium.machine.extras.importlib.import_module", _missing)
    with pytest.raises(UsageError, match="umap is not installed") as problem:
        project(np.eye(5), "umap")
    assert "podium[maps]" in str(problem.value.fix)


def _missing(name: str, *_: Any) -> Any:
    raise builtins.ModuleNotFoundError(name, name=name)
