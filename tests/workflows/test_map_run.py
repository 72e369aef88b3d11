"""E10: the map is of embeddings by the model that did not learn an image; near images are near; the report shows it."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from podium.cli import main
from podium.data import eval_batch
from podium.errors import UnknownNameError, UsageError
from podium.predicting.embeddings import align_to
from podium.report.contents import read_contents
from podium.report.map_section import describe_map
from podium.tables import Samples
from podium.workflows import Run, train
from tiny.contest import make_recipe, make_settings

Contest = Callable[[str], Samples]
CASES = {
    "frozen": ("single", ("features.depths=[2,last]",)),
    "multi": ("multi", ("model.freeze=none",)),
    "separate": ("attributes", ("model.freeze=none", "model.arrangement=separate")),
}


@pytest.fixture(scope="module")
def runs(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    made = {}
    for name, (shape, lines) in CASES.items():
        settings = make_settings(tmp_path_factory.mktemp(name))
        made[name] = train(contest(shape), recipe=make_recipe(*lines), folds=2, name=name, settings=settings)
    return made


@pytest.mark.long
@pytest.mark.parametrize("name", list(CASES))
def test_every_image_has_a_place_and_its_columns(runs: dict[str, Run], name: str) -> None:
    run = runs[name]
    found = run.map(color="group")
    assert found.ids.tolist() == run.oof.ids.tolist()
    assert found.points.shape == (len(run.oof), 2)
    assert list(found.columns) == ["label", "error", "fold", "answer", "group"]
    assert found.is_frozen == (name == "frozen")
    assert len(found.fit) == (0 if name == "frozen" else 1)
    main_target = run.scores.main_target
    wrong = found.columns["error"].count("wrong")
    if name == "frozen":
        accuracy = run.scores.targets[main_target].metrics["accuracy"].value
        judged = len(found.ids) - found.columns["error"].count("no label")
        assert wrong == round((1 - accuracy) * judged)
    with (run.folder.map_folder / "map.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["id"] for line in lines] == found.ids.tolist()
    np.testing.assert_allclose([float(line["x"]) for line in lines], found.points[:, 0], atol=1e-4)
    section = describe_map(read_contents(run.folder))
    assert section is not None
    assert 'id="map"' in run.folder.report_file.read_text(encoding="utf-8")
    assert (run.folder.map_folder / "map-group.png").is_file()


@pytest.mark.slow
def test_trained_embeddings_are_those_of_the_model_that_did_not_learn_the_image(runs: dict[str, Run]) -> None:
    run = runs["multi"]
    from podium.machine import Silent
    from podium.predicting.embeddings import open_embedder

    made = open_embedder(run.folder, "tags", run.settings, Silent()).of_run(run.folder, Silent())
    oof, predictor = run.oof, run.predictor()

    def embed(fold: int, ids: list[str]) -> np.ndarray:
        stored = predictor.store([run.samples.file(int(row)) for row in run.samples.rows_of(ids)])
        pixels = eval_batch(stored.pixels, np.arange(len(ids)), np.empty_like(stored.pixels))
        network = predictor.network(fold, "all")
        with torch.inference_mode():
            return network.heads.standardise(network.features(torch.from_numpy(pixels))).numpy()

    ids = oof.ids.tolist()  # fewer than 500: all are anchors
    over = {fold: align_to(embed(0, ids), embed(fold, ids)) for fold in (0, 1)}
    for fold in (0, 1):
        own = [name for name, number in zip(ids, oof.fold.tolist(), strict=True) if number == fold]
        place = [ids.index(name) for name in own]
        np.testing.assert_allclose(made.rows[place], over[fold](embed(fold, own)), rtol=1e-2, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["frozen", "multi"])
def test_a_copy_of_an_image_is_most_like_it(runs: dict[str, Run], name: str, tmp_path: Path) -> None:
    run = runs[name]
    image = str(run.oof.ids[3])
    others = run.like(image, n=5)
    assert image not in [one.id for one in others]
    assert [one.similarity for one in others] == sorted((one.similarity for one in others), reverse=True)
    copy = tmp_path / "copy.png"
    shutil.copy(run.samples.file(int(run.samples.rows_of([image])[0])), copy)
    nearest = run.like(copy, n=3)
    if name == "frozen":
        assert nearest[0].id == image
        assert nearest[0].similarity == pytest.approx(1, abs=1e-3)
    assert (run.folder.map_folder / "like.png").is_file()


@pytest.mark.long
def test_the_command(runs: dict[str, Run], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run = runs["frozen"]
    words = ["map", "frozen", "--runs", str(run.settings.runs), "--quiet"]
    table = tmp_path / "sites.csv"
    table.write_text("image,site\n" + "".join(f"{name},{'ab'[row % 2]}\n" for row, name in enumerate(run.oof.ids)))
    assert main([*words, "--color", "site", "--table", str(table), "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["columns"]["site"]) == {"a", "b"}
    assert main(words) == 0
    assert "of the variance" in capsys.readouterr().out
    assert main([*words, "--like", str(run.oof.ids[0]), "--n", "2"]) == 0
    assert "similarity" in capsys.readouterr().out
    assert main([*words, "--color", "nothing"]) == 2
    with pytest.raises(UnknownNameError):
        run.like("nobody.png")
    with pytest.raises(UsageError, match="at least 1"):
        run.like(str(run.oof.ids[0]), n=0)
