from __future__ import annotations

import importlib.util
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("code_changes", SCRIPTS / "code_changes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["code_changes"] = module  # dataclasses look it up
    spec.loader.exec_module(module)
    return module


code_changes = load()


def change(code: str) -> set[str]:
    """The code after each change, without its first and last line's blank ends."""
    source = textwrap.dedent(code).strip().encode()
    return {item.apply(source).decode() for item in code_changes.find_changes(Path("a.py"), source)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = a < b", {"x = (a <= b)", "x = (a >= b)"}),
        ("x = a == b", {"x = (a != b)"}),
        ("x = a in b", {"x = (a not in b)"}),
        ("x = a < b == c", {"x = (a <= b == c)", "x = (a >= b == c)", "x = (a < b != c)"}),
        ("x = a and b", {"x = (a or b)", "x = (a)", "x = (b)"}),
        ("x = not a", {"x = (a)"}),
        ("x = a + b * c", {"x = (a - b * c)", "x = a + (b / c)"}),
        ("x = 'a' + b", set()),
        ("x = 3", {"x = 4", "x = 2"}),
        ("x = 0", {"x = 1"}),
        ("x = 0.5", {"x = 1.0", "x = 0.25"}),
        ("x = True", {"x = False"}),
        ("x = f(a, b, c)", {"x = (f(b, a, c))"}),
        ("x = f(a, a)", set()),
        ("x = f(*a, b)", set()),
        ("x = max(a, b)", {"x = min(a, b)"}),
        ("x = a.all()", {"x = a.any()"}),
        ("x = a if b else c", {"x = a if (not b) else c"}),
        ("x = [a for a in b if a]", {"x = [a for a in b if (not a)]"}),
        ("x = 'é', a - b", {"x = 'é', (a + b)"}),
    ],
)
def test_expressions(before: str, after: set[str]) -> None:
    assert change(before) == after


def test_statements() -> None:
    code = """
    def f(a):
        a.sort()
        if a:
            return b, c
        a = a + d
        e = g
        return a
    """
    lines = textwrap.dedent(code).strip().splitlines()
    expected = {(2, "pass"), (3, "if (not a):"), (4, "pass"), (4, "return (c, b)"), (5, "pass"), (5, "a = (a - d)")}
    found = set()
    for changed in change(code):
        (pair,) = [
            (n, new.strip())
            for n, (old, new) in enumerate(zip(lines, changed.splitlines(), strict=True), 1)
            if old != new
        ]
        found.add(pair)
    assert found == {(line, text.replace("return (c, b)", "return ((c, b))")) for line, text in expected}


@pytest.mark.parametrize(
    "code",
    [
        '"""A module of 3 < 4."""',
        "import a",
        '__all__ = ["a", "b"]',
        "x: Literal[1, 2]",
        "def f(a: Literal[1] = b) -> Literal[2]: ...",
        "Name = int | str",
        "T = TypeVar('T', bound=a)",
        "if TYPE_CHECKING:\n    x = 1",
        "class A(Protocol):\n    x = 1",
        "@overload\ndef f(a=1): ...",
        "@dataclass(frozen=True)\nclass A: ...",
        "assert a < b, 1",
        "raise ValueError(f'{a + 1}', 2)",
        "error = MyError(a[:10])",
        "x = zip(*a, strict=True)",
        "x = f'{a:>10} {b + 1}'",
    ],
)
def test_text_types_and_errors_are_left(code: str) -> None:
    assert change(code) == set()


@pytest.mark.long
def test_every_change_is_code_and_names_its_line() -> None:
    path = SCRIPTS / "code_changes.py"
    source = path.read_bytes()
    found = code_changes.find_changes(path, source)
    assert len(found) > 100
    lines = source.splitlines()
    for item in found:
        changed = item.apply(source)
        compile(changed, "changed", "exec")
        assert lines[: item.line - 1] == changed.splitlines()[: item.line - 1]
        assert str(item).startswith(f"{path}:{item.line}  ")


@pytest.mark.long
def test_a_draw_is_fixed_by_its_seed_and_takes_each_line_once_before_any_twice() -> None:
    path = SCRIPTS / "code_changes.py"
    found = code_changes.find_changes(path, path.read_bytes())
    n_lines = len({item.line for item in found})
    drawn = code_changes.choose_changes(found, n_lines, 1)
    assert drawn == code_changes.choose_changes(found, n_lines, 1) == sorted(drawn)
    assert len({item.line for item in drawn}) == n_lines
    assert drawn != code_changes.choose_changes(found, n_lines, 2)
    assert code_changes.choose_changes(found, 10**6, 1) == sorted(found)
