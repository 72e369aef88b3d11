"""The tables as pandas frames, for notebooks and for whatever comes after Podium."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from podium.tables.folds import Folds
    from podium.tables.predictions import Predictions
    from podium.tables.samples import Samples

__all__ = ["answers_frame", "folds_frame", "predictions_frame", "samples_frame"]


def samples_frame(samples: Samples) -> pd.DataFrame:
    """One row a sample, indexed by id: path, group, split, source, fold, a column a head (class names, None = missing).

    A multi-label head is a column a class, named "head=class", with 0, 1 and NA. Soft labels are columns
    "share:head=class", weights the column "weight". Numbers keep their name. Sizes, once
    known, are "width" and "height".
    """
    import pandas as pd

    columns: dict[str, Any] = {"path": samples.paths}
    columns |= {
        name: getattr(samples, name)
        for name in ("group", "split", "source", "fold", "weight", "domain", "time", "bag")
        if getattr(samples, name) is not None
    }
    for head in samples.task.heads if samples.task else ():
        labels = samples.labels[head.name]
        if head.is_multi:
            for place, name in enumerate(head.classes):
                marks = labels[:, place]
                columns[f"{head.name}={name}"] = pd.array(marks, dtype="Int8")
                columns[f"{head.name}={name}"][marks < 0] = pd.NA
        else:
            columns[head.name] = np.array([*head.classes, None], dtype=object)[labels]
        if head.name in samples.soft:
            shares = np.where(samples.soft[head.name] < 0, np.nan, samples.soft[head.name])
            columns |= {f"share:{head.name}={name}": shares[:, place] for place, name in enumerate(head.classes)}
    columns |= dict(samples.numbers)
    if samples.size is not None:
        columns |= dict(zip(("width", "height"), samples.size.T, strict=True))
    return pd.DataFrame(columns, index=pd.Index(samples.ids, name="id"))


def folds_frame(folds: Folds) -> pd.DataFrame:
    """One row a sample, indexed by id, with its fold number; -1 always trains, -2 is held out."""
    import pandas as pd

    return pd.DataFrame({"fold": folds.fold}, index=pd.Index(folds.ids, name="id"))


def predictions_frame(predictions: Predictions) -> pd.DataFrame:
    """One row an image, indexed by id: the fold that predicted it and a column "target=class" a probability."""
    import pandas as pd

    columns: dict[str, Any] = {"fold": predictions.fold}
    for head in predictions.task.targets:
        for place, name in enumerate(head.classes):
            columns[f"{head.name}={name}"] = predictions.probs[head.name][:, place]
    return pd.DataFrame(columns, index=pd.Index(predictions.ids, name="id"))


def answers_frame(predictions: Predictions, threshold: float) -> pd.DataFrame:
    """One row an image, indexed by id, with the columns that `samples_frame` has for labels."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for head in predictions.task.targets:
        decided = predictions.decide(head.name, threshold=threshold)
        if head.is_multi:
            columns |= {f"{head.name}={name}": decided[:, place] for place, name in enumerate(head.classes)}
        else:
            columns[head.name] = np.array(head.classes, dtype=object)[decided]
    return pd.DataFrame(columns, index=pd.Index(predictions.ids, name="id"))
