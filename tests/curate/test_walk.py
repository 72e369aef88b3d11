from __future__ import annotations

import os
from pathlib import Path

import pytest

from podium.curate.walk import Found, walk


def lay(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def test_files_come_by_name_and_what_is_hidden_or_of_the_system_does_not(tmp_path: Path) -> None:
    lay(
        tmp_path,
        "b/2.JPG",
        "b/10.jpg",
        "a.jpg",
        "notes.txt",
        ".hidden/x.jpg",
        ".x.jpg",
        "__MACOSX/x.jpg",
        "@eaDir/x.jpg",
    )
    (tmp_path / "c" / "d").mkdir(parents=True)
    found = walk(str(tmp_path), (".jpg",))
    assert found == Found(paths=["a.jpg", "b/10.jpg", "b/2.JPG"], others=["notes.txt"], empty=["c/d"])
    assert walk(str(tmp_path), None).paths == ["a.jpg", "b/10.jpg", "b/2.JPG", "notes.txt"]


@pytest.mark.parametrize("follow", [False, True])
def test_links_are_followed_inside_and_outside_only_when_asked(tmp_path: Path, follow: bool) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    lay(root, "a/1.jpg")
    lay(outside, "2.jpg")
    (root / "inside").symlink_to(root / "a")
    (root / "out").symlink_to(outside)
    (root / "file.jpg").symlink_to(outside / "2.jpg")
    found = walk(str(root), (".jpg",), follow_links=follow)
    assert found.paths == ["a/1.jpg", "file.jpg", "inside/1.jpg", *(["out/2.jpg"] if follow else [])]
    assert found.outward == ([] if follow else ["out"])


def test_circles_and_links_to_nothing_end(tmp_path: Path) -> None:
    root = tmp_path / "root"
    lay(root, "a/1.jpg")
    (root / "a" / "up").symlink_to(root)
    (root / "above").symlink_to(tmp_path)
    (root / "gone").symlink_to(root / "nowhere")
    (root / "self").symlink_to(root / "self")
    os.mkfifo(root / "pipe")
    found = walk(str(root), None, follow_links=True)
    assert found.paths == ["a/1.jpg"]
    assert found.loops == ["a/up", "above"]
    assert found.dead_links == ["gone", "pipe", "self"]


@pytest.mark.parametrize("record", ["recipe.yaml", "ensemble.json"])
def test_runs_beside_the_images_are_no_data(tmp_path: Path, record: str) -> None:
    lay(tmp_path, "cat/a.jpg", "runs/mine/run.json", f"runs/mine/{record}", "runs/mine/explain/sheet.jpg")
    lay(tmp_path, "runs/other/run.json", "runs/other/b.jpg", "run.json", record)
    found = walk(str(tmp_path), (".jpg",))
    assert found.paths == ["cat/a.jpg", "runs/other/b.jpg"]  # the last is no run, and what is asked for is looked into
    assert "runs/mine/run.json" not in found.others
