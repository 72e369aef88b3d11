from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import pytest
from packaging.requirements import Requirement

from podium.bundle.lock import Lock, lock_text, make_lock


@pytest.mark.slow
def test_it_has_the_installed_version_of_what_is_needed_and_nothing_else() -> None:
    lock = make_lock()
    both = lock.packages | lock.of_gpus
    assert {"torch", "numpy", "pillow", "timm"} <= set(lock.packages)
    assert {"pytest", "ruff", "podium"}.isdisjoint(both)
    for name, locked in both.items():
        assert version(name).partition("+")[0] == locked
    assert all(name.startswith(("nvidia", "cuda", "triton", "pytorch-triton")) for name in lock.of_gpus)


@pytest.mark.slow
def test_extras_are_followed_and_so_are_those_of_dependencies() -> None:
    assert "openvino" not in make_lock().packages
    assert "openvino" in make_lock(extras={"openvino"}).packages


def test_the_text_is_one_requirement_a_line_and_names_no_host() -> None:
    lock = Lock({"numpy": "2.1"}, {}, {"torch": "2.10.0+cpu"}, ("gone",))
    text = lock_text(lock, "wheels/podium-1-py3-none-any.whl", "3.11.7")
    assert "://" not in text
    lines = [line for line in text.splitlines() if not line.startswith(("#", "./"))]
    assert [str(Requirement(line)) for line in lines] == ["numpy==2.1"]
    assert "torch 2.10.0+cpu" in text
    assert "Not installed where the run was made: gone." in text


def test_what_is_not_installed_is_said() -> None:
    with pytest.raises(PackageNotFoundError):
        make_lock("no-such-package-at-all")
