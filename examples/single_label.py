"""One class per image: signed digits, no student on both sides of a split. From samples to a submission."""

from pathlib import Path

import podium
from podium.demo import prepare

FOLDER = Path("demo/sign_digits")

if __name__ == "__main__":
    prepare("sign_digits", FOLDER)
    data = podium.scan(FOLDER / "train", labels=FOLDER / "train.csv", label_columns="label", group="group")
    run = podium.train(data, preset="baseline", folds=5)

    print(f"macro F1 {run.scores.main} from {len(run.oof)} images")
    worst = min(run.scores.targets["label"].per_class, key=lambda item: item.f1)
    print(f"hardest digit: {worst.name}, F1 {worst.f1:.3f}")

    predictions = run.predict(FOLDER / "test")
    record = podium.submit(predictions, template=FOLDER / "sample_submission.csv", out="digits.csv")
    print(f"{record.n_rows} rows in {record.path}, report in {run.folder.report_file}")
