"""The licence of packaged weights: what the packages ship, what the run records and what the docs say are one."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import pytest

from podium.machine.weight_packages import PACKAGED
from podium.models.licence import find_licence

DOCS = Path(__file__).parents[2] / "docs" / "recipes.md"


@pytest.mark.parametrize("name", [name for name in PACKAGED if "lite" in name])
def test_the_package_ships_this_licence(name: str) -> None:
    try:
        shipped = files(PACKAGED[name].distribution) or []
    except PackageNotFoundError:
        pytest.skip("the package is not installed")
    (text,) = [file.read_text() for file in shipped if file.name == "LICENSE"]
    assert "Licensed under the Apache License, Version 2.0" in text
    assert find_licence(name, "packaged") == "Apache-2.0"


def test_the_docs_say_the_same() -> None:
    rows = re.findall(r"^\| (`[^|]+) \| [^|]+ \| ([\w.-]+)[^|]* \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    told = {ending: licence for names, licence in rows for ending in re.findall(r"`(\w+)`", names)}
    for name, spec in PACKAGED.items():
        assert any(name.endswith(ending) and licence == spec.licence for ending, licence in told.items()), name


def test_random_weights_and_files_have_none() -> None:
    assert find_licence("resnet18", "random") is None
    assert find_licence("resnet18", "my.safetensors") is None
    assert find_licence("resnet18", "pretrained") == "apache-2.0"
