"""F1: an epoch from podium's cache against loaders that read the files again.

    scripts/bench input_pipeline [--pairs 5] [--quick]

Every contestant reads the same 384 x 512 JPEG files (height x width) in random order: random resized crop of 0.35 to 1
of the area to 224 px, horizontal flip by chance, batches of 32. Images per CPU second on one core (no worker processes:
on one core they only add the cost of handing batches over), then images per second on all cores with as many workers.
Podium's cache of 256 px is built before; what that costs is the claim of cache_build.py.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from side_by_side import (
    SHARED,
    WORK,
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

HEIGHT, WIDTH, STORED, SIDE, BATCH = 384, 512, 256, 224, 32
SCALE = (0.35, 1.0)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
N_CLASSES = 8
# Mean difference of pixels, of 255, that two honest ways of cropping may have. See the gate.
TOLERANCE = 4.0


def pictures(quick: bool) -> Path:
    """A folder of class folders with the JPEG files, made once."""
    from PIL import Image, ImageOps

    n = 96 if quick else 512
    folder = WORK / f"jpeg-{HEIGHT}x{WIDTH}-{n}"
    if (folder.parent / f"{folder.name}.done").exists():
        return folder
    photos = sorted((SHARED / "imagenet_samples_1000" / "images").glob("*"))
    for i in range(n):
        if photos:
            image = ImageOps.fit(Image.open(photos[i % len(photos)]).convert("RGB"), (WIDTH, HEIGHT))
        else:
            image = Image.fromarray(_invented(i))
        path = folder / f"class{i % N_CLASSES}" / f"{i:04}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, quality=90)
    (folder.parent / f"{folder.name}.done").touch()
    return folder


def _invented(seed: int) -> np.ndarray:
    """Smooth colours under fine noise, which a JPEG decoder works on about as long as on a photo."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(128, 50, (12, 16, 3)).repeat(32, axis=0).repeat(32, axis=1)
    return np.clip(coarse + rng.normal(0, 12, coarse.shape), 0, 255).astype(np.uint8)


def build_podium_cache(folder: Path) -> Any:
    from podium.curate import scan
    from podium.data import build_cache

    samples = scan(folder).samples
    return samples, build_cache(samples, WORK / "cache", height=STORED, width=STORED)


def workers() -> int:
    """0 on one core, else a worker a core."""
    cores = len(os.sched_getaffinity(0))
    return 0 if cores == 1 else cores


def clocked(
    make_epoch: Callable[[int], Iterable[Any]], n_epochs: int, check: Callable[[Any], Any], *, n_ready: int = 0
) -> Run:
    """A run of whole epochs; `check` gives a batch's tensor, whose samples are counted.

    `n_ready` batches are taken before the clock starts, from loaders that fill their queues while others have their
    turn.
    """
    epoch = 0

    def run() -> Mapping[str, float]:
        nonlocal epoch
        n, n_taken = 0, 0
        started, cpu_started = time.perf_counter(), cpu_seconds()
        for _ in range(n_epochs):
            for batch in make_epoch(epoch):
                n_taken += 1
                if n_taken <= n_ready:
                    started, cpu_started = time.perf_counter(), cpu_seconds()
                    continue
                n += len(check(batch))
            epoch += 1
        rates = {"per_s": n / (time.perf_counter() - started)}
        # The CPU time of worker processes is not known before they end.
        return rates if workers() else rates | {"per_cpu_s": n / (cpu_seconds() - cpu_started)}

    return run


def uint8(images: Any) -> Any:
    import torch

    assert images.dtype == torch.uint8, images.dtype
    assert sorted(images.shape[1:]) == [3, SIDE, SIDE], images.shape
    return images


def float32(images: Any) -> Any:
    import torch

    assert images.dtype == torch.float32, images.dtype
    assert images.shape[1:] == (3, SIDE, SIDE), images.shape
    return images


# ------------------------------------------------------------------------------------------------------ the contestants


def podium_uint8(options: argparse.Namespace) -> Run:
    loader, _ = _podium(options)
    return clocked(loader.from_position, 2 if options.quick else 10, lambda batch: uint8(batch.images))


def podium_float32(options: argparse.Namespace) -> Run:
    loader, model = _podium(options)
    return clocked(
        loader.from_position, 2 if options.quick else 8, lambda batch: float32(model.normalise(uint8(batch.images)))
    )


def _podium(options: argparse.Namespace) -> Any:
    from podium.data import HorizontalFlip, RandomResizedCrop, TrainLoader, sample_keys
    from podium.machine.device import prepare_process
    from podium.models import Classifier, build_backbone

    prepare_process(max(1, workers()))  # what every command of podium does first
    samples, cache = build_podium_cache(pictures(options.quick))
    head = samples.task.main_target.name
    loader = TrainLoader(
        cache.pixels,
        np.arange(len(samples)),
        {head: samples.labels[head]},
        keys=sample_keys(samples.ids.tolist()),
        batch_size=BATCH,
        height=SIDE,
        width=SIDE,
        augmentations=(RandomResizedCrop(scale=SCALE), HorizontalFlip()),
        n_threads=max(1, workers()),
    )
    return loader, Classifier(build_backbone("tiny", "random"), samples.task)


def torchvision_pil(options: argparse.Namespace) -> Run:
    from torchvision import transforms

    steps = [transforms.RandomResizedCrop(SIDE, scale=SCALE), transforms.RandomHorizontalFlip()]
    steps += [transforms.ToTensor(), transforms.Normalize(MEAN, STD)]
    return _torchvision(options, transforms.Compose(steps), float32)


def torchvision_tensors(options: argparse.Namespace, *, normalise: bool) -> Run:
    import torch
    from torchvision.io import ImageReadMode, decode_image
    from torchvision.transforms import v2

    steps = [v2.RandomResizedCrop(SIDE, scale=SCALE, antialias=True), v2.RandomHorizontalFlip()]
    if normalise:
        steps += [v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]
    loader = partial(decode_image, mode=ImageReadMode.RGB)
    return _torchvision(options, v2.Compose(steps), float32 if normalise else uint8, loader=loader)


def _torchvision(options: argparse.Namespace, transform: Any, check: Callable[[Any], Any], **how: Any) -> Run:
    import torch
    from torchvision.datasets import ImageFolder

    torch.set_num_threads(max(1, workers()))
    data = ImageFolder(str(pictures(options.quick)), transform, **how)
    loader = torch.utils.data.DataLoader(
        data, BATCH, shuffle=True, num_workers=workers(), persistent_workers=workers() > 0
    )
    return clocked(lambda _: loader, 1, lambda batch: check(batch[0]))


def timm(options: argparse.Namespace) -> Run:
    import torch
    from timm.data import create_dataset, create_loader

    data = create_dataset("", str(pictures(options.quick)), is_training=True)
    loader = create_loader(
        data,
        (3, SIDE, SIDE),
        BATCH,
        is_training=True,
        use_prefetcher=False,  # timm's prefetcher is for CUDA
        scale=SCALE,
        color_jitter=None,
        interpolation="bilinear",
        num_workers=workers(),
        persistent_workers=workers() > 0,
        device=torch.device("cpu"),
        pin_memory=False,
    )
    return clocked(lambda _: loader, 1, lambda batch: float32(batch[0]))


def fastai(options: argparse.Namespace) -> Run:
    from fastai.vision.all import Flip, ImageDataLoaders, Normalize, RandomResizedCrop

    loaders = ImageDataLoaders.from_folder(
        pictures(options.quick),
        valid_pct=1 / 96,
        seed=0,
        bs=BATCH,
        num_workers=workers(),
        item_tfms=RandomResizedCrop(SIDE, min_scale=SCALE[0]),
        batch_tfms=[Flip(), Normalize.from_stats(MEAN, STD)],
        device="cpu",
    )
    return clocked(lambda _: loaders.train, 1, lambda batch: float32(batch[0].as_subclass(_plain_tensor())))


def _plain_tensor() -> type:
    import torch

    return torch.Tensor


def ultralytics(options: argparse.Namespace) -> Run:
    from ultralytics.cfg import get_cfg
    from ultralytics.data import ClassificationDataset
    from ultralytics.data.build import build_dataloader

    wanted = {"imgsz": SIDE, "scale": 1 - SCALE[0], "fliplr": 0.5, "flipud": 0.0, "erasing": 0.0, "auto_augment": None}
    wanted |= {"hsv_h": 0.0, "hsv_s": 0.0, "hsv_v": 0.0}
    data = ClassificationDataset(str(pictures(options.quick)), get_cfg(overrides=wanted), augment=True)
    loader = build_dataloader(data, BATCH, workers(), shuffle=True, device="cpu")
    n_ready = loader.prefetch_factor * workers() if workers() else 0
    return clocked(lambda _: loader, 4 if options.quick else 2, lambda batch: float32(batch["img"]), n_ready=n_ready)


def dali(options: argparse.Namespace) -> Run:
    from nvidia.dali import fn, pipeline_def, types
    from nvidia.dali.plugin.pytorch import DALIGenericIterator, LastBatchPolicy

    @pipeline_def(batch_size=BATCH, num_threads=max(1, workers()), device_id=None)
    def make() -> Any:
        files, labels = fn.readers.file(file_root=str(pictures(options.quick)), random_shuffle=True, name="files")
        images = fn.decoders.image_random_crop(
            files, device="cpu", output_type=types.RGB, random_area=SCALE, random_aspect_ratio=(3 / 4, 4 / 3)
        )
        images = fn.resize(images, size=(SIDE, SIDE), antialias=True)
        images = fn.crop_mirror_normalize(
            images,
            mean=[255 * value for value in MEAN],
            std=[255 * value for value in STD],
            mirror=fn.random.coin_flip(),
            output_layout="CHW",
        )
        return images, labels

    loader = DALIGenericIterator(
        [make()], ["images", "labels"], reader_name="files", auto_reset=True, last_batch_policy=LastBatchPolicy.PARTIAL
    )
    return clocked(lambda _: loader, 2, lambda batch: float32(batch[0]["images"]), n_ready=3)


CONTESTANTS: dict[str, Prepare] = {
    "podium, uint8": podium_uint8,
    "podium, float32": podium_float32,
    "torchvision PIL, float32": torchvision_pil,
    "torchvision tensors, float32": partial(torchvision_tensors, normalise=True),
    "torchvision tensors, uint8": partial(torchvision_tensors, normalise=False),
    "timm, float32": timm,
    "fastai, float32": fastai,
    "Ultralytics, float32": ultralytics,
    "DALI on the CPU, float32": dali,
}
BASE = "torchvision PIL, float32"


# ------------------------------------------------------------------------------------------------------------- the gate


def pixel_differences(folder: Path, n: int) -> dict[str, float]:
    """Mean difference, of 255, between a crop of the full image by Pillow and other ways to the same crop."""
    import torch
    from PIL import Image
    from torchvision.transforms.v2 import functional

    from podium.data import RandomResizedCrop, augment_batch, sample_keys, uniforms
    from podium.data.frames import whole_frames

    samples, cache = build_podium_cache(folder)
    rows = np.arange(min(n, len(samples)))
    keys = sample_keys(samples.ids[rows].tolist())
    crop = RandomResizedCrop(scale=SCALE)
    ours = np.empty((len(rows), SIDE, SIDE, 3), dtype=np.uint8)
    augment_batch(cache.pixels, rows, keys, (crop,), seed=0, epoch=0, out=ours)
    frames = crop.move(whole_frames(len(rows), STORED, STORED), uniforms(0, 0, keys, crop.stream, crop.n_uniforms))
    differences: dict[str, list[float]] = {"podium": [], "torchvision tensors": [], "another box, one pixel off": []}
    for row in rows:
        image = Image.open(samples.file(int(row))).convert("RGB")
        to_full = np.array([WIDTH / STORED, HEIGHT / STORED])
        low = frames.matrix[row, :, 2] * to_full
        high = low + frames.size[row] * to_full
        box = (*low, *high)
        right = _pillow(image, box)
        others = {"podium": ours[row].astype(np.float64)}
        x0, y0, x1, y1 = (round(float(value)) for value in box)
        tensor = torch.from_numpy(np.array(image)).permute(2, 0, 1)
        resized = functional.resized_crop(tensor, y0, x0, y1 - y0, x1 - x0, [SIDE, SIDE], antialias=True)
        others["torchvision tensors"] = resized.permute(1, 2, 0).numpy().astype(np.float64)
        shift = 1 if x1 < WIDTH else -1
        others["another box, one pixel off"] = _pillow(image, (low[0] + shift, low[1], high[0] + shift, high[1]))
        for name, pixels in others.items():
            differences[name].append(float(np.abs(pixels - right).mean()))
    return {name: float(np.mean(found)) for name, found in differences.items()}


def _pillow(image: Any, box: tuple[float, ...]) -> np.ndarray:
    from PIL import Image

    box = (max(0.0, box[0]), max(0.0, box[1]), min(float(WIDTH), box[2]), min(float(HEIGHT), box[3]))
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box), dtype=np.float64)


# ---------------------------------------------------------------------------------------------------------------- main


def main() -> int:
    options = read_options(__doc__)
    if options.serve:
        serve(CONTESTANTS, options)
        return 0
    packages = ["podium", "torch", "torchvision", "timm", "fastai", "ultralytics", "nvidia-dali-cuda130"]
    packages += ["pillow", "opencv-python-headless"]
    block = Block("F1", "Input: images per second from podium's cache and from others' loaders", options, packages)
    folder = pictures(options.quick)
    build_podium_cache(folder)
    cores = sorted(os.sched_getaffinity(0))
    n = sum(1 for _ in folder.glob("*/*"))
    block.setting = (
        f"{n} JPEG files of {HEIGHT} x {WIDTH} (quality 90) in the page cache; crop of {SCALE[0]} to {SCALE[1]:.0f} of "
        f"the area to {SIDE} px, flip, batch {BATCH}. Podium's cache holds {STORED} px. One core: 1 thread, no "
        f"workers. All cores: {len(cores)} workers, or threads for podium and DALI."
    )
    with rivals(list(CONTESTANTS), threads=1, cores=cores[-1:]) as ready:
        one = take_turns({rival.name: rival.run for rival in ready}, options.pairs)
    with rivals(list(CONTESTANTS), threads=len(cores), cores=cores) as ready:
        every = take_turns({rival.name: rival.run for rival in ready}, options.pairs)
    base = values(one[BASE], "per_cpu_s")
    rows = []
    for name in one:
        rates = values(one[name], "per_cpu_s")
        together = spread(values(every[name], "per_s")) if name in every else "- | -"
        rows.append([name, spread(rates), significant(ratio(rates, base).value), together])
    head = [
        "loader",
        "images per CPU second",
        "range",
        "x torchvision PIL",
        f"images per second, {len(cores)} cores",
        "range",
    ]
    block.say(*table(head, rows))
    for kind, goal in (("uint8", 25), ("float32", 12)):
        measured = ratio(values(one[f"podium, {kind}"], "per_cpu_s"), base)
        block.judge(f"at least {goal} x torchvision's loader per core, {kind} to the model", measured, at_least=goal)
    found = pixel_differences(folder, 32 if options.quick else 200)
    block.gate(
        f"podium's crops differ from Pillow's crops of the full-size files by under {TOLERANCE:.0f} of 255 on average",
        found["podium"] < TOLERANCE,
        ", ".join(f"{name} {value:.2f}" for name, value in found.items()),
    )
    return block.finish()


if __name__ == "__main__":
    raise SystemExit(main())
