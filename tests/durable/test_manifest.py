"""A manifest notices every change of a file or of itself, and names the file."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pytest

from podium import durable
from podium.errors import CorruptFileError, DataError, StorageError

NAMES = ("weights.bin", "deep/state.json", "빈 파일")


def filled(folder: Path) -> durable.Manifest:
    durable.write_bytes(folder / NAMES[0], bytes(range(256)) * 4)
    durable.write_text(folder / NAMES[1], '{"a": 1}')
    durable.write_bytes(folder / NAMES[2], b"")
    return durable.write_manifest(folder, NAMES, {"epoch": 3, "score": 0.1})


def test_digests_are_those_of_hashlib(tmp_path: Path) -> None:
    manifest = filled(tmp_path)
    for name in NAMES:
        assert manifest.digests[name] == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
    assert durable.check_manifest(tmp_path) == durable.read_manifest(tmp_path) == manifest
    assert manifest.meta == {"epoch": 3, "score": 0.1}


@pytest.mark.slow
def test_every_kind_of_damage_is_noticed_and_named(tmp_path: Path) -> None:
    filled(tmp_path)
    rng = random.Random(0)
    for n in range(240):
        name = rng.choice([NAMES[0], NAMES[1], durable.MANIFEST_NAME])
        path = tmp_path / name
        whole = path.read_bytes()
        position = rng.randrange(len(whole))
        damage = ("flip", "cut", "zero", "missing", "longer", "other")[n % 6]
        if damage == "missing":
            path.unlink()
        else:
            flipped = bytearray(whole)
            flipped[position] ^= 1 << rng.randrange(8)
            changed = {
                "flip": bytes(flipped),
                "cut": whole[:position],
                "zero": bytes(len(whole)),
                "longer": whole + b"\0",
                "other": whole[::-1],
            }[damage]
            path.write_bytes(changed)
        with pytest.raises(CorruptFileError) as caught:
            durable.check_manifest(tmp_path)
        assert caught.value.where == str(path), damage
        path.write_bytes(whole)
    durable.check_manifest(tmp_path)


def test_sizes_alone_can_be_checked(tmp_path: Path) -> None:
    filled(tmp_path)
    content = (tmp_path / NAMES[0]).read_bytes()
    (tmp_path / NAMES[0]).write_bytes(content[::-1])
    durable.check_manifest(tmp_path, contents=False)
    (tmp_path / NAMES[0]).write_bytes(content[1:])
    with pytest.raises(CorruptFileError, match="1,023 bytes, 1,024 were written"):
        durable.check_manifest(tmp_path, contents=False)


def test_a_missing_file_means_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught:
        durable.write_manifest(tmp_path, ["missing"])
    assert caught.value.where == str(tmp_path / "missing")
    assert list(tmp_path.iterdir()) == []


def test_names_outside_are_refused_when_writing_and_when_reading(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret").write_text("x")
    with pytest.raises(DataError):
        durable.write_manifest(folder, ["../secret"])
    forge(folder, {"../secret": {"bytes": 1, "sha256": durable.sha256_file(tmp_path / "secret")}})
    assert durable.read_manifest(folder).sizes == {"../secret": 1}
    with pytest.raises(CorruptFileError, match="outside"):
        durable.check_manifest(folder)


def forge(folder: Path, files: object, **others: object) -> None:
    """A manifest made by someone else, its own digest right."""
    record = {"format": 1, "meta": {}, "files": files, **others}
    compact = json.dumps(record, separators=(",", ":")).encode()
    durable.write_json(folder / durable.MANIFEST_NAME, {**record, "sha256": hashlib.sha256(compact).hexdigest()})


@pytest.mark.parametrize("files", [None, [], {"a": None}, {"a": {"bytes": "x", "sha256": ""}}, {"a": {}}])
def test_a_forged_manifest_is_an_error_of_its_own(tmp_path: Path, files: object) -> None:
    forge(tmp_path, files)
    with pytest.raises(CorruptFileError, match="not a manifest"):
        durable.check_manifest(tmp_path)
    forge(tmp_path, {}, format=2)
    with pytest.raises(CorruptFileError, match="format 2, expected 1"):
        durable.check_manifest(tmp_path)


def test_files_and_their_names_are_synced_before_the_manifest_is_named(tmp_path: Path) -> None:
    filled(tmp_path)
    backend = durable.FaultyBackend(lambda *_: False, lambda: pytest.fail("none"))
    with durable.using_backend(backend):
        durable.write_manifest(tmp_path, NAMES)
    before = backend.operations[: backend.operations.index("create")]
    assert before == ["edit", "fsync"] * 3 + ["fsync_dir"] * 2
