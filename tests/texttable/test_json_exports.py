"""Labels of other tools: each document as its tool writes it, read by scan, from the command's and Python's side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from podium.curate import ScanOptions, scan
from podium.texttable import read_export, read_table

NAMES = [f"{i}.jpg" for i in range(4)]
CATS = ["cat", "dog", "cat", "dog"]


def _task(i: int) -> dict[str, Any]:
    result = [{"from_name": "animal", "to_name": "image", "type": "choices", "value": {"choices": [CATS[i]]}}]
    image = f"/data/local-files/?d=data/{NAMES[i]}"
    return {"id": i, "data": {"image": image}, "annotations": [{"id": i, "was_cancelled": False, "result": result}]}


SINGLE = {
    "FiftyOne": {"classes": ["cat", "dog"], "labels": {name[:-4]: i % 2 for i, name in enumerate(NAMES)}},
    "COCO": {
        "info": {},
        "images": [{"id": i, "file_name": name, "width": 4, "height": 4} for i, name in enumerate(NAMES)],
        "annotations": [{"id": i, "image_id": i, "category_id": i % 2, "bbox": [0, 0, 1, 1]} for i in range(4)],
        "categories": [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}],
    },
    "Label Studio": [_task(i) for i in range(4)],
    "StyleGAN": {"labels": [[f"data/{name}", i % 2] for i, name in enumerate(NAMES)]},
    "a mapping of names to labels": dict(zip(NAMES, CATS, strict=True)),
}


def _write(folder: Path, document: Any, name: str = "labels.json") -> Path:
    (folder / "data").mkdir()
    for image in NAMES:
        (folder / "data" / image).write_bytes(b"x")
    (folder / name).write_text(json.dumps(document))
    return folder


@pytest.mark.parametrize("tool", SINGLE)
def test_a_document_beside_the_images_is_found_and_read(tmp_path: Path, tool: str) -> None:
    found = scan(_write(tmp_path, SINGLE[tool]))
    assert found.samples.task is not None
    (head,) = found.samples.task.heads
    assert head.classes == (("0", "1") if tool == "StyleGAN" else ("cat", "dog"))
    assert found.samples.labels[head.name].tolist() == [0, 1, 0, 1]
    assert any(f"labels.json was read as {tool} writes labels" in note for note in found.notes)
    assert any(guess.what == "table of labels" for guess in found.guesses)


def test_several_labels_of_an_image_are_a_set(tmp_path: Path) -> None:
    coco = json.loads(json.dumps(SINGLE["COCO"]))
    coco["annotations"] += [{"id": 9, "image_id": 0, "category_id": 1}, {"id": 10, "image_id": 0, "category_id": 1}]
    (head,) = scan(_write(tmp_path, coco)).samples.task.heads  # type: ignore[union-attr]
    assert (head.kind, head.classes) == ("multi", ("cat", "dog"))


def test_fiftyone_lists_and_objects(tmp_path: Path) -> None:
    document = {"classes": ["a", "b"], "labels": {"0": [0, 1], "1": None, "2": {"label": "b", "confidence": 0.5}}}
    export = read_export(document)
    assert export is not None
    # read as JSON rows do, with numbers as text
    assert read_export(json.loads(json.dumps(document), parse_int=str)) == (
        "FiftyOne",
        [{"image": "0", "label": ["a", "b"]}, {"image": "1", "label": None}, {"image": "2", "label": "b"}],
    )


def test_other_documents_are_none_and_class_folders_come_first(tmp_path: Path) -> None:
    assert read_export({"version": 1, "name": "x"}) is None
    assert read_export([{"image": "a.jpg"}]) is None
    assert read_export("text") is None
    for name in ("a/1.jpg", "b/2.jpg"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "labels.json").write_text(json.dumps({"a/1.jpg": "x", "b/2.jpg": "y"}))
    found = scan(tmp_path)
    assert found.samples.task is not None
    assert found.samples.task.heads[0].classes == ("a", "b")
    assert any("labels.json" in note and "`labels=" in note for note in found.notes)
    named = scan(tmp_path, ScanOptions(labels=tmp_path / "labels.json"))
    assert named.samples.task is not None
    assert named.samples.task.heads[0].classes == ("x", "y")


def test_a_document_of_other_images_stays_unread_with_a_note(tmp_path: Path) -> None:
    found = scan(_write(tmp_path, {"x.jpg": "cat", "y.jpg": "dog"}))
    assert found.samples.task is None
    assert any(note.startswith("labels.json was not read") for note in found.notes)
    assert len(read_table(tmp_path / "labels.json")) == 2
