"""What an answer about one image takes beyond the network: milliseconds of CPU of `Run.predictor()`, median of many.

    .venv/bin/python benchmarks/one_image.py [--preset baseline] [--folds 5] [--rounds 50]

Trains five folds on a hundred of the demo's signed digits, opens a predictor, and asks it about one photo again and
again. The same photo then passes through the same networks by themselves, as often as the predictor asks them: once a
view and fold, or once a view where the whole backbone is frozen.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import podium
from podium.demo import prepare
from podium.training.predictor import Predictor


def main() -> None:
    """Train, then ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="baseline")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), options.preset, options.folds, options.rounds)


def measure(folder: Path, preset: str, n_folds: int, rounds: int) -> None:
    """Print the milliseconds of the whole answer, of the networks, and the difference."""
    demo = prepare("sign_digits", folder / "demo")
    data = podium.scan(demo.train_folder, labels=demo.train_folder.parent / "train.csv", group="group")
    samples = data.samples.take(np.arange(100))
    settings = podium.Settings(runs=folder / "runs", device="cpu", threads=1)
    # torch in fp32, so that the networks by themselves compute what the predictor does
    lines = [
        "head.kind=gradient",
        "training.epochs=1",
        "model.frozen_engine=torch",
        "model.frozen_precision=fp32",
        "training.precision=fp32",
    ]
    run = podium.train(
        samples,
        preset=preset,
        overrides=lines,
        folds=podium.FoldOptions(folds=n_folds),
        settings=settings,
    )
    torch.set_num_threads(1)
    photo = np.asarray(Image.open(run.samples.file(0)).convert("RGB"))
    predictor = run.predictor()
    predictor.predict([photo])
    whole = clock(lambda: predictor.predict([photo]), rounds)
    networks = clock(networks_alone(predictor, photo), rounds)
    sys.stdout.write(
        f"{preset}, {n_folds} folds, {len(predictor.recipe.predict_views)} views: {whole:.1f} ms an image,"
        f" {networks:.1f} ms of it the networks, {whole - networks:.1f} ms the rest\n"
    )


def networks_alone(predictor: Predictor, photo: np.ndarray) -> Callable[[], None]:
    """The forward passes that an answer needs, and nothing else."""
    size = int(predictor.recipe.image.size_px)
    image = torch.from_numpy(np.array(Image.fromarray(photo).resize((size, size))))[None]
    name = next(iter(predictor.models))
    n_asked = 1 if predictor.recipe.model.freeze == "backbone" else len(predictor.folds)
    models = [predictor.network(fold, name) for fold in predictor.folds[:n_asked]]

    def run() -> None:
        with torch.inference_mode():
            for model in models:
                for _ in predictor.recipe.predict_views:
                    model(image)

    run()
    return run


def clock(work: Callable[[], object], rounds: int) -> float:
    """Median milliseconds of CPU, which another process on the machine cannot change much; on one thread."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return 1000 * statistics.median(times)


if __name__ == "__main__":
    main()
