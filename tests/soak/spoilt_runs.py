"""A run folder from elsewhere with hostile or damaged files in it: no command runs code, each answers in one line."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from podium import durable

from .command_line import LEAKS, TINY, ask, ask_well, draw_pets, refusal_problem
from .hostile_files import hostile_weights, hostile_yamls
from .trial import Figure, count

__all__ = ["try_foreign_runs"]


def _spoil_yaml(run: Path, text: str) -> None:
    (run / "recipe.yaml").write_text(text)


def _spoil_weights(run: Path, data: bytes) -> None:
    for path in run.rglob("*.safetensors"):
        path.write_bytes(data)
        about = path.with_name("model.json")
        if about.is_file():
            record = dict(durable.read_json(about)) | {"sha256": durable.sha256_file(path)}
            durable.write_json(about, record)


def _spoil_file(run: Path, name: str, data: bytes) -> None:
    (run / name).write_bytes(data)


def _spoilings(run: Path, marker: Path) -> Iterator[tuple[str, Callable[[Path], None]]]:
    for name, text in hostile_yamls(marker).items():
        yield f"recipe.yaml: {name}", partial(_spoil_yaml, text=text)
    bare = [data for name, ending, data in hostile_weights(marker) if ending == ".safetensors" and "mkdir" in name]
    for number, data in enumerate(bare):
        yield f"weights {number}", partial(_spoil_weights, data=data)
    texts = {
        "a tag": f"!!python/object/apply:os.mkdir ['{marker}']".encode(),
        "a pickle": bare[-1],
        "a list": b"[]",
        "a word": b'"__import__"',
        "null": b"null",
        "deep": b"[" * 100_000,
    }
    names = ["run.json", "samples.json", "folds.json", "scores.json", "predictions/oof.parquet", "samples.csv"]
    for name, (kind, data) in itertools.product(names, texts.items()):
        if (run / name).is_file():
            yield f"{name}: {kind}", partial(_spoil_file, name=name, data=data)


def _try_run(spoil: Callable[[Path], None], root: Path) -> str | None:
    shutil.copytree(root / "runs", root / "foreign")
    try:
        spoil(root / "foreign" / "mine")
        commands: list[tuple[object, ...]] = [
            ("runs",),
            ("report", "mine"),
            ("predict", "mine", root / "pets", "--threads", "1", "--device", "cpu"),
            ("submit", "mine"),
            ("train", "--resume", "mine", "--threads", "1", "--device", "cpu"),
        ]
        for command in commands:
            answer = ask(*command, "--runs", root / "foreign", "--json", at=root)
            if (root / "marker").exists():
                return f"podium {command[0]} ran code"
            problem = refusal_problem(answer, answer.code, with_fix=False) if answer.code else None
            if problem:
                return f"podium {command[0]}: {problem[:300]}"
    finally:
        shutil.rmtree(root / "foreign")
    return None


def try_foreign_runs(n: int, folder: Path) -> Figure:
    """One finished run, copied and spoilt in n ways."""
    draw_pets(folder)
    lines = (*TINY, "--folds", "2", "--name", "mine", "--only-folds", "0", *LEAKS)
    ask_well(folder, "train", "pets", *lines, "--cache", folder / "cache")
    spoilings = list(_spoilings(folder / "runs" / "mine", folder / "marker"))
    order = np.random.default_rng(16).permutation(len(spoilings))[:n]
    return count((spoilings[k][0], partial(_try_run, spoilings[k][1], folder)) for k in order)
