"""Tables and texts that nobody named: those that speak of the images are read or pointed out, others are let be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from podium.curate import ScanOptions, scan
from podium.errors import SourceError

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


def test_a_text_that_cannot_be_read_does_not_stop_a_scan(make_tree: MakeTree) -> None:
    root = make_tree(*NAMES)
    (root / "list.txt").write_text("".join(f"{name}\t{i % 2}\n" for i, name in enumerate(NAMES)))
    found = scan(root)
    assert found.samples.task is None
    (note,) = [note for note in found.notes if "list.txt was not read" in note]
    assert "header=False" in note


@pytest.mark.parametrize("start", ["./train/", "train\\", "", '"train/'])
def test_a_table_beside_the_folder_is_pointed_out(make_tree: MakeTree, start: str) -> None:
    """As Dacon gives them: train.csv and test.csv beside train/ and test/."""
    root = make_tree(*(f"train/TRAIN_{i:04d}.png" for i in range(N)))
    quote = '"' if start.startswith('"') else ""
    rows = "".join(f"{start}TRAIN_{i:04d}.png{quote},{'ab'[i % 2]}\n" for i in range(N))
    (root / "train.csv").write_text(f"img_path,artist\n{rows}")
    (root / "test.csv").write_text("id,img_path\n" + "".join(f"TEST_{i},./test/TEST_{i}.png\n" for i in range(N)))
    found = scan(root / "train")
    assert found.samples.task is None
    (note,) = [note for note in found.notes if "Tables beside the folder" in note]
    assert "train.csv" in note
    assert "test.csv" not in note
    assert scan(root / "train", options=ScanOptions(labels=root / "train.csv")).samples.task is not None
    assert not any("beside" in note for note in scan(root / "train", options=ScanOptions(unlabelled=True)).notes)


@pytest.mark.parametrize("first", ["", "row,"])
def test_a_table_of_ids_without_endings_is_pointed_out(make_tree: MakeTree, first: str) -> None:
    """As most contests of Kaggle give them; the sample submission names the images of the test alone."""
    root = make_tree(*(f"train/{100 + i}.png" for i in range(N)))
    rows = [f"{100 + i},{'ab'[i % 2]}" for i in range(N)]
    (root / "train.csv").write_text(f"{first}id,label\n" + "".join(f"{'x,' if first else ''}{row}\n" for row in rows))
    (root / "sample_submission.csv").write_text("id,label\n" + "".join(f"{row}\n" for row in rows))
    (root / "sizes.csv").write_text("label,pixels\n" + "".join(f"{'ab'[i % 2]},100\n" for i in range(N)))
    (note,) = [note for note in scan(root / "train").notes if "Tables beside the folder" in note]
    assert "train.csv" in note
    assert "sample_submission" not in note
    assert "sizes" not in note


def test_of_two_tables_that_of_training_is_proposed(make_tree: MakeTree) -> None:
    root = make_tree(*NAMES, test="image\n1.jpg\n", train="image,label\n000001.jpg,a\n")
    with pytest.raises(SourceError, match=r"labels=.*train\.csv"):
        scan(root)


def test_numbers_of_two_folders_name_the_folder(make_tree: MakeTree) -> None:
    """As Kaggle gives them: ids count anew in train and test."""
    names = [f"{part}/{i}.jpg" for part in ("test", "train") for i in range(6)]
    root = make_tree(*names, labels="id,label\n" + "".join(f"{i},{i % 2}\n" for i in range(6)))
    with pytest.raises(SourceError, match=r"6 cells of column 'id' fit several images\..*such as train\."):
        scan(root)
