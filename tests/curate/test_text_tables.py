"""Text files that speak of the images are read, and others are let be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from podium.curate import ScanOptions, scan

MakeTree = Callable[..., Path]
N = 12
NAMES = [f"img/{i:06d}.jpg" for i in range(1, N + 1)]
CELEBA = f"{N}\nMale Smiling\n" + "".join(
    f"{i:06d}.jpg {(-1) ** i:>2} {(-1) ** (i // 3):>2}\n" for i in range(1, N + 1)
)


def test_celebas_attributes_are_found(make_tree: MakeTree) -> None:
    root = make_tree(*NAMES)
    (root / "list_attr_celeba.txt").write_text(CELEBA)
    (root / "README.txt").write_text("Large-scale CelebFaces Attributes\n" * 9)
    found = scan(root)
    assert found.samples.task is not None
    assert [(head.kind, head.classes) for head in found.samples.task.heads] == [("multi", ("Male", "Smiling"))]
    assert found.samples.labels["labels"][:4].tolist() == [[0, 1], [1, 1], [0, 0], [1, 0]]
    assert any(guess.value == "list_attr_celeba.txt" for guess in found.guesses)
    assert scan(root, options=ScanOptions(unlabelled=True)).samples.task is None


def test_several_are_named_and_not_read(make_tree: MakeTree) -> None:
    root = make_tree(*NAMES)
    (root / "list_attr_celeba.txt").write_text(CELEBA)
    (root / "identity.txt").write_text("".join(f"{i:06d}.jpg {i // 3}\n" for i in range(1, N + 1)))
    found = scan(root)
    assert found.samples.task is None
    (note,) = [note for note in found.notes if "identity.txt, list_attr_celeba.txt" in note]
    assert "labels=" in note


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"{name}\n" for name in NAMES),  # a list of files says nothing of them
        "000001.jpg is the nicest\n" * 2 + "All are mine.\n" * 8,
        "".join(f"{i:06d}.png 1\n" for i in range(50, 70)),
        "",
        "\0\1\2",
    ],
)
def test_other_texts_are_let_be(make_tree: MakeTree, text: str) -> None:
    root = make_tree(*NAMES)
    (root / "notes.txt").write_text(text)
    found = scan(root)
    assert found.samples.task is None
    assert not any("notes.txt" in note for note in found.notes)


def test_classes_in_folders_win(make_tree: MakeTree) -> None:
    root = make_tree(*(f"{'ab'[i % 2]}/{i}.jpg" for i in range(N)))
    (root / "list.txt").write_text("".join(f"{i}.jpg {i % 3}\n" for i in range(N)))
    assert scan(root).samples.task.heads[0].classes == ("a", "b")  # type: ignore[union-attr]
