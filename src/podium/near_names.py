"""The known name that a user most likely meant: a synonym from another library, or the one that looks most alike."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

__all__ = ["SYNONYMS", "find_synonym", "find_synonyms", "nearest_name"]

_LONGEST_NAME = 300
"""Characters of a name that can be mistyped; comparing a longer one takes seconds."""
_NEAR = 0.7
"""Least likeness of two spellings, 0 to 1: at 0.6, "sampler" would be "scale"."""

SYNONYMS: dict[str, tuple[str, ...]] = {
    # metrics
    "acc": ("accuracy", "label_accuracy"),
    "bacc": ("balanced_accuracy",),
    "balancedacc": ("balanced_accuracy",),
    "uar": ("balanced_accuracy",),
    "nll": ("log_loss",),
    "auc": ("roc_auc_macro",),
    "auroc": ("roc_auc_macro",),
    "rocauc": ("roc_auc_macro",),
    "ap": ("average_precision_macro",),
    "map": ("average_precision_macro",),
    "prauc": ("average_precision_macro",),
    "averageprecision": ("average_precision_macro",),
    "f1": ("f1_macro",),
    "f1score": ("f1_macro",),
    "macrof1": ("f1_macro",),
    "microf1": ("f1_micro",),
    "precision": ("precision_macro", "training.precision"),
    "recall": ("recall_macro",),
    "mcc": ("matthews_corrcoef",),
    "kappa": ("quadratic_kappa", "cohen_kappa"),
    "qwk": ("quadratic_kappa",),
    "mae": ("mean_absolute_error",),
    "ece": ("expected_calibration_error",),
    "logloss": ("log_loss",),
    "crossentropy": ("log_loss", "cross_entropy"),
    "fbeta": ("fbeta_2_macro",),
    "f2": ("fbeta_2_macro",),
    "f2score": ("fbeta_2_macro",),
    "f2macro": ("fbeta_2_macro",),
    "f2samples": ("fbeta_2_samples",),
    "f05": ("fbeta_0.5_macro",),
    "mapk": ("map_at_5",),
    "mapatk": ("map_at_5",),
    "map3": ("map_at_3",),
    "map5": ("map_at_5",),
    "map10": ("map_at_10",),
    "mrr": ("map_at_10",),
    "pauc": ("partial_roc_auc_0.1", "roc_auc_above_tpr_0.8"),
    "partialauc": ("partial_roc_auc_0.1",),
    "exactmatch": ("subset_accuracy",),
    "hamming": ("label_accuracy",),
    "top1": ("accuracy",),
    "top5": ("top_5_accuracy",),
    # recipe keys, and the options that are short for some
    "lr": ("optimizer.lr", "lr"),
    "learningrate": ("optimizer.lr", "lr"),
    "maxlr": ("optimizer.lr", "lr"),
    "baselr": ("optimizer.lr", "lr"),
    "wd": ("optimizer.weight_decay",),
    "weightdecay": ("optimizer.weight_decay",),
    "momentum": ("optimizer.momentum",),
    "opt": ("optimizer.name",),
    "llrd": ("optimizer.layer_decay",),
    "headlr": ("optimizer.head_lr_factor",),
    "epochs": ("training.epochs", "epochs"),
    "nepochs": ("training.epochs", "epochs"),
    "numepochs": ("training.epochs", "epochs"),
    "maxepochs": ("training.epochs", "epochs"),
    "batchsize": ("training.batch_size", "batch_size"),
    "batch": ("training.batch_size", "batch_size"),
    "bs": ("training.batch_size", "batch_size"),
    "patience": ("training.patience",),
    "earlystopping": ("training.patience",),
    "earlystop": ("training.patience",),
    "ema": ("training.ema_decay",),
    "modelema": ("training.ema_decay",),
    "amp": ("training.precision",),
    "mixedprecision": ("training.precision",),
    "dtype": ("training.precision",),
    "fp16": ("training.precision",),
    "clipgrad": ("training.clip_norm",),
    "clip": ("training.clip_norm",),
    "maxgradnorm": ("training.clip_norm",),
    "gradientclipval": ("training.clip_norm",),
    "accumulate": ("training.micro_batch",),
    "gradaccum": ("training.micro_batch",),
    "gradaccumsteps": ("training.micro_batch",),
    "accumulationsteps": ("training.micro_batch",),
    "gradientaccumulationsteps": ("training.micro_batch",),
    "gradclip": ("training.clip_norm",),
    "imagesize": ("image.size_px", "image_size"),
    "imgsize": ("image.size_px", "image_size"),
    "imgsz": ("image.size_px", "image_size"),
    "resize": ("image.size_px", "image_size"),
    "size": ("image.size_px", "image_size"),
    "width": ("image.size_px",),
    "height": ("image.size_px",),
    "model": ("model.name", "model"),
    "modelname": ("model.name", "model"),
    "backbone": ("model.name", "model"),
    "arch": ("model.name", "model"),
    "architecture": ("model.name", "model"),
    "net": ("model.name", "model"),
    "pretrained": ("model.weights",),
    "weights": ("model.weights",),
    "checkpoint": ("model.weights", "resume"),
    "dropout": ("model.drop_rate",),
    "drop": ("model.drop_rate",),
    "droppath": ("model.drop_path_rate",),
    "freeze": ("model.freeze",),
    "labelsmoothing": ("loss.single.label_smoothing",),
    "smoothing": ("loss.single.label_smoothing",),
    "classweight": ("loss.single.class_weights",),
    "classweights": ("loss.single.class_weights",),
    "sampler": ("loss.single.class_weights",),
    "weightedsampler": ("loss.single.class_weights",),
    "weightedrandomsampler": ("loss.single.class_weights",),
    "oversampling": ("loss.single.class_weights",),
    "imbalance": ("loss.single.class_weights",),
    "posweight": ("loss.multi.positive_weights",),
    "criterion": ("loss",),
    "lossfn": ("loss",),
    "scheduler": ("schedule.kind", "schedule"),
    "sched": ("schedule.kind", "schedule"),
    "lrscheduler": ("schedule.kind", "schedule"),
    "warmup": ("schedule.warmup_fraction",),
    "warmupepochs": ("schedule.warmup_fraction",),
    "warmupsteps": ("schedule.warmup_fraction",),
    "pctstart": ("schedule.warmup_fraction",),
    "minlr": ("schedule.end_factor",),
    "lrmin": ("schedule.end_factor",),
    "etamin": ("schedule.end_factor",),
    "augment": ("augmentations",),
    "aug": ("augmentations",),
    "augmentation": ("augmentations",),
    "randaugment": ("augmentations",),
    "autoaugment": ("augmentations",),
    "flip": ("augmentations",),
    "hflip": ("augmentations",),
    "transforms": ("augmentations",),
    "mixup": ("mixing",),
    "mixupalpha": ("mixing",),
    "cutmix": ("mixing",),
    "cutmixalpha": ("mixing",),
    "mixupprob": ("mixing",),
    "cutmixprob": ("mixing",),
    "mixupoffepoch": ("training.unmixed_last_epochs",),
    "randomstate": ("split_seed", "seed"),
    # the data, the split, the machine
    "label": ("label_columns",),
    "labelcol": ("label_columns",),
    "labelcolumn": ("label_columns",),
    "target": ("label_columns", "stratify_by"),
    "targets": ("label_columns",),
    "y": ("label_columns",),
    "source": ("data",),
    "folder": ("data",),
    "csv": ("labels",),
    "table": ("labels",),
    "annotations": ("labels",),
    "df": ("labels",),
    "fncol": ("image_column",),
    "filename": ("image_column",),
    "groups": ("group",),
    "groupcolumn": ("group",),
    "delim": ("label_delim", "delimiter"),
    "sep": ("delimiter",),
    "navalues": ("missing_values",),
    "missing": ("missing_values",),
    "ext": ("extensions",),
    "suffixes": ("extensions",),
    "cv": ("folds",),
    "k": ("folds", "top_k"),
    "kfold": ("folds",),
    "foldcol": ("fold_column",),
    "nfolds": ("folds",),
    "numfolds": ("folds",),
    "nsplits": ("folds",),
    "method": ("split_method",),
    "stratify": ("stratify_by",),
    "holdout": ("holdout_fraction",),
    "testsize": ("holdout_fraction",),
    "validpct": ("holdout_fraction",),
    "valsize": ("holdout_fraction",),
    "frozen": ("folds_from",),
    "maxbad": ("max_bad_fraction",),
    "fold": ("only_folds", "folds"),
    "gpu": ("device",),
    "deterministic": ("reproducible",),
    "accelerator": ("device",),
    "workers": ("threads",),
    "numworkers": ("threads",),
    "njobs": ("threads",),
    "jobs": ("threads",),
    "output": ("out", "runs"),
    "outputdir": ("out", "runs"),
    "logdir": ("runs",),
    "project": ("runs",),
    "config": ("recipe",),
    "cfg": ("recipe",),
    "file": ("recipe",),
    "override": ("overrides",),
    "views": ("tta",),
    "tta": ("predict_views",),
    "silent": ("quiet",),
    # the submission
    "ids": ("id_table",),
    "answer": ("answer_columns",),
    "threshold": ("thresholds",),
    "sample": ("template",),
    "samplesubmission": ("template",),
    "topk": ("top_k",),
    # kinds and names in recipes
    "onecycle": ("one_cycle",),
    "bce": ("binary_cross_entropy",),
    "asl": ("asymmetric",),
    "focalloss": ("focal",),
    "ce": ("cross_entropy",),
}
"""What other libraries call it, without "-", "_" and spaces -> Podium's names, the first that is known counts."""


def find_synonym(name: str, known: Collection[str]) -> str | None:
    """The known name for what other libraries call `name`, or None.

    Example:
        >>> find_synonym("batch-size", ["training.batch_size"])
        'training.batch_size'
    """
    return next(iter(find_synonyms(name, known)), None)


def find_synonyms(name: str, known: Collection[str]) -> list[str]:
    """All known names for what other libraries call `name`, the likeliest first.

    Example:
        >>> find_synonyms("fold", ["folds", "only_folds", "group"])
        ['only_folds', 'folds']
    """
    plain = "".join(character for character in name.lower() if character.isalnum())
    return [synonym for synonym in SYNONYMS.get(plain, ()) if synonym in known]


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` most likely means, or None when nothing is near.

    Example:
        >>> nearest_name("f1_marco", ["f1_macro", "accuracy"])
        'f1_macro'
        >>> nearest_name("QWK", ["quadratic_kappa", "accuracy"])
        'quadratic_kappa'
        >>> nearest_name("seed", ["split_seed", "folds"])
        'split_seed'
    """
    if len(name) > _LONGEST_NAME:
        return None
    lowered = {candidate.lower(): candidate for candidate in known}
    synonym = find_synonym(name, lowered)
    if synonym is not None:
        return lowered[synonym]
    found = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=_NEAR)
    found = found or [
        candidate for candidate in lowered if sorted(candidate) == sorted(name.lower())
    ]  # "dgo" for "dog"
    if found and name:
        return lowered[found[0]]
    holding = [candidate for candidate in lowered if name.lower() in candidate.split("_")]
    return lowered[holding[0]] if len(holding) == 1 else None
