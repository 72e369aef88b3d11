"""From decoded images to batches: cache, order, augmentation, mixing, loaders with an exact position.

Everything random is a pure function of (seed, epoch, sample), so a run that was interrupted goes on bit for bit.
"""

from typing import TYPE_CHECKING

from podium.data.aug_mix import AugMix
from podium.data.augment import CPU_ONLY, Augmentation, augment_batch
from podium.data.automatic import AutoAugment, RandAugment, TrivialAugmentWide
from podium.data.bending import ElasticDistortion, GridDistortion
from podium.data.cache_builder import build_cache
from podium.data.cache_facts import CacheFacts
from podium.data.cache_key import cache_key
from podium.data.cache_thumbnails import cached_thumbnails
from podium.data.colour import ColorJitter, Grayscale
from podium.data.cut_to import cut_to
from podium.data.erasing import Cutout, RandomErasing
from podium.data.geometric import (
    CentreCrop,
    HorizontalFlip,
    RandomCrop,
    RandomResizedCrop,
    RandomShift,
    Rotate,
    Rotate90,
    Shear,
    VerticalFlip,
)
from podium.data.image_cache import ImageCache, is_complete, is_sound, open_cache
from podium.data.memory_images import CropBy, GivenImage, MemoryImages, StoredImages, median_side_of, store_in_memory
from podium.data.mixer import Mixer
from podium.data.mixing import CutMix, Mixing, MixUp, PatchSwap
from podium.data.order import balance_weights, epoch_order, weighted_order
from podium.data.partners import Partners
from podium.data.randomness import sample_keys, uniforms
from podium.data.same_files import changed_files
from podium.data.statistics import channel_statistics
from podium.data.textures import GaussianBlur, GaussianNoise, JpegCompression, Sharpen
from podium.data.tones import AutoContrast, Clahe, Equalize, Invert, Posterize, Solarize
from podium.data.view_frames import View
from podium.data.views import eval_batch
from podium.lazy import on_demand

if TYPE_CHECKING:
    from podium.data.batch import Batch
    from podium.data.device_images import DeviceImages, resident_bytes
    from podium.data.feature_loader import FeatureEvalLoader, FeatureTrainLoader
    from podium.data.loader import EvalLoader, TrainLoader
else:  # these import torch, which a cache does not need
    __getattr__ = on_demand(
        __name__,
        {
            "podium.data.batch": ["Batch"],
            "podium.data.device_images": ["DeviceImages", "resident_bytes"],
            "podium.data.feature_loader": ["FeatureEvalLoader", "FeatureTrainLoader"],
            "podium.data.loader": ["EvalLoader", "TrainLoader"],
        },
    )

__all__ = [
    "CPU_ONLY",
    "AugMix",
    "Augmentation",
    "AutoAugment",
    "AutoContrast",
    "Batch",
    "CacheFacts",
    "CentreCrop",
    "Clahe",
    "ColorJitter",
    "CropBy",
    "CutMix",
    "Cutout",
    "DeviceImages",
    "ElasticDistortion",
    "Equalize",
    "EvalLoader",
    "FeatureEvalLoader",
    "FeatureTrainLoader",
    "GaussianBlur",
    "GaussianNoise",
    "GivenImage",
    "Grayscale",
    "GridDistortion",
    "HorizontalFlip",
    "ImageCache",
    "Invert",
    "JpegCompression",
    "MemoryImages",
    "MixUp",
    "Mixer",
    "Mixing",
    "Partners",
    "PatchSwap",
    "Posterize",
    "RandAugment",
    "RandomCrop",
    "RandomErasing",
    "RandomResizedCrop",
    "RandomShift",
    "Rotate",
    "Rotate90",
    "Sharpen",
    "Shear",
    "Solarize",
    "StoredImages",
    "TrainLoader",
    "TrivialAugmentWide",
    "VerticalFlip",
    "View",
    "augment_batch",
    "balance_weights",
    "build_cache",
    "cache_key",
    "cached_thumbnails",
    "changed_files",
    "channel_statistics",
    "cut_to",
    "epoch_order",
    "eval_batch",
    "is_complete",
    "is_sound",
    "median_side_of",
    "open_cache",
    "resident_bytes",
    "sample_keys",
    "store_in_memory",
    "uniforms",
    "weighted_order",
]
