"""Several labels per image: which letters are in it. One 0/1 column per letter, groups are drawers."""

from pathlib import Path

import podium
from podium.demo import prepare

FOLDER = Path("demo/letters")

if __name__ == "__main__":
    prepare("letters", FOLDER)
    data = podium.scan(FOLDER / "train", labels=FOLDER / "train.csv", group="drawer")
    # A mirrored letter is another letter, so no flipped views. Fewer epochs keep the example short.
    plain = ["feature_views=[plain]", "predict_views=[plain]"]
    run = podium.train(data, preset="baseline", overrides=plain, folds=podium.FoldOptions(folds=3))

    letters = run.scores.targets["labels"]
    print(f"average precision {run.scores.main}, chance {run.scores.chance:.4f}")
    print(f"label accuracy {letters.metrics['label_accuracy']}, chance {letters.chance['label_accuracy']:.4f}")

    predictions = run.predict(FOLDER / "test")
    record = podium.submit(
        predictions, template=FOLDER / "sample_submission.csv", out="letters.csv", thresholds={"a": 0.4}
    )
    print(f"{record.n_rows} rows in {record.path}")
