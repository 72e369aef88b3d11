"""Podium's classifier inside scikit-learn: cross_val_score with whole groups, on paths."""

import csv
from pathlib import Path

import numpy as np
from sklearn.model_selection import GroupKFold, cross_val_score

import podium
from podium.demo import prepare

FOLDER = Path("demo/sign_digits")

if __name__ == "__main__":
    prepare("sign_digits", FOLDER)
    with (FOLDER / "train.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    paths = np.array([str(FOLDER / "train" / row["path"]) for row in rows])
    labels = np.array([row["label"] for row in rows])
    students = np.array([row["group"] for row in rows])

    # One view and few epochs keep the example short. Leave both out for a score that you can trust.
    short = ["feature_views=[plain]", "predict_views=[plain]"]
    classifier = podium.ImageClassifier(preset="baseline", overrides=short, random_state=0)
    scores = cross_val_score(classifier, paths, labels, groups=students, cv=GroupKFold(3), scoring="f1_macro")
    print(f"macro F1 of three folds: {np.round(scores, 3)}")
