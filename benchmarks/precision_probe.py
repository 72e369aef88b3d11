"""F6: precision and layout chosen by a short trial, against the default and against every fixed choice.

    scripts/bench precision_probe [--pairs 5] [--quick]

Training steps (forward, backward, AdamW) at 128 px, batch 32, one thread, of three networks with random weights.
"default" is the network as timm gives it: fp32, contiguous, foreach AdamW. The fixed choices are podium's model and
optimizer in every arithmetic and layout; "trial" is what podium's trial chose for that network, asked anew in every
process. One thread, so that other work on the machine disturbs little; the allocator keeps freed memory in all ways.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from side_by_side import (
    Block,
    Prepare,
    Run,
    ratio,
    read_options,
    rivals,
    serve,
    significant,
    spread,
    table,
    take_turns,
    values,
)

SIDE, BATCH, CLASSES = 128, 32, 10
NETWORKS = {"resnet18": 1.8, "mobilenetv3_small_100": 1.8, "efficientnet_b0": 1.4}
"""Speed over the default that each is to reach."""
PRECISIONS, LAYOUTS = ("fp32", "bf16"), ("channels_last", "contiguous")


def prepare(options: argparse.Namespace, network: str) -> Run:
    import podium  # noqa: F401, I001 - before torch: threads that wait then sleep, for the default too

    import timm
    import torch

    from podium.engine import autocast
    from podium.models import Classifier, build_backbone
    from podium.optim import build_optimizer
    from podium.tables import Head, Task
    from podium.machine.allocator import keep_freed_memory
    from podium.training.timed_choice import Candidate, choose_training

    cpu = torch.device("cpu")
    torch.manual_seed(0)
    pictures = torch.randint(0, 256, (BATCH, SIDE, SIDE, 3), dtype=torch.uint8)
    labels = torch.randint(0, CLASSES, (BATCH,))
    task = Task((Head("label", "single", tuple(f"c{i}" for i in range(CLASSES))),))

    def build() -> Any:
        torch.manual_seed(1)
        return Classifier(build_backbone(network, "random", SIDE), task)

    def plain() -> Callable[[], float]:
        torch.manual_seed(1)
        model = timm.create_model(network, num_classes=CLASSES)
        optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
        inputs = (pictures.permute(0, 3, 1, 2).contiguous().float() / 255 - 0.5) / 0.5

        def step() -> float:
            model.train()
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(inputs), labels)
            loss.backward()
            optimizer.step()
            return float(loss)

        return step

    def fixed(candidate: Candidate) -> Callable[[], float]:
        model = build()
        model.lay_out(candidate.layout)
        optimizer = build_optimizer("adamw", list(model.parameters()), 1e-3)

        def step() -> float:
            model.train()
            optimizer.zero_grad()
            with autocast(cpu, candidate.precision):
                logits = model(pictures)["label"]
            loss = torch.nn.functional.cross_entropy(logits.float(), labels)
            loss.backward()
            optimizer.step()
            return float(loss)

        return step

    default = plain()
    default()  # measured with the allocator as every script has it, which the next line changes for all
    before = min(_seconds(default) for _ in range(3))
    keep_freed_memory()
    candidates = [Candidate(precision, layout) for layout in LAYOUTS for precision in PRECISIONS]
    started = time.perf_counter()
    batches = {n: pictures[:n] for n in (4, 16)}
    chosen = choose_training(build(), batches.__getitem__, cpu, candidates).chosen
    trial_s = time.perf_counter() - started
    ways = {"default": default} | {str(candidate): fixed(candidate) for candidate in candidates}
    losses = {name: step() for name, step in ways.items() if name != "default"}
    steps = 1 if options.quick else 4

    def run() -> Mapping[str, Any]:
        record: dict[str, Any] = {name: min(_seconds(step) for _ in range(steps)) for name, step in ways.items()}
        return record | {
            "trial": record[str(chosen)],
            "chosen": str(chosen),
            "trial_s": trial_s,
            "plain allocator": before,
            "losses": losses,
        }

    return run


def _seconds(step: Callable[[], float]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


CONTESTANTS: dict[str, Prepare] = {name: partial(prepare, network=name) for name in NETWORKS}


def main() -> int:
    options = read_options(__doc__ or "")
    if options.serve:
        serve(CONTESTANTS, options)
        return 0
    block = Block("F6", "Precision and layout chosen by a short trial", options, ("torch", "timm"))
    for network, goal in NETWORKS.items():
        with rivals([network], threads=1) as (rival,):
            records = take_turns({network: rival.run}, options.pairs)[network]
        names = ["default", *(f"{p} {layout}" for layout in LAYOUTS for p in PRECISIONS), "trial"]
        milliseconds = {name: [1000 * value for value in values(records, name)] for name in names}
        chosen = records[0]["chosen"]
        block.say(f"### {network}: the trial took {records[0]['trial_s']:.1f} s and chose {chosen}", "")
        rows = [
            [name, spread(milliseconds[name]), str(ratio(milliseconds["default"], milliseconds[name]))]
            for name in names
        ]
        block.say(*table(["way", "ms a step", "range", "times the default's speed"], rows))
        best = min(names[1:-1], key=lambda name: sorted(milliseconds[name])[len(records) // 2])
        block.judge(
            f"at least {goal} times the default", ratio(milliseconds["default"], milliseconds["trial"]), at_least=goal
        )
        block.judge(
            f"at most 3 % slower than the best fixed choice ({best})",
            ratio(milliseconds["trial"], milliseconds[best]),
            at_most=1.03,
        )
        block.judge("the trial takes at most 5 s", records[0]["trial_s"], at_most=5)
        losses = records[0]["losses"]
        apart = max(abs(loss - losses["fp32 channels_last"]) for loss in losses.values())
        block.gate(
            "the first step's loss is that of fp32 within 0.05 in every way",
            apart < 0.05,
            f"largest difference {significant(apart)}",
        )
    return block.finish()


if __name__ == "__main__":
    raise SystemExit(main())
