"""What is predicted from an image: a tuple of heads, and a composite class over them.

Single-label is one `single` head, multi-label one `multi` head, multi-attribute several heads. Nothing below asks
which of the three it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from podium.errors import LabelError, UnknownNameError
from podium.listing import count_of
from podium.tables.composite import Composite

__all__ = ["Head", "HeadKind", "Task"]

HeadKind = Literal["single", "multi", "ordinal"]


@dataclass(frozen=True)
class Head:
    """One question asked of every image.

    Args:
        name: The attribute, such as "gender".
        kind: "single" (one of the classes), "ordinal" (one of the classes, which are in order) or "multi" (any
            subset of them).
        classes: Class names; their order is the order of every probability column.

    Raises:
        LabelError: If a name or a class name is empty, a class occurs twice or there are fewer than two classes (one
            for "multi").
    """

    name: str
    kind: HeadKind
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.name:
            raise LabelError("a head needs a name.")
        if self.kind not in get_args(HeadKind):
            raise UnknownNameError("head kind", self.kind, get_args(HeadKind))
        if "" in self.classes:
            raise LabelError(f"head {self.name!r} has a class without a name: {list(self.classes)}.")
        if len(set(self.classes)) != len(self.classes):
            raise LabelError(f"head {self.name!r} names a class twice: {list(self.classes)}.")
        fewest = 1 if self.kind == "multi" else 2
        if len(self.classes) < fewest:
            raise LabelError(
                f"head {self.name!r} has {count_of(len(self.classes), 'class')}"
                f" {list(self.classes)}; it needs at least {fewest}.",
                fix="Add images of another class, or name another label column.",
            )

    def __str__(self) -> str:
        kind = {"single": "classes", "ordinal": "ordered classes", "multi": "labels"}[self.kind]
        return f"{self.name} ({self.n_classes} {kind})"

    @property
    def n_classes(self) -> int:
        """Number of classes C."""
        return len(self.classes)

    @property
    def is_multi(self) -> bool:
        """Whether an image may have any subset of the classes."""
        return self.kind == "multi"


@dataclass(frozen=True)
class Task:
    """The heads of a data set, in order, and the composite class over some of them, if any.

    Example:
        >>> task = Task((Head("gender", "single", ("male", "female")), Head("age", "ordinal", ("<30", ">=30"))))
        >>> task.head("age").n_classes
        2
    """

    heads: tuple[Head, ...]
    composite: Composite | None = None

    def __post_init__(self) -> None:
        if not self.heads:
            raise LabelError("a task needs at least one head.")
        names = [head.name for head in self.heads]
        if self.composite is not None:
            names.append(self.composite.name)
            self._check_composite(self.composite)
        if len(set(names)) != len(names):
            raise LabelError(f"two heads share a name: {names}.")
        for first in names:
            mixed_up = next((name for name in names if name.startswith(f"{first}=")), None)
            if mixed_up is not None:  # their columns `<head>=<class>` could be the same
                raise LabelError(
                    f"heads {first!r} and {mixed_up!r} would get the same column names in a table; rename one."
                )

    def _check_composite(self, composite: Composite) -> None:
        for name, classes in zip(composite.heads, composite.head_classes, strict=True):
            head = self.head(name)
            if head.is_multi:
                raise LabelError(f"composite {composite.name!r} cannot hold the multi-label head {name!r}.")
            if head.classes != classes:
                raise LabelError(f"composite {composite.name!r} has other classes for {name!r} than its head.")

    def head(self, name: str) -> Head:
        """The head of that name.

        Raises:
            UnknownNameError: If there is none.
        """
        for head in self.heads:
            if head.name == name:
                return head
        raise UnknownNameError("head", name, [head.name for head in self.heads])

    @property
    def targets(self) -> tuple[Head, ...]:
        """Everything that is scored: the composite class first, if there is one, as a single head, then the heads."""
        if self.composite is None:
            return self.heads
        return (Head(self.composite.name, "single", self.composite.classes), *self.heads)

    @property
    def main_target(self) -> Head:
        """The target whose score stands at the top: the composite class, else the first head."""
        return self.targets[0]

    def to_dict(self) -> dict[str, Any]:
        """The task as JSON-ready data."""
        return {
            "heads": [{"name": head.name, "kind": head.kind, "classes": list(head.classes)} for head in self.heads],
            "composite": None if self.composite is None else self.composite.to_dict(),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Task:
        """The task that `to_dict` wrote."""
        heads = tuple(Head(item["name"], item["kind"], tuple(item["classes"])) for item in record["heads"])
        composite = record.get("composite")
        return cls(heads, None if composite is None else Composite.from_dict(composite))
