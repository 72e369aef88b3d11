"""YAML as plain data: no tags that name code, no references that make a short text a huge value."""

from __future__ import annotations

from copy import deepcopy
from functools import lru_cache
from typing import Any

import yaml

__all__ = ["read_plain_yaml"]

_MOST_BYTES = 1024**2


class _PlainLoader(yaml.SafeLoader):
    """A safe loader that takes no references: ten lines of them can mean more data than a machine holds."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """The next node, which must not be a reference."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(
                None, None, "references (*name) are not supported; write the value itself", mark
            )
        return super().compose_node(parent, index)


def read_plain_yaml(text: str | bytes) -> Any:
    """The value of one YAML document.

    Raises:
        yaml.YAMLError: If it is not YAML, holds a tag or a reference, or is too long or too deeply nested to be a
            recipe.

    Example:
        >>> read_plain_yaml("lr: 0.1")
        {'lr': 0.1}
    """
    if len(text) > _MOST_BYTES:
        raise yaml.YAMLError(f"longer than {_MOST_BYTES:,} bytes")
    return deepcopy(_parse(text))


@lru_cache(maxsize=16)  # a run reads its recipe eight times, and PyYAML reads slowly
def _parse(text: str | bytes) -> Any:
    loader = _PlainLoader(text)
    try:
        return loader.get_single_data()
    except RecursionError:
        raise yaml.YAMLError("too deeply nested") from None
    except ValueError as problem:  # such as the day 2026-02-31, or a number of 5,000 digits
        raise yaml.YAMLError(f"it holds a value that cannot be read ({problem})") from None
    finally:
        loader.dispose()
