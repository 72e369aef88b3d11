"""F15: the folds of one run trained by several processes, one thread each, against one process.

    scripts/bench fold_processes [--pairs 5] [--processes 2] [--quick]

A run of four folds is made ready once (images decoded, folds frozen). Each turn copies it and resumes it with the whole
command, imports, scores and report included.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from side_by_side import WORK, Block, fresh_folder, ratio, read_options, run_command, spread, table, take_turns, values

PODIUM = Path(sys.executable).parent / "podium"
N_FOLDS = 4
RECIPE = ["training.epochs=4", "image.size_px=128", "training.precision=fp32", "training.layout=channels_last"]
RECIPE += ["model.frozen_precision=fp32", "model.frozen_engine=torch", "model.cached_views=0"]


def make_ready(folder: Path, *, quick: bool) -> None:
    """A run folder with everything but its trainings."""
    from podium import scan
    from podium.crossval.start_run import start_run
    from podium.dataset import FoldOptions
    from podium.demo import prepare
    from podium.machine import Settings, Silent
    from podium.workflows import compose_recipe

    demo = prepare("sign_digits", folder / "demo")
    samples = scan(demo.train_folder, labels=folder / "demo" / "train.csv", group="group").samples
    recipe = compose_recipe("finetune", overrides=[*RECIPE, *(["training.epochs=1"] if quick else [])])
    settings = Settings(runs=folder / "runs", device="cpu", threads=1)
    start_run(samples, recipe, FoldOptions(folds=N_FOLDS), settings, Silent(), name="run")


def train(ready: Path, n_processes: int) -> Mapping[str, Any]:
    folder = fresh_folder("fold-processes")
    shutil.copytree(ready / "runs", folder / "runs")
    command = [PODIUM, "train", "--resume", "run", "--runs", folder / "runs", "--device", "cpu", "--quiet"]
    record = run_command([*command, "--processes", str(n_processes)], threads=1, folder=folder)
    digest = hashlib.sha256()
    for path in sorted((folder / "runs" / "run").glob("fold-*/*/model.safetensors")):
        digest.update(path.read_bytes())
    return {**record, "digest": digest.hexdigest()}


def main() -> int:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)), help="processes beside one")

    options = read_options(__doc__ or "", add=add)
    block = Block("F15", "Folds trained by several processes against one", options, ("torch", "timm"))
    ready = WORK / "fold-processes-ready"
    shutil.rmtree(ready, ignore_errors=True)
    make_ready(ready, quick=options.quick)
    ways = {"1 process": 1, f"{options.processes} processes": options.processes}
    rounds = take_turns({way: partial(train, ready, n) for way, n in ways.items()}, options.pairs)
    seconds = {way: values(rounds[way], "seconds") for way in ways}
    cpu = {way: values(rounds[way], "cpu_seconds") for way in ways}
    rows = [[way, spread(seconds[way]), spread(cpu[way])] for way in ways]
    block.say(*table(["way", "seconds", "range", "CPU seconds", "range"], rows))
    one, several = ways
    goal = 0.9 * options.processes
    block.judge(f"{goal:.1f} times as fast", ratio(seconds[one], seconds[several]), at_least=goal)
    digests = {record["digest"] for way in ways for record in rounds[way]}
    block.gate("every turn ends with the same weights", len(digests) == 1, f"{len(digests)} digest")
    return block.finish()


if __name__ == "__main__":
    raise SystemExit(main())
