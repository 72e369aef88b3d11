"""Several attributes read from the paths, and the contest's class number over them."""

from pathlib import Path

import podium
from podium.demo import prepare

FOLDER = Path("demo/glyphs")
CLASSES = {"letter": "ABGKRS", "weight": ("normal", "bold"), "slant": ("upright", "oblique")}

if __name__ == "__main__":
    prepare("glyphs", FOLDER)
    data = podium.scan(
        FOLDER / "train",
        pattern="{group}_{style}/{letter}_{weight}_{slant}_{number}.png",
        label_columns=list(CLASSES),
        classes=CLASSES,
        composite="letter*4 + weight*2 + slant",
        group="group",
    )
    # One view and one fold keep the example short. Leave both out for a score that you can trust.
    short = ["feature_views=[plain]", "predict_views=[plain]"]
    run = podium.train(data, preset="baseline", overrides=short, only_folds=[0])

    for name, target in run.scores.targets.items():
        print(f"{name:8} macro F1 {target.metrics['f1_macro']}")
    predictions = run.predict(FOLDER / "test")
    record = podium.submit(predictions, template=FOLDER / "sample_submission.csv", out="glyphs.csv")
    print(f"{record.n_rows} class numbers in {record.path}")
