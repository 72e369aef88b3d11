"""Where each second of a run goes, and how far each stage is from what the machine can do.

    .venv/bin/python benchmarks/where_time_goes.py [--data ../shared/data/sign_digits] [--presets baseline quick]

One fold of each preset, in this process, nothing cached before. For every stage: wall seconds, CPU seconds, images.
Then the limits: what the CPU does at best (a large matrix product for FLOPs, a copy for memory), and what share
of it the frozen forward pass and a training step reach; and the ten operations that a training step spends most in.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = tuple[str, float, float, int]


class StageClock:
    """Times the stages that a run announces."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    @contextmanager
    def stage(self, title: str, total: int) -> Iterator[Callable[[int], None]]:
        started, cpu = time.perf_counter(), cpu_seconds()
        yield lambda done: None
        self.rows.append((title, time.perf_counter() - started, cpu_seconds() - cpu, total))

    def note(self, line: str) -> None:
        print(f"note: {line}")


def cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def profile_run(preset: str, source: Path, folder: Path) -> None:
    import podium

    found = podium.scan(source)
    clock = StageClock()
    started, cpu = time.perf_counter(), cpu_seconds()
    podium.train(
        found.samples,
        preset=preset,
        folds=5,
        only_folds=[0],
        settings=podium.Settings(runs=folder / preset, device="cpu"),
        progress=clock,
    )
    wall, spent = time.perf_counter() - started, cpu_seconds() - cpu
    print(f"\n## {preset}, one fold of {len(found.samples)} images\n")
    print("| stage | wall s | share | CPU s | items |\n|---|---|---|---|---|")
    for title, seconds, cpu_s, items in clock.rows:
        print(f"| {title} | {seconds:.1f} | {seconds / wall:.0%} | {cpu_s:.1f} | {items} |")
    rest, rest_cpu = wall - sum(row[1] for row in clock.rows), spent - sum(row[2] for row in clock.rows)
    print(f"| checks, trial, folds, leak check, scores, files | {rest:.1f} | {rest / wall:.0%} | {rest_cpu:.1f} | |")
    print(f"| whole | {wall:.1f} | | {spent:.1f} | |")


def best_of(run: Callable[[], Any], n: int = 5) -> float:
    run()
    times = []
    for _ in range(n):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times)


def limits() -> None:
    import numpy as np
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from podium.data import HorizontalFlip, RandomResizedCrop, augment_batch, sample_keys
    from podium.machine.allocator import keep_freed_memory
    from podium.models import Classifier, build_backbone, freeze_blocks
    from podium.optim import build_optimizer
    from podium.tables import Head, Task

    keep_freed_memory()
    torch.manual_seed(0)
    a = torch.randn(2048, 2048)
    peak = 2 * 2048**3 / best_of(lambda: a @ a)
    big = torch.empty(64 * 1024**2, dtype=torch.float32)
    target = torch.empty_like(big)
    memory = 2 * big.nbytes / best_of(lambda: target.copy_(big))
    print(f"\n## Limits of this machine, {torch.get_num_threads()} threads\n")
    print(f"- fp32 matrix product: {peak / 1e9:.0f} GFLOP/s; copy: {memory / 1e9:.1f} GB/s (read and written)")
    task = Task((Head("label", "single", tuple(f"c{i}" for i in range(10))),))
    weights = "packaged"
    model = Classifier(build_backbone("tf_efficientnet_lite0", weights, 128), task).eval()
    images = torch.randint(0, 256, (16, 128, 128, 3), dtype=torch.uint8)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        model(images)
    flops = counter.get_total_flops()
    with torch.inference_mode():
        forward = best_of(lambda: model(images))
    print(
        f"- forward pass of EfficientNet-Lite0, 128 px, batch 16: {16 / forward:.0f} images/s, "
        f"{flops / forward / 1e9:.0f} GFLOP/s, {flops / forward / peak:.0%} of the limit"
    )
    freeze_blocks(model, 3)
    optimizer = build_optimizer("adamw", [p for p in model.parameters() if p.requires_grad], 1e-3)
    batch, labels = images.repeat(2, 1, 1, 1), torch.randint(0, 10, (32,))

    def step() -> None:
        model.train()
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(batch)["label"], labels).backward()
        optimizer.step()

    seconds = best_of(step)
    print(
        f"- training step of the preset finetune, batch 32: {32 / seconds:.0f} images/s, "
        f"{seconds / (2 * forward):.1f} times the forward pass of as many images"
    )
    stored = np.random.default_rng(0).integers(0, 256, (512, 147, 147, 3), dtype=np.uint8)
    rows = np.random.default_rng(1).permutation(512)[:32]
    keys, out = sample_keys([str(row) for row in rows]), np.empty((32, 128, 128, 3), np.uint8)
    how = (RandomResizedCrop(scale=(0.6, 1.0)), HorizontalFlip())
    seconds = best_of(lambda: augment_batch(stored, rows, keys, how, seed=0, epoch=0, out=out), 20)
    print(
        f"- augmented images, 147 to 128 px, one thread: {32 / seconds:.0f} images/s; "
        f"{2 * out.nbytes / seconds / memory:.1%} of the memory's limit"
    )
    print("\n## Operations of a training step of the preset finetune\n")
    print("| operation | share of CPU time | calls |\n|---|---|---|")
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiler:
        for _ in range(4):
            step()
    rows_of = sorted(profiler.key_averages(), key=lambda row: -row.self_cpu_time_total)
    whole = sum(row.self_cpu_time_total for row in rows_of)
    for row in rows_of[:10]:
        print(f"| {row.key} | {row.self_cpu_time_total / whole:.0%} | {row.count // 4} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(os.environ.get("PODIUM_SHARED_DATA", "../shared/data")) / "sign_digits"
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--presets", nargs="+", default=["baseline", "quick"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for preset in options.presets:
            profile_run(preset, options.data, Path(folder))
    limits()


if __name__ == "__main__":
    main()
