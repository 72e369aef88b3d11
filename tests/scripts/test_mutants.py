from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "mutants"
SHAPES = '''"""Areas."""

def area(width, height):
    return width * height

def perimeter(width, height):
    return 2 * (width + height)

def wait(n):
    while n > 0:
        n -= 1
'''
TESTS = """from toy.geometry.shapes import area, perimeter, wait

def test_area():
    assert area(3, 4) == 12

def test_perimeter_is_called_and_not_looked_at():
    perimeter(3, 4)

def test_wait():
    wait(3)
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A package of one module with tests that notice a wrong area and no wrong perimeter."""
    package = tmp_path / "tree" / "src" / "toy" / "geometry"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    (package / "shapes.py").write_text(SHAPES, encoding="utf-8")
    tests = tmp_path / "tree" / "tests" / "geometry"
    tests.mkdir(parents=True)
    (tests / "test_shapes.py").write_text(TESTS, encoding="utf-8")
    return tmp_path / "tree"


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments, "--root", str(tree)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.long
def test_a_change_that_no_test_notices_is_reported_and_the_tree_is_left_alone(tree: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    out = tmp_path / "table.md"
    done = run(tree, "toy.geometry", "--n", "6", "--seed", "3", "--least-seconds", "3", "--out", str(out))
    assert done.returncode == 0, done.stdout + done.stderr
    reported = [line for line in done.stdout.splitlines() if ": src/" in line]
    assert any(
        line.startswith("survived: src/toy/geometry/shapes.py:7  return 2 * (width + height)") for line in reported
    )
    assert not any("shapes.py:4 " in line for line in reported)
    n_survived = sum(line.startswith("survived") for line in reported)
    row = out.read_text(encoding="utf-8").splitlines()[-1]
    assert row == f"| `toy.geometry.shapes` | 6 | {6 - n_survived} | {n_survived} | {(6 - n_survived) / 6:.0%} |"
    assert before == {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}


@pytest.mark.long
def test_tests_that_fail_already_are_shown(tree: Path) -> None:
    test = tree / "tests" / "geometry" / "test_shapes.py"
    test.write_text(TESTS.replace("== 12", "== 13"), encoding="utf-8")
    done = run(tree, "toy.geometry.shapes", "--n", "1")
    assert done.returncode == 1
    assert "assert 12 == 13" in done.stdout
    assert "fail on the unchanged code" in done.stderr


@pytest.mark.long
def test_what_cannot_be_found_is_said(tree: Path) -> None:
    assert "no module or package 'toy.nothing'" in run(tree, "toy.nothing").stderr
    (tree / "tests" / "geometry" / "test_shapes.py").unlink()
    assert "--tests PATH" in run(tree, "toy.geometry.shapes").stderr
