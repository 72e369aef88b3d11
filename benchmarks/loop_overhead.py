"""F7: what a training loop costs besides the arithmetic: podium's engine, a bare PyTorch loop, and other trainers.

    scripts/bench loop_overhead [--pairs 9] [--quick]

A tiny network (three convolutions) is trained on images that lie in memory as one tensor, one thread, AdamW at a
constant rate, nothing validated. The bare loop and podium's `engine.fit` index the tensors in the same order; each
other trainer is set up as its own guide says, with a DataLoader over a TensorDataset, without gradient clipping, and
otherwise as it comes (progress bars and logs included). In each peer's process the bare loop, podium and the peer take
turns, so every ratio is of neighbours in one process. Times are CPU seconds of the process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from side_by_side import (
    Block,
    Prepare,
    Run,
    cpu_seconds,
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

N, SIDE, BATCH, N_CLASSES = 1024, 32, 32, 10
LR, WEIGHT_DECAY = 1e-3, 0.01
# What the last epoch's mean loss may differ by: rounding where the order is the same, else chance. Podium's AdamW is
# one fused kernel, which rounds otherwise than the bare loop's.
SAME_ORDER, OTHER_ORDER = 1e-3, 0.1


def n_epochs(options: argparse.Namespace) -> int:
    return 2 if options.quick else 12


def make_data() -> tuple[Any, Any]:
    """Noise with a faint pattern of its class, so that there is something to learn: (N, 3, S, S) and labels (N,)."""
    import torch

    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, N_CLASSES, (N,), generator=generator)
    patterns = torch.randn(N_CLASSES, 3, SIDE, SIDE, generator=generator)
    return 0.3 * patterns[labels] + torch.randn(N, 3, SIDE, SIDE, generator=generator), labels


def make_network() -> Any:
    import torch
    from torch import nn

    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for before, after in ((3, 8), (8, 16), (16, 32)):
        layers += [
            nn.Conv2d(before, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32 * (SIDE // 8) ** 2, N_CLASSES))


def make_optimizer(network: Any) -> Any:
    import torch

    return torch.optim.AdamW(network.parameters(), lr=LR, weight_decay=WEIGHT_DECAY)


def make_loader() -> Any:
    import torch

    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*make_data()), BATCH, shuffle=True)


def order_of(epoch: int) -> Any:
    import torch

    return torch.randperm(N, generator=torch.Generator().manual_seed(epoch))


# ------------------------------------------------------------------------------------------------------ the contestants
# Each prepares and gives a function that trains a fresh network and returns the mean loss of its last epoch.


def bare(options: argparse.Namespace) -> Callable[[], float]:
    from torch.nn import functional

    images, labels = make_data()

    def train() -> float:
        network = make_network()
        optimizer = make_optimizer(network)
        network.train()
        mean = 0.0
        for epoch in range(n_epochs(options)):
            order, total = order_of(epoch), 0.0
            for start in range(0, N, BATCH):
                rows = order[start : start + BATCH]
                optimizer.zero_grad(set_to_none=True)
                loss = functional.cross_entropy(network(images[rows]), labels[rows])
                loss.backward()
                optimizer.step()
                total += loss.item() * len(rows)
            mean = total / N
        return mean

    return train


def bare_loader(options: argparse.Namespace) -> Callable[[], float]:
    from torch.nn import functional

    loader = make_loader()

    def train() -> float:
        network = make_network()
        optimizer = make_optimizer(network)
        network.train()
        mean = 0.0
        for _ in range(n_epochs(options)):
            total = 0.0
            for images, labels in loader:
                optimizer.zero_grad(set_to_none=True)
                loss = functional.cross_entropy(network(images), labels)
                loss.backward()
                optimizer.step()
                total += loss.item() * len(labels)
            mean = total / N
        return mean

    return train


def podium(options: argparse.Namespace) -> Callable[[], float]:
    import torch
    from torch import nn

    from podium.engine import Checkpoints, Parts, TrainState, fit
    from podium.optim import build_optimizer, constant
    from podium.recipe.build_losses import build_objective
    from podium.recipe.loss_spec import LossSpec
    from podium.stopping import StopRequest
    from podium.tables import Head, Task

    images, labels = make_data()
    head = Head("label", "single", tuple(f"c{i}" for i in range(N_CLASSES)))

    @dataclass(frozen=True)
    class Piece:
        images: torch.Tensor
        targets: Mapping[str, torch.Tensor]

    class Batches:
        def from_position(self, epoch: int, offset: int) -> Iterator[Piece]:
            order = order_of(epoch)
            for start in range(offset, N, BATCH):
                rows = order[start : start + BATCH]
                yield Piece(images[rows], {"label": labels[rows]})

    class OneHead(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = make_network()

        def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"label": self.network(images)}

    def train() -> float:
        model = OneHead()
        optimizer = build_optimizer("adamw", model.parameters(), LR, weight_decay=WEIGHT_DECAY)
        device = torch.device("cpu")
        objective = build_objective(LossSpec(), Task((head,)), {"label": labels.numpy()}, device)
        parts = Parts(model, objective, optimizer, constant, lambda _: {}, "none", LR, seed=0, device=device)
        with tempfile.TemporaryDirectory() as folder:
            checkpoints = Checkpoints(Path(folder))
            state = fit(
                parts,
                Batches(),
                None,
                TrainState(),
                n_epochs=n_epochs(options),
                checkpoints=checkpoints,
                stop=StopRequest(),
            )
        return state.history[-1].train_loss

    return train


def lightning(options: argparse.Namespace) -> Callable[[], float]:
    import lightning
    from torch.nn import functional

    loader = make_loader()

    class Lit(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = make_network()

        def training_step(self, batch: Any, _index: int) -> Any:
            images, labels = batch
            loss = functional.cross_entropy(self.network(images), labels)
            self.log("train_loss", loss, on_step=False, on_epoch=True)
            return loss

        def configure_optimizers(self) -> Any:
            return make_optimizer(self.network)

    def train() -> float:
        with tempfile.TemporaryDirectory() as folder:
            trainer = lightning.Trainer(max_epochs=n_epochs(options), default_root_dir=folder)
            trainer.fit(Lit(), loader)
            return float(trainer.callback_metrics["train_loss"])

    return train


def hf_trainer(options: argparse.Namespace) -> Callable[[], float]:
    import torch
    from torch import nn
    from torch.nn import functional
    from transformers import Trainer, TrainingArguments

    images, labels = make_data()

    class Rows(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return N

        def __getitem__(self, row: int) -> dict[str, Any]:
            return {"images": images[row], "labels": labels[row]}

    class WithLoss(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = make_network()

        def forward(self, images: Any, labels: Any) -> dict[str, Any]:
            logits = self.network(images)
            return {"loss": functional.cross_entropy(logits, labels), "logits": logits}

    def train() -> float:
        with tempfile.TemporaryDirectory() as folder:
            arguments = TrainingArguments(
                output_dir=folder,
                num_train_epochs=n_epochs(options),
                per_device_train_batch_size=BATCH,
                learning_rate=LR,
                weight_decay=WEIGHT_DECAY,
                lr_scheduler_type="constant",
                max_grad_norm=0.0,
                logging_strategy="epoch",
                report_to="none",
                use_cpu=True,
                dataloader_pin_memory=False,
            )
            trainer = Trainer(WithLoss(), arguments, train_dataset=Rows())
            trainer.train()
            return float([entry["loss"] for entry in trainer.state.log_history if "loss" in entry][-1])

    return train


def fastai(options: argparse.Namespace) -> Callable[[], float]:
    import torch
    from fastai.basics import CrossEntropyLossFlat, Learner, OptimWrapper
    from fastai.data.core import DataLoaders
    from fastai.data.load import DataLoader

    data = torch.utils.data.TensorDataset(*make_data())
    loaders = DataLoaders(
        DataLoader(data, bs=BATCH, shuffle=True), DataLoader(torch.utils.data.Subset(data, [0]), bs=1)
    )
    optimizer = partial(OptimWrapper, opt=torch.optim.AdamW)

    def train() -> float:
        loss = CrossEntropyLossFlat()
        learner = Learner(loaders, make_network(), loss, opt_func=optimizer, lr=LR, wd=WEIGHT_DECAY)
        learner.fit(n_epochs(options))
        # The recorder smooths the training loss over about the last 50 batches; the epoch here has 32.
        return float(learner.recorder.values[-1][0])

    return train


def accelerate(options: argparse.Namespace) -> Callable[[], float]:
    from accelerate import Accelerator
    from torch.nn import functional

    loader = make_loader()

    def train() -> float:
        accelerator = Accelerator(cpu=True)
        network = make_network()
        network, optimizer, batches = accelerator.prepare(network, make_optimizer(network), loader)
        network.train()
        mean = 0.0
        for _ in range(n_epochs(options)):
            total = 0.0
            for images, labels in batches:
                optimizer.zero_grad()
                loss = functional.cross_entropy(network(images), labels)
                accelerator.backward(loss)
                optimizer.step()
                total += loss.item() * len(labels)
            mean = total / N
        return mean

    return train


PEERS: dict[str, Callable[[argparse.Namespace], Callable[[], float]]] = {
    "bare loop over a DataLoader": bare_loader,
    "accelerate": accelerate,
    "fastai": fastai,
    "Lightning, defaults": lightning,
    "HF Trainer": hf_trainer,
}
PACKAGES = ["podium", "torch", "accelerate", "fastai", "lightning", "transformers"]


def beside(peer: Callable[[argparse.Namespace], Callable[[], float]], options: argparse.Namespace) -> Run:
    """The bare loop, podium and the peer, one after the other; bare and podium twice, before and after the peer."""
    import torch

    torch.set_num_threads(1)
    trains = {"bare": bare(options), "podium": podium(options), "peer": peer(options)}
    steps = n_epochs(options) * (N // BATCH)

    def run() -> Mapping[str, float]:
        seconds: dict[str, list[float]] = {name: [] for name in trains}
        losses: dict[str, float] = {}
        for name in ("bare", "podium", "peer", "podium", "bare"):
            started = cpu_seconds()
            losses[name] = trains[name]()
            seconds[name].append(cpu_seconds() - started)
        record = {f"{name}_ms": 1e3 * statistics.mean(found) / steps for name, found in seconds.items()}
        return record | {f"{name}_loss": loss for name, loss in losses.items()}

    return run


CONTESTANTS: dict[str, Prepare] = {name: partial(beside, peer) for name, peer in PEERS.items()}


def _against(loop_ms: list[float], bare_ms: list[float], podium_ms: list[float]) -> tuple[str, str]:
    over = statistics.median(loop - alone for loop, alone in zip(loop_ms, bare_ms, strict=True))
    return f"{1e3 * over:.0f}", significant(ratio(loop_ms, podium_ms).value)


def main() -> int:
    options = read_options(__doc__)
    if options.serve:
        serve(CONTESTANTS, options)
        return 0
    block = Block("F7", "Loop: what a step costs besides its arithmetic", options, PACKAGES)
    block.setting = (
        f"Three convolutions on {N} images of 3 x {SIDE} x {SIDE} in memory, batch {BATCH}, {n_epochs(options)} "
        "epochs a run, AdamW, fp32, 1 thread. CPU time a step, model and optimizer built anew in each run."
    )
    cores = sorted(os.sched_getaffinity(0))[-1:]
    with rivals(list(CONTESTANTS), threads=1, cores=cores) as ready:
        records = take_turns({rival.name: rival.run for rival in ready}, options.pairs)
    everyone = [record for found in records.values() for record in found]
    bare_ms, podium_ms = values(everyone, "bare_ms"), values(everyone, "podium_ms")
    rows = [["bare loop, tensors indexed", spread(bare_ms), "0", "1.00"]]
    rows.append(["podium.engine.fit", spread(podium_ms), *_against(podium_ms, bare_ms, podium_ms)])
    for name, found in records.items():
        of_peer = values(found, "peer_ms")
        own_bare, own_podium = values(found, "bare_ms"), values(found, "podium_ms")
        rows.append([name, spread(of_peer), *_against(of_peer, own_bare, own_podium)])
    block.say(*table(["loop", "ms a step", "range", "us over bare", "x podium"], rows))
    overhead = ratio(podium_ms, bare_ms)
    block.judge("at most 3 % over a bare loop on the same tensors (at most 1.03 x)", overhead, at_most=1.03)
    for name, goal in (("Lightning, defaults", 1.35), ("HF Trainer", 1.7)):
        if name in records:
            measured = ratio(values(records[name], "peer_ms"), values(records[name], "podium_ms"))
            block.judge(f"at least {goal} x as quick as {name}", measured, at_least=goal)
    gap = max(abs(record["podium_loss"] - record["bare_loss"]) for record in everyone)
    block.gate(
        f"podium's mean loss of the last epoch is the bare loop's within {SAME_ORDER}",
        gap < SAME_ORDER,
        f"off by {gap:.1e}",
    )
    ends = {name: found[0]["peer_loss"] for name, found in records.items()}
    target = everyone[0]["bare_loss"]
    block.gate(
        f"the others, who shuffle for themselves, end within {OTHER_ORDER} of it ({target:.3f})",
        all(abs(loss - target) < OTHER_ORDER for name, loss in ends.items() if name != "fastai"),
        ", ".join(f"{name} {significant(loss)}" for name, loss in ends.items()) + " (fastai's is smoothed, not judged)",
    )
    return block.finish()


if __name__ == "__main__":
    raise SystemExit(main())
