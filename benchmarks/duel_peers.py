"""The peers of `duel.py`, each a function that trains within so many CPU seconds and answers the valid rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from baseline_vs_fastai import NETWORK
from numpy.typing import NDArray
from side_by_side import WORK

SIDE = 128


@dataclass(frozen=True)
class Data:
    """Train and valid rows of a folder; images are square, uint8, in memory.

    Args:
        rows: The table.
        images: Shape (N, SIDE, SIDE, 3).
        labels: Class numbers, shape (N,).
        classes: Their names.
    """

    rows: pd.DataFrame
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    @property
    def is_valid(self) -> NDArray[np.bool_]:
        """Which rows are judged."""
        return (self.rows["split"] == "valid").to_numpy()


def read_data(folder: Path, side: int = SIDE) -> Data:
    """Every image decoded once."""
    from PIL import Image, ImageOps

    rows, classes, labels = read_table(folder)
    images = np.empty((len(rows), side, side, 3), np.uint8)
    for place, path in enumerate(rows["path"]):
        with Image.open(folder / path) as image:
            images[place] = (
                ImageOps.exif_transpose(image).convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
            )
    return Data(rows, images, labels, classes)


def read_table(folder: Path) -> tuple[pd.DataFrame, tuple[str, ...], NDArray[np.int64]]:
    """Rows, class names, class numbers."""
    rows = pd.read_csv(folder / "labels.csv", dtype=str)
    classes = tuple(sorted(rows["label"].unique()))
    return rows, classes, rows["label"].map({name: place for place, name in enumerate(classes)}).to_numpy()


def count_epochs(step_seconds: float, n_steps: int, *, budget: float, evaluation: float = 0.0) -> int:
    """Whole epochs that the rest of the budget pays for, at least one."""
    left = 0.97 * budget - time.process_time() - evaluation
    return max(1, int(left / (step_seconds * n_steps)))


# ----------------------------------------------------------------------------------------------------------- the peers


def be_probe(folder: Path, budget: float, seed: int) -> NDArray[np.float64]:
    """Tuned logistic regression on frozen features."""
    import warnings

    import timm
    import torch
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    warnings.filterwarnings("ignore")
    data = read_data(folder)
    model = timm.create_model(NETWORK, pretrained=True, num_classes=0, pretrained_cfg_overlay=_weights()).eval()
    with torch.inference_mode():
        batches = [_normalised(data.images[start : start + 64]) for start in range(0, len(data.images), 64)]
        features = np.concatenate([(model(x) + model(x.flip(3))).numpy() / 2 for x in batches])
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
    search = GridSearchCV(
        pipeline,
        {"logisticregression__C": 10.0 ** np.arange(-4, 2)},
        scoring="f1_macro",
        cv=GroupKFold(3, shuffle=True, random_state=seed),
    )
    train = ~data.is_valid
    search.fit(features[train], data.labels[train], groups=data.rows["group"][train])
    return _all_classes(search.predict_proba(features[data.is_valid]), search.classes_, len(data.classes))


def be_timm(folder: Path, budget: float, seed: int) -> NDArray[np.float64]:
    """Fine-tuning with the parts of timm's own recipes, in a plain loop."""
    import timm
    import torch
    from PIL import Image
    from timm.data import Mixup, create_transform
    from timm.loss import SoftTargetCrossEntropy
    from timm.optim import create_optimizer_v2
    from timm.scheduler import CosineLRScheduler

    data = read_data(folder, int(SIDE * 1.15))
    rows, n_classes, batch = np.flatnonzero(~data.is_valid), len(data.classes), 32
    overlay = {"pretrained_cfg_overlay": _weights(), "drop_path_rate": 0.1}
    model = timm.create_model(NETWORK, pretrained=True, num_classes=n_classes, **overlay).train()
    # Without mstd0.5, whose largest magnitudes ask for 0 bits, which Pillow 13 refuses.
    change = create_transform(
        *(SIDE, True),
        auto_augment="rand-m9-inc1",
        re_prob=0.25,
        scale=(0.35, 1.0),
        mean=(0.5,) * 3,
        std=(0.5,) * 3,
    )
    mix = Mixup(mixup_alpha=0.2, cutmix_alpha=1.0, prob=0.5, label_smoothing=0.1, num_classes=n_classes)
    optimizer = create_optimizer_v2(model, "adamw", lr=5e-4, weight_decay=0.05)
    loss_of, rng = SoftTargetCrossEntropy(), np.random.default_rng(seed)

    def step(chosen: NDArray[np.int64]) -> None:
        images = torch.stack([change(Image.fromarray(data.images[row])) for row in chosen])
        images, target = mix(images, torch.as_tensor(data.labels[chosen]))
        loss_of(model(images), target).backward()
        optimizer.step()
        optimizer.zero_grad()

    n_steps = max(1, len(rows) // batch)
    _set_rate(optimizer, 0.0)
    seconds = _time_steps(lambda: step(rng.choice(rows, batch)))
    _set_rate(optimizer, 5e-4)  # before the schedule, which takes its highest rate from here
    epochs = count_epochs(seconds, n_steps, budget=budget, evaluation=seconds * data.is_valid.sum() / batch / 3)
    schedule = CosineLRScheduler(
        optimizer, t_initial=epochs * n_steps, warmup_t=epochs * n_steps // 10, warmup_lr_init=1e-6, t_in_epochs=False
    )
    for epoch in range(epochs):
        order = rng.permutation(rows)
        for place in range(n_steps):
            schedule.step_update(epoch * n_steps + place)
            step(order[place * batch : (place + 1) * batch])
    return _answers(model.eval(), data)


def be_fastai(folder: Path, budget: float, seed: int) -> NDArray[np.float64]:
    """fastai's quick start with its standard augmentation, and as many epochs as fit."""
    from fastai.vision.all import ImageDataLoaders, Resize, ResizeMethod, aug_transforms, set_seed, vision_learner

    set_seed(seed, reproducible=True)
    rows, classes, _ = read_table(folder)
    rows["is_valid"] = rows["split"] == "valid"
    loaders = ImageDataLoaders.from_df(
        rows,
        path=folder,
        fn_col="path",
        label_col="label",
        valid_col="is_valid",
        item_tfms=Resize(SIDE, method=ResizeMethod.Squish),
        batch_tfms=aug_transforms(),
        bs=32,
        num_workers=0,
        device="cpu",
    )
    learner = vision_learner(loaders, NETWORK, pretrained_cfg_overlay=_weights())
    # Neither epoch is validated: these seconds buy training.
    learner.validate = lambda *_args, **_kwargs: None
    started = time.process_time()
    images, target = loaders.one_batch()
    learner.loss_func(learner.model(images), target).backward()
    learner.zero_grad()
    seconds, n_steps = time.process_time() - started, len(loaders.train)
    epochs = count_epochs(seconds, n_steps, budget=budget, evaluation=seconds * (n_steps + rows["is_valid"].sum() / 90))
    learner.fine_tune(epochs, cbs=[])
    probs, _ = learner.get_preds(dl=loaders.test_dl(rows[rows["is_valid"]]))
    order = [list(loaders.vocab).index(name) for name in classes]
    return probs.numpy()[:, order].astype(float)


PEERS: dict[str, Callable[[Path, float, int], NDArray[np.float64]]] = {
    "probe": be_probe,
    "timm": be_timm,
    "fastai": be_fastai,
}


def _weights() -> dict[str, Any]:
    return {"file": str(WORK / f"{NETWORK}.pth"), "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}


def _normalised(images: NDArray[np.uint8]) -> Any:
    import torch

    return torch.from_numpy(images).permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous()


def _answers(model: Any, data: Data) -> NDArray[np.float64]:
    import torch
    from PIL import Image

    shrunk = [np.asarray(Image.fromarray(image).resize((SIDE, SIDE))) for image in data.images[data.is_valid]]
    with torch.inference_mode():
        parts = [model(_normalised(np.stack(shrunk[at : at + 64]))).softmax(1) for at in range(0, len(shrunk), 64)]
    return np.asarray(torch.cat(parts).double().numpy())


def _all_classes(probs: NDArray[np.float64], known: Sequence[int], n_classes: int) -> NDArray[np.float64]:
    whole = np.zeros((len(probs), n_classes))
    whole[:, list(known)] = probs
    return whole


def _time_steps(step: Callable[[], None]) -> float:
    """CPU seconds of a step; takes three."""
    step()
    started = time.process_time()
    step()
    step()
    return (time.process_time() - started) / 2


def _set_rate(optimizer: Any, lr: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = lr


def be_peer(name: str, folder: Path, budget: float, seed: int) -> None:
    """Train within the budget and write the answers."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    np.save("probs.npy", PEERS[name](folder, budget, seed))
