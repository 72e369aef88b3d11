"""Labels as other tools write them into one JSON document: FiftyOne, COCO, Label Studio, StyleGAN, a plain mapping."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

__all__ = ["read_export"]

Records = list[dict[str, Any]]


def read_export(document: Any) -> tuple[str, Records] | None:
    """The tool and its labels as one record an image, `image` and `label`; None where the document is something else.

    Example:
        >>> read_export({"classes": ["cat", "dog"], "labels": {"1": 0, "2": 1}})
        ('FiftyOne', [{'image': '1', 'label': 'cat'}, {'image': '2', 'label': 'dog'}])
        >>> read_export({"a.jpg": "cat", "b.jpg": "dog"})[0]
        'a mapping of names to labels'
        >>> read_export([{"image": "a.jpg", "label": "cat"}]) is None
        True
    """
    readers: dict[str, Callable[[Any], Records | None]]
    if isinstance(document, list):
        readers = {"Label Studio": _read_label_studio}
    elif isinstance(document, dict):
        readers = {
            "FiftyOne": _read_fiftyone,
            "COCO": _read_coco,
            "StyleGAN": _read_stylegan,
            "a mapping of names to labels": _read_mapping,
        }
    else:
        return None
    for tool, read in readers.items():
        records = read(document)
        if records:
            return tool, records
    return None


def _read_fiftyone(document: Mapping[str, Any]) -> Records | None:
    """`{"classes": [...], "labels": {name: place or places or null}}`."""
    classes, labels = document.get("classes"), document.get("labels")
    if not isinstance(labels, dict) or not (classes is None or isinstance(classes, list)):
        return None
    return [{"image": name, "label": _named(value, classes)} for name, value in labels.items()]


def _named(value: Any, classes: Sequence[Any] | None) -> Any:
    """A label by its name: from a place among the classes, an object with a `label`, or a list of them."""
    if isinstance(value, list):
        return [_named(item, classes) for item in value]
    if isinstance(value, dict):
        return _named(value.get("label"), None)
    place = int(value) if str(value).isdecimal() else None
    return classes[place] if classes and place is not None and place < len(classes) else value


def _read_coco(document: Mapping[str, Any]) -> Records | None:
    """`{"images": [...], "annotations": [...], "categories": [...]}`; the set of categories of each image."""
    parts = [document.get(key) for key in ("images", "annotations", "categories")]
    if not all(isinstance(part, list) for part in parts):
        return None
    images, annotations, categories = ([one for one in part or [] if isinstance(one, dict)] for part in parts)
    names = {one.get("id"): one.get("name") for one in categories}
    found: dict[Any, dict[Any, None]] = {one.get("id"): {} for one in images}
    for one in annotations:
        if one.get("image_id") in found and one.get("category_id") in names:
            found[one["image_id"]][names[one["category_id"]]] = None
    rows = [(one.get("file_name"), list(found[one.get("id")])) for one in images]
    is_single = all(len(labels) <= 1 for _, labels in rows)
    return [{"image": name, "label": (labels or [None])[0] if is_single else labels} for name, labels in rows]


def _read_stylegan(document: Mapping[str, Any]) -> Records | None:
    """`{"labels": [[name, class], ...]}`, the `dataset.json` of StyleGAN."""
    labels = document.get("labels")
    if not isinstance(labels, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in labels):
        return None
    return [{"image": name, "label": value} for name, value in labels]


def _read_mapping(document: Mapping[str, Any]) -> Records | None:
    """`{"a.jpg": "cat"}`: every key is a file's name."""
    are_files = all("." in PurePosixPath(name).name for name in document)
    are_labels = all(isinstance(value, str | int | list) for value in document.values())
    if not (document and are_files and are_labels):
        return None
    return [{"image": name, "label": value} for name, value in document.items()]


def _read_label_studio(document: Sequence[Any]) -> Records | None:
    """A list of tasks, each with `data` and the choices of its first annotation."""
    if not document or not all(isinstance(task, dict) and isinstance(task.get("data"), dict) for task in document):
        return None
    records = []
    for task in document:
        done = [one for one in task.get("annotations") or [] if isinstance(one, dict) and not one.get("was_cancelled")]
        image = next((value for value in task["data"].values() if isinstance(value, str) and "." in value), None)
        if image is None:
            return None
        record: dict[str, Any] = {"image": _file_of(image)}
        for result in (done[0].get("result") or []) if done else []:
            choices = (result.get("value") or {}).get("choices")
            if choices:
                record[str(result.get("from_name", "label"))] = choices[0] if len(choices) == 1 else choices
        records.append(record)
    return records if any(len(record) > 1 for record in records) else None


def _file_of(address: str) -> str:
    """The path in an address such as `/data/local-files/?d=set/a.jpg` or `s3://bucket/a.jpg`."""
    parts = urlsplit(address)
    query = dict(pair.partition("=")[::2] for pair in parts.query.split("&"))
    return unquote(query.get("d") or parts.path or address).lstrip("/")
