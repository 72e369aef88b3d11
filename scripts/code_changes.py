"""Small changes of Python code that a test should notice, for scripts/mutants.

Comparisons, boolean operators, arithmetic, numbers off by one, negated conditions, deleted statements, swapped
arguments and returned pairs. Left out: docstrings, types, `__all__`, the words of errors, assertions.
"""

from __future__ import annotations

import ast
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

LONGEST_SHOWN = 240

COMPARISONS: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Lt: [ast.LtE, ast.GtE],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
OPPOSITES = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum", "maximum": "minimum"}
FIXED_ORDER = {*OPPOSITES, "isinstance", "issubclass", "cast", "getattr", "hasattr", "array_equal", "allclose"}
NO_BEHAVIOUR = {"strict", "stacklevel", "frozen", "slots"}
"""Arguments that only guard against the author's own mistakes, or say how a warning looks."""
TYPING_BASES, TYPING_MAKERS = {"Protocol", "TypedDict", "NamedTuple"}, {"TypeVar", "NewType", "ParamSpec", "namedtuple"}


@dataclass(frozen=True, order=True)
class Change:
    """One change of one file: the bytes from `start` to `end` become `after`."""

    path: Path
    line: int
    start: int
    end: int
    after: str
    shown: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}  {self.shown}"

    def apply(self, source: bytes) -> bytes:
        return source[: self.start] + self.after.encode() + source[self.end :]


def find_changes(path: Path, source: bytes) -> list[Change]:
    """Every change that is made of a file, in order."""
    offsets = list(accumulate(map(len, source.splitlines(keepends=True)), initial=0))
    found = {}
    for node, after in _walk(ast.parse(source)):
        assert node.end_lineno is not None and node.end_col_offset is not None  # noqa: PT018
        start, end = offsets[node.lineno - 1] + node.col_offset, offsets[node.end_lineno - 1] + node.end_col_offset
        first, last = offsets[node.lineno - 1], offsets[node.end_lineno]
        changed = source[:start] + after.encode() + source[end:]
        if _is_code(changed):
            lines = _show(source[first:last], changed[first : last + len(changed) - len(source)])
            shown = lines if len(lines) <= LONGEST_SHOWN else _show(source[start:end], after.encode())
            found[start, end, after] = Change(path, node.lineno, start, end, after, shown)
    return sorted(found.values())


def _show(*texts: bytes) -> str:
    return "  ->  ".join(" ".join(text.decode().split()) for text in texts)


def _is_code(source: bytes) -> bool:
    try:
        compile(source, "changed", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _walk(node: ast.AST, parent: ast.AST | None = None) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """Nodes to replace, and the text to put there."""
    if _is_left_out(node, parent):
        return
    if isinstance(node, ast.stmt) and _can_go(node, parent):
        yield node, "pass"
    for old, new in _alternatives(node):
        yield old, new if isinstance(new, str) else f"({ast.unparse(new)})"
    for name, value in ast.iter_fields(node):
        # What a raised error says, and types, change no behaviour that a test should fix.
        if name in ("annotation", "returns", "decorator_list", "bases", "format_spec") or isinstance(node, ast.Raise):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child, node)


def _is_left_out(node: ast.AST, parent: ast.AST | None) -> bool:
    """Whether a node is text, types, or a check of our own mistakes."""
    match node:
        case ast.JoinedStr() | ast.Assert() | ast.Import() | ast.ImportFrom():
            return True
        case ast.keyword(arg=name):
            return name in NO_BEHAVIOUR
        case ast.If(test=test):
            return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING", "__name__ == '__main__'")
        case ast.FunctionDef(decorator_list=marks) | ast.AsyncFunctionDef(decorator_list=marks):
            return any(ast.unparse(mark).split(".")[-1] in ("overload", "abstractmethod") for mark in marks)
        case ast.ClassDef(bases=bases):
            return any(ast.unparse(base).split("[")[0].split(".")[-1] in TYPING_BASES for base in bases)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in TYPING_MAKERS or name.endswith(("Error", "Warning"))
        case ast.Assign(targets=[ast.Name(id=name)]):
            is_alias = isinstance(parent, ast.Module) and re.match(r"_?[A-Z][A-Za-z]*[a-z]", name)
            return bool(is_alias) or name == "__all__"
        case ast.AnnAssign(annotation=annotation):
            return ast.unparse(annotation).endswith("TypeAlias")
    return False


def _can_go(node: ast.stmt, parent: ast.AST | None) -> bool:
    """Whether a statement can be deleted and leave code that may run."""
    if isinstance(parent, ast.Module | ast.ClassDef):
        return False
    match node:
        case ast.Expr(value=ast.Constant()):
            return False
        case ast.Expr() | ast.AugAssign() | ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            return True
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(value))
        case ast.Return() | ast.Raise() | ast.Continue() | ast.Break():
            return isinstance(parent, ast.If | ast.For | ast.While | ast.match_case | ast.ExceptHandler)
    return False


def _alternatives(node: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, ast.expr | str]]:
    match node:
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            for n, op in enumerate(ops):
                for other in COMPARISONS[type(op)]:
                    yield node, ast.Compare(left, [*ops[:n], other(), *ops[n + 1 :]], comparators)
        case ast.BoolOp(op=op, values=values):
            yield node, ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            for n in range(len(values)):
                rest = [*values[:n], *values[n + 1 :]]
                yield node, rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
        case ast.BinOp(left=left, op=op, right=right):
            is_text = any(isinstance(side, ast.JoinedStr) or _is_text(side) for side in (left, right))
            if type(op) in ARITHMETIC and not is_text:
                yield node, ast.BinOp(left, ARITHMETIC[type(op)](), right)
        case ast.AugAssign(target=target, op=op, value=value) if type(op) in ARITHMETIC and not _is_text(value):
            yield node, ast.unparse(ast.AugAssign(target, ARITHMETIC[type(op)](), value))
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert(), operand=operand):
            yield node, operand
        case ast.Constant(value=value):
            yield from ((node, repr(other)) for other in _other_values(value))
        case ast.Call():
            yield from _other_calls(node)
        case ast.Return(value=ast.Tuple(elts=[one, other, *rest]) as both) if ast.dump(one) != ast.dump(other):
            yield both, ast.Tuple([other, one, *rest], ast.Load())
    tests = node.ifs if isinstance(node, ast.comprehension) else [getattr(node, "test", None)]
    for test in tests:
        # Comparisons, "not" and constants are turned above.
        if isinstance(test, ast.expr) and not isinstance(test, ast.Compare | ast.UnaryOp | ast.Constant):
            yield test, ast.UnaryOp(ast.Not(), test)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)


def _other_values(value: object) -> list[object]:
    """Constants that are nearly the same; text has none."""
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 1, value - 1] if value > 0 else [value + 1]
        case float():
            return [value * 2, value / 2] if value else [1.0]
    return []


def _other_calls(node: ast.Call) -> Iterator[tuple[ast.expr, ast.expr | str]]:
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if name in OPPOSITES:
        yield node.func, ast.unparse(node.func).removesuffix(name) + OPPOSITES[name]
    match node.args:
        case [ast.Starred(), *_] | [_, ast.Starred(), *_]:
            return
        # What differs in form mostly differs in type: any test would fail.
        case [one, other, *rest] if (
            type(one) is type(other) and name not in FIXED_ORDER and ast.dump(one) != ast.dump(other)
        ):
            yield node, ast.Call(node.func, [other, one, *rest], node.keywords)


def choose_changes(changes: list[Change], n: int, seed: int) -> list[Change]:
    """`n` of the changes, drawn so that no line is changed twice before every line is changed once."""
    drawn = random.Random(seed).sample(changes, len(changes))
    earlier: Counter[tuple[Path, int]] = Counter()
    turns = []
    for change in drawn:
        turns.append(earlier[change.path, change.line])
        earlier[change.path, change.line] += 1
    return sorted(drawn[i] for i in sorted(range(len(drawn)), key=turns.__getitem__)[:n])
