"""F8: an exported model against eager torch, on batches and on single images.

    scripts/bench exported [--pairs 5] [--quick]       (needs the extras export and openvino)
    PODIUM_BENCH_PRECISIONS="fp32 bf16" scripts/bench exported      (int8 takes minutes to prepare)

Networks with random weights at 224 px, 10 classes, all cores. "eager" is the timm network as a script calls it: fp32,
`eval()`, `inference_mode`, prepared float pixels. The others are exported folders of the same network, asked for
stored uint8 pixels: normalisation, probabilities and decision are within. A single image is asked for by the path of a
640 x 480 JPEG: "run" is `run.predictor().predict([path])` in a process that has predicted before, "exported" is
`model.predict([path])`; "network" is the graph alone on prepared pixels.
"""

from __future__ import annotations

import argparse
import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
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

SIDE, BATCH = 224, 32
NETWORKS = {"efficientnet_b0": 7.0, "mobilenetv2_100": 10.0}
"""Times the speed of eager torch that a batch is to reach."""
PRECISIONS = os.environ.get("PODIUM_BENCH_PRECISIONS", "fp32 bf16 int8").split()
MOST_BEYOND_MS = 3.0


def prepare(options: argparse.Namespace, network: str) -> Run:
    import numpy as np
    import timm
    import torch
    from PIL import Image

    import podium

    side = 64 if options.quick else SIDE
    folder = Path(tempfile.mkdtemp(prefix="podium-exported-"))
    draw = np.random.default_rng(0)
    for number in range(20):
        label = folder / "photos" / f"c{number % 10}"
        label.mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(draw.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        coarse.resize((640, 480), Image.Resampling.BICUBIC).save(label / f"{number}.jpg", quality=92)
    changes = [f"model.name={network}", "model.weights=random", f"image.size_px={side}", "training.epochs=1"]
    changes += ["predict_views=[plain]", f"image.stored_px={side}", "training.batch_size=4"]
    settings = podium.Settings(runs=folder / "runs")
    folds = podium.FoldOptions(folds=2)
    run = podium.train(folder / "photos", preset="finetune", overrides=changes, settings=settings, folds=folds)
    models = {}
    for precision in PRECISIONS:
        run.export(folder / precision, precision=precision, tta="none")  # type: ignore[arg-type]
        for engine in ("openvino",) if precision == "bf16" else ("onnxruntime", "openvino"):
            models[f"{engine} {precision}"] = podium.load_model(folder / precision, engine=engine)
    one = min((folder / "photos").rglob("*.jpg"))
    pixels = draw.integers(0, 256, (BATCH, side, side, 3), dtype=np.uint8)
    module = timm.create_model(network, num_classes=10).eval()
    prepared = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div(255)

    def eager() -> None:
        with torch.inference_mode():
            module(prepared).softmax(dim=1)

    predictor = run.predictor()
    ways: dict[str, Callable[[], Any]] = {"eager": eager}
    ways |= {name: partial(model.answer, pixels) for name, model in models.items()}
    quick = models["openvino fp32"]
    ready = quick.prepare(one)[None]
    single: dict[str, Callable[[], Any]] = {
        "run": lambda: predictor.predict([one]),
        "exported": lambda: quick.predict([one]),
        "network": lambda: quick.answer(ready),
    }
    for ask in (*ways.values(), *single.values()):
        ask()
        ask()
    n_folds, agreed = run.folds.n_folds, _agreement(models, pixels)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    rounds = 2 if options.quick else 5

    def measure() -> Mapping[str, Any]:
        batch = {name: min(_seconds(ask) for _ in range(rounds)) for name, ask in ways.items()}
        alone = {f"one {name}": min(_seconds(ask) for _ in range(4 * rounds)) for name, ask in single.items()}
        return batch | alone | {"folds": n_folds, "agreed": agreed}

    return measure


def _agreement(models: Mapping[str, Any], pixels: Any) -> float:
    """Largest difference of a probability between the two engines in fp32."""
    first, second = (models[f"{engine} fp32"].answer(pixels).probs["label"] for engine in ("onnxruntime", "openvino"))
    return float(abs(first - second).max())


def _seconds(ask: Callable[[], Any]) -> float:
    started = time.perf_counter()
    ask()
    return time.perf_counter() - started


CONTESTANTS: dict[str, Prepare] = {name: partial(prepare, network=name) for name in NETWORKS}


def main() -> int:
    options = read_options(__doc__ or "")
    if options.serve:
        serve(CONTESTANTS, options)
        return 0
    block = Block("F8", "Exported models", options, ("torch", "timm", "onnxruntime", "openvino"))
    for network, goal in NETWORKS.items():
        with rivals([network], threads=2) as (rival,):
            records = take_turns({network: rival.run}, options.pairs)[network]
        folds = records[0]["folds"]
        names = [name for name in records[0] if name not in ("folds", "agreed") and not name.startswith("one ")]
        # An exported run asks the models of all folds, eager torch asks one network.
        per_image = {
            name: [1000 * value / BATCH / (1 if name == "eager" else folds) for value in values(records, name)]
            for name in names
        }
        block.say("", f"### {network}, batch {BATCH}, one network", "")
        rows = [[n, spread(per_image[n]), str(ratio(per_image["eager"], per_image[n]))] for n in names]
        block.say(*table(["way", "ms an image", "range", "times eager's speed"], rows))
        best = min(names[1:], key=lambda name: sorted(per_image[name])[len(records) // 2])
        block.judge(
            f"{best}: times the speed of eager torch", ratio(per_image["eager"], per_image[best]), at_least=goal
        )
        alone = {
            name: [1000 * value for value in values(records, f"one {name}")] for name in ("run", "exported", "network")
        }
        block.say("", f"### {network}, one JPEG of 640 x 480, mean of {folds} folds", "")
        block.say(*table(["way", "ms", "range"], [[name, spread(alone[name])] for name in alone]))
        block.judge("the run's own path over the exported one", ratio(alone["run"], alone["exported"]), at_least=3)
        beyond = sorted(a - b for a, b in zip(alone["exported"], alone["network"], strict=True))[len(records) // 2]
        block.judge("ms beyond the network", beyond, at_most=MOST_BEYOND_MS)
        block.gate("both engines agree within 0.0001", records[0]["agreed"] < 1e-4, significant(records[0]["agreed"]))
    return block.finish()


if __name__ == "__main__":
    raise SystemExit(main())
