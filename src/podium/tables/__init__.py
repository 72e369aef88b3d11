"""The contracts: a task of heads, samples, folds and predictions.

Before training everything is a table of samples; after training everything is a table of predictions. Columns go by
name, arrays are read-only, ids and class order travel with them.
"""

from podium.tables.bags import describe_bags, find_disagreement, join_bags, number_bags
from podium.tables.boxes import N_POINTS, UNREADABLE, Boxes, no_boxes
from podium.tables.composite import Composite
from podium.tables.concat import concat_samples
from podium.tables.correct import correct_samples, is_correction_of
from podium.tables.correction import DROP, Correction, digest_corrections, save_corrections
from podium.tables.csv_cells import read_csv, write_csv
from podium.tables.decide import (
    DECISION_THRESHOLD,
    CompositeDecoding,
    as_certain_probs,
    decide,
    decide_targets,
    expected_class,
)
from podium.tables.files import (
    load_folds,
    load_predictions,
    load_samples,
    move_samples,
    save_folds,
    save_predictions,
    save_samples,
)
from podium.tables.fit_task import fit_to_task
from podium.tables.fold_names import order_fold_names
from podium.tables.folds import ALWAYS_TRAIN, HOLDOUT, LEFT_OUT, Folds
from podium.tables.ids import as_text_array, first_duplicate, normalise_id, path_from_text, path_to_text
from podium.tables.image_names import IMAGE_EXTENSIONS, IMAGE_FORMATS, is_image_name
from podium.tables.naming import ImageNames, NameMatch
from podium.tables.origin import Origin
from podium.tables.predictions import MEAN_OF_FOLDS, Predictions, concat_predictions, mean_predictions
from podium.tables.samples import EXTRA, Samples
from podium.tables.split_names import SPLIT_NAMES, split_of, splits_of
from podium.tables.task import Head, HeadKind, Task

__all__ = [
    "ALWAYS_TRAIN",
    "DECISION_THRESHOLD",
    "DROP",
    "EXTRA",
    "HOLDOUT",
    "IMAGE_EXTENSIONS",
    "IMAGE_FORMATS",
    "LEFT_OUT",
    "MEAN_OF_FOLDS",
    "N_POINTS",
    "SPLIT_NAMES",
    "UNREADABLE",
    "Boxes",
    "Composite",
    "CompositeDecoding",
    "Correction",
    "Folds",
    "Head",
    "HeadKind",
    "ImageNames",
    "NameMatch",
    "Origin",
    "Predictions",
    "Samples",
    "Task",
    "as_certain_probs",
    "as_text_array",
    "concat_predictions",
    "concat_samples",
    "correct_samples",
    "decide",
    "decide_targets",
    "describe_bags",
    "digest_corrections",
    "expected_class",
    "find_disagreement",
    "first_duplicate",
    "fit_to_task",
    "is_correction_of",
    "is_image_name",
    "join_bags",
    "load_folds",
    "load_predictions",
    "load_samples",
    "mean_predictions",
    "move_samples",
    "no_boxes",
    "normalise_id",
    "number_bags",
    "order_fold_names",
    "path_from_text",
    "path_to_text",
    "read_csv",
    "save_corrections",
    "save_folds",
    "save_predictions",
    "save_samples",
    "split_of",
    "splits_of",
    "write_csv",
]
