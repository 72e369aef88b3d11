"""Whole picture, centre, face and upper face: who finds the boxes, and what each crop scores, on semi-synthetic masks.

    python benchmarks/regions.py --people 60 --out regions.json

Needs the extra `face` for both detectors, PODIUM_SHARED_DATA with mask7_semisynth (225 people, 7 pictures each), and
the packaged weights. All crops share the folds, so differences are paired.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
from pathlib import Path

import podium
from podium.machine import Silent

CHAIN = "retinaface,mtcnn,centre:0.6"
CROPS: dict[str, dict[str, object]] = {
    "whole": {},
    "centre": {"image.region": "middle", "image.detect": ["centre:0.6"]},
    "face": {"image.region": "face", "image.region_pad": 0.1, "image.detect": CHAIN.split(",")},
    "upper_face": {"image.region": "upper_face", "image.region_pad": 0.1, "image.detect": CHAIN.split(",")},
}


def cpu_seconds() -> float:
    return sum(resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--out", type=Path, default=Path("regions.json"))
    given = parser.parse_args()
    data = Path(os.environ.get("PODIUM_SHARED_DATA", "/data")) / "mask7_semisynth" / "train" / "images"
    people = sorted(path.name for path in data.iterdir())
    chosen = set(people[:: max(1, len(people) // given.people)][: given.people])
    scan = podium.scan(
        data,
        pattern="{id}_{gender}_{race}_{age:int}/{shot}",
        label_columns=("gender", "age"),
        group="id",
        bins={"age": (30, 60)},
    )
    samples = scan.samples.take([row for row, name in enumerate(scan.samples.ids) if name.split("/")[0] in chosen])
    found: dict[str, object] = {"images": len(samples), "people": len(chosen), "detectors": {}, "crops": {}}
    with tempfile.TemporaryDirectory() as folder:
        settings = podium.Settings(runs=Path(folder) / "runs", device="cpu", threads=1, reproducible=True)
        for detector in ("retinaface", "mtcnn"):
            start = cpu_seconds()
            counts = podium.find_regions(
                samples, detect=[detector, "centre"], settings=settings, progress=Silent()
            ).counts["face"]
            found["detectors"][detector] = {**counts, "ms_each": 1000 * (cpu_seconds() - start) / len(samples)}  # type: ignore[index]
            print(detector, found["detectors"][detector], flush=True)  # type: ignore[index]
        prepared = podium.prepare(samples, folds=3, settings=settings, progress=Silent())
        for name, keys in CROPS.items():
            start = cpu_seconds()
            run = podium.train(
                prepared,
                overrides={"image.size_px": given.size, "feature_views": ["plain"], "predict_views": ["plain"], **keys},
                settings=settings,
                progress=Silent(),
                name=name,
            )
            scores = {target: str(score.metrics["f1_macro"]) for target, score in run.scores.targets.items()}
            boxes = {region: one.counts() for region, one in run.samples.boxes.items()}
            found["crops"][name] = {"f1_macro": scores, "boxes": boxes, "cpu_s": cpu_seconds() - start}  # type: ignore[index]
            print(name, found["crops"][name], flush=True)  # type: ignore[index]
    given.out.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
