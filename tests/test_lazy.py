"""Names that are imported when they are first asked for: once, from the module that has them, and no others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from podium.lazy import on_demand


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package whose names `one` and `two` are at home in modules that note when they are imported."""
    (tmp_path / "home_a.py").write_text("one = object()\nhidden = 1\n")
    (tmp_path / "home_b.py").write_text("two = object()\n")
    monkeypatch.syspath_prepend(tmp_path)
    module = ModuleType("lazy_package")
    monkeypatch.setitem(sys.modules, "lazy_package", module)
    module.__dict__["__getattr__"] = on_demand("lazy_package", {"home_a": ["one"], "home_b": ["two"]})
    yield module
    for name in ("home_a", "home_b"):
        sys.modules.pop(name, None)


def test_only_the_home_of_the_name_is_imported_and_only_when_it_is_asked_for(package: ModuleType) -> None:
    assert not {"home_a", "home_b"} & set(sys.modules)
    first = package.one
    assert first is sys.modules["home_a"].__dict__["one"]
    assert "home_b" not in sys.modules


def test_a_name_is_asked_for_once(package: ModuleType) -> None:
    first = package.one
    sys.modules["home_a"].__dict__["one"] = "another"
    assert package.one is first
    assert package.__dict__["one"] is first


@pytest.mark.parametrize("name", ["three", "hidden", "__path__"])
def test_other_names_there_are_none(package: ModuleType, name: str) -> None:
    with pytest.raises(AttributeError, match=f"module 'lazy_package' has no attribute {name!r}"):
        getattr(package, name)
    assert "home_a" not in sys.modules
