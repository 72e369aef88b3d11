"""A run as a folder: what the graph answers beside the run, what is refused, and nothing half-written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from PIL import Image

import podium
from podium import cli, durable
from podium.dataset import FoldOptions
from podium.decisions import DecisionRules
from podium.deployed.engines import ENGINES, open_session
from podium.errors import CorruptFileError, PodiumError, StorageError, UnknownNameError, UsageError
from podium.export import check_graph
from podium.images import store_as
from podium.machine import Silent
from podium.tables import Samples
from podium.workflows import Run, train
from podium.workflows.exported_models import open_models
from podium.workflows.precision_loss import _Images
from tiny.contest import make_recipe, make_settings

pytestmark = pytest.mark.long  # what all of them need takes seconds to make

Contest = Callable[[str], Samples]
WHOLE = ("model.freeze=none", "predict_views=[plain,hflip]", "image.size_px=[40,32]", "image.stored_px=[44,36]")


@pytest.fixture(scope="module")
def run(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A frozen backbone with the heads of two folds, for three heads and a composite class."""
    return train(
        contest("attributes"), recipe=make_recipe(), folds=2, settings=make_settings(tmp_path_factory.mktemp("run"))
    )


@pytest.fixture(scope="module")
def exported(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "model"
    run.export(folder)
    return folder


def agree(run: Run, folder: Path, engine: str, atol: float = 1e-5) -> None:
    files = [run.samples.file(row) for row in range(5)]
    model, wanted = podium.load_model(folder, engine=engine), run.predict(files)
    found = model.predict(files)
    for name, values in wanted.probs.items():
        np.testing.assert_allclose(found.probs[name], values, atol=atol)
    alone = model.predict([np.asarray(Image.open(files[0]).convert("RGB"))])
    for name, values in wanted.probs.items():
        np.testing.assert_allclose(alone.probs[name][0], values[0], atol=atol)


@pytest.mark.parametrize("engine", ENGINES)
def test_it_answers_as_the_run(run: Run, exported: Path, engine: str) -> None:
    agree(run, exported, engine)


@pytest.mark.parametrize("shape", ["single", "multi"])
def test_so_do_networks_of_rectangles_under_two_views(shape: str, contest: Contest, tmp_path: Path) -> None:
    lines = (*WHOLE, "image.fit=pad", "image.preprocessing=[{kind: grayscale}]")
    run = train(contest(shape), recipe=make_recipe(*lines), folds=2, settings=make_settings(tmp_path))
    found = run.export(tmp_path / "model")
    assert found.checked.engines == ENGINES
    agree(run, tmp_path / "model", "onnxruntime")


def test_the_folder_says_what_it_is(run: Run, exported: Path) -> None:
    assert sorted(path.name for path in exported.iterdir()) == ["card.md", "model.json", "model.onnx"]
    card, record = (exported / "card.md").read_text(), durable.read_json(exported / "model.json")
    assert "mean of the models of 2 folds" in card
    assert f"{run.scores.main.value:.4f}" in card
    assert record["outputs"][0] == "class.probs"
    assert record["check"]["same_pixels"] < 1e-5


def test_it_is_loaded_without_torch(run: Run, exported: Path) -> None:
    code = (
        "import sys, podium\n"
        f"model = podium.load_model({str(exported)!r})\n"
        f"print(model.predict([{str(run.samples.file(0))!r}]).names('mask')[0])\n"
        "assert not {'torch', 'timm', 'onnx', 'sklearn'} & set(sys.modules), sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("worn", "none")


def test_decisions_are_inside(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = {"thresholds": {"tags": [0.0, 1.0]}, "composite": "class_first", "unknown": {"mask": 0.999}}
    durable.write_json(run.folder.decisions_file, record)
    try:
        run.export(tmp_path / "model", tta="none")
    finally:
        durable.remove_file(run.folder.decisions_file)
    found = podium.load_model(tmp_path / "model").predict([run.samples.file(0)])
    assert found.names("tags") == [["red"]]
    assert found.names("mask") == [None]


def test_what_disagrees_is_not_written(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = check_graph._ask_network
    monkeypatch.setattr(
        check_graph, "_ask_network", lambda *given: {name: value + 0.01 for name, value in network(*given).items()}
    )
    with pytest.raises(PodiumError, match=r"disagrees with the run in onnxruntime.*for image '.*Nothing was written"):
        run.export(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_what_a_grey_level_does_is_told_and_refuses_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_graph, "SENSITIVE", 0.0)
    caution = run.export(tmp_path / "model").record["check"]["caution"]
    assert caution is not None
    assert caution.startswith("This network is sensitive: pixels that differ by ")
    assert caution.replace("<", "&lt;") in (tmp_path / "model" / "card.md").read_text(encoding="utf-8")


def test_openvino_is_right_at_the_first_batch_of_a_size_whoever_compiles(contest: Contest, tmp_path: Path) -> None:
    """It was not where depthwise convolutions stand behind an `If`."""
    openvino = pytest.importorskip("openvino")
    import onnxruntime

    made = make_recipe("model.name=tf_efficientnet_lite0", "image.size_px=48")
    train(contest("single"), recipe=made, folds=2, settings=make_settings(tmp_path)).export(tmp_path / "model")
    graph = tmp_path / "model" / "model.onnx"
    compiled = openvino.Core().compile_model(str(graph), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    images = np.random.default_rng(0).integers(0, 256, (7, 60, 48, 3), dtype=np.uint8)
    for n, height in ((1, 48), (5, 48), (1, 60), (7, 48), (3, 60)):
        given = np.ascontiguousarray(images[:n, :height])
        np.testing.assert_allclose(compiled(given)[0], session.run(None, {"images": given})[0], atol=1e-4)


BLENDS = {
    "logits": {"blend": "logits", "weights": [0.7, 0.3]},
    "mean": {"blend": "mean", "weights": [0.7, 0.3]},
    "vote": {"blend": "vote", "weights": [0.7, 0.3]},
    "ranks": {"blend": "ranks", "weights": [0.7, 0.3]},
    "stack": {"weights": "stack"},
}


@pytest.fixture(scope="module")
def two_runs(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder with a run of a frozen and one of a trained network, for each task shape."""

    @cache
    def make(shape: str) -> Path:
        settings, samples = make_settings(tmp_path_factory.mktemp(shape)), contest(shape)
        train(samples, recipe=make_recipe(), folds=2, settings=settings, name="frozen")
        whole = make_recipe("model.freeze=none", "image.size_px=24", "image.stored_px=32", "training.epochs=1")
        train(samples, recipe=whole, folds=2, settings=settings, name="whole")
        return settings.runs

    return make


@pytest.mark.parametrize(
    ("shape", "blend"),
    [
        ("attributes", "logits"),
        ("multi", "ranks"),
        ("single", "stack"),
        *(
            pytest.param(*pair, marks=pytest.mark.soak)
            for pair in (("single", "vote"), ("multi", "mean"), ("attributes", "ranks"), ("multi", "stack"))
        ),
    ],
)
def test_an_ensemble_is_one_graph(shape: str, blend: str, two_runs: Callable[[str], Path], tmp_path: Path) -> None:
    name = f"both by {blend}"
    run = podium.ensemble("frozen", "whole", runs=two_runs(shape), name=name, progress=Silent(), **BLENDS[blend])  # type: ignore[arg-type]
    made = run.export(tmp_path / "model")
    assert made.record["model"]["ships"] == "an ensemble of frozen, whole, the mean over the folds of each"
    assert made.record["model"]["n_models"] == 4
    for engine in ENGINES:
        agree(run, tmp_path / "model", engine, atol=1 / 257 if blend == "ranks" else 1e-5)


def test_ensembles_that_no_graph_holds_are_refused(two_runs: Callable[[str], Path], tmp_path: Path) -> None:
    runs, table = two_runs("single"), tmp_path / "table.csv"
    first = podium.load_run("frozen", runs=runs)
    table.write_text("image,taken\n" + "".join(f"{name},{row % 5}\n" for row, name in enumerate(first.samples.ids)))
    bad = podium.ensemble(
        "frozen", "whole", runs=runs, weights="stack", table=table, columns=["taken"], name="taken", progress=Silent()
    )
    with pytest.raises(UsageError, match="looks at columns of a table"):
        bad.export(tmp_path / "refused")
    with pytest.raises(UsageError, match="no model on all images"):
        bad.export(tmp_path / "refused", models="refit")
    assert not (tmp_path / "refused").exists()


def prepare_differently(contest: Contest, shape: str, folder: Path, *recipes: tuple[str, ...]) -> Run:
    """An ensemble of runs whose images are prepared in different ways."""
    settings, names = make_settings(folder), []
    for number, lines in enumerate(recipes):
        names.append(f"run {number}")
        made = make_recipe(*lines)
        train(contest(shape), recipe=made, folds=2, settings=settings, name=names[-1])
    return podium.ensemble(*names, runs=settings.runs, name="all", progress=Silent())


WIDE = ("image.size_px=[24,40]", "image.stored_px=[24,40]", "image.fit=pad", "image.preprocessing=[{kind: grayscale}]")
CUT = ("image.size_px=28", "image.stored_px=28", "image.preprocessing=[{kind: centre_crop, size_px: 36}]")
CUT_LESS = ("model.freeze=none", "training.epochs=1", *CUT[:2], CUT[2].replace("36", "34"))


@pytest.mark.parametrize(
    "shape", ["attributes", *(pytest.param(one, marks=pytest.mark.soak) for one in ("single", "multi"))]
)
def test_runs_that_prepare_images_differently_are_one_graph(shape: str, contest: Contest, tmp_path: Path) -> None:
    """Each form is what its run decodes and resizes: from files, from a table of them, and inside the graph."""
    run = prepare_differently(contest, shape, tmp_path, (), WIDE, CUT, CUT_LESS)
    made = run.export(tmp_path / "model")
    assert [form["size"] for form in made.record["image"]["forms"]] == [[32, 32], [24, 40], [28, 28], [28, 28]]
    assert made.checked.levels is not None
    files = [run.samples.file(row) for row in range(5)]
    wanted = run.predict(files)
    for engine in ENGINES:
        agree(run, tmp_path / "model", engine)
        model = podium.load_model(tmp_path / "model", engine=engine)
        model.predict_files(run.samples.root, out=tmp_path / f"{engine}.csv")
        table = pd.read_csv(tmp_path / f"{engine}.csv").set_index("id")
        for head in run.samples.task.targets:
            columns = [f"{head.name}={name}" for name in head.classes]
            found = table.loc[list(run.samples.ids[:5]), columns].to_numpy()
            np.testing.assert_allclose(found, wanted.probs[head.name], atol=1e-5)
    card = " ".join((tmp_path / "model" / "card.md").read_text(encoding="utf-8").split())
    assert "24 x 40 px (height x width), fit `pad`, `grayscale`" in card
    assert "Prepared images have 12 channels" in card
    assert "beside `podium predict` (fp32, " in card


def test_a_graph_of_several_sizes_takes_images_of_any_size(contest: Contest, tmp_path: Path) -> None:
    """Whoever opens it with an engine alone; and images with an opacity, which have four channels, are refused."""
    run = prepare_differently(contest, "single", tmp_path, (), WIDE)
    run.export(tmp_path / "model")
    graph = (tmp_path / "model" / "model.onnx").read_bytes()
    images = np.random.default_rng(0).integers(0, 256, (7, 60, 48, 4), np.uint8)
    target = run.samples.task.main_target.name
    for engine in ENGINES:
        ask = open_session(graph, engine)
        for n, height in ((1, 48), (5, 24), (1, 60), (7, 60)):
            given = np.ascontiguousarray(images[:n, :height, :, :3])
            wanted = run.predict(list(given)).probs[target]
            np.testing.assert_allclose(ask(given)[f"{target}.probs"], wanted, atol=5e-3)
        with pytest.raises(Exception, match=r"(?i)shape|reshape|dimension"):
            ask(images[:2])


def test_an_ensemble_of_which_no_graph_can_prepare_every_form_takes_prepared_images(
    contest: Contest, tmp_path: Path
) -> None:
    run = prepare_differently(
        contest, "single", tmp_path, (), ("image.size_px=32", "image.preprocessing=[{kind: clahe}]")
    )
    made = run.export(tmp_path / "model")
    assert not made.record["image"]["takes_any_size"]
    agree(run, tmp_path / "model", "onnxruntime")


def test_fewer_bits_of_an_ensemble_are_judged_on_its_own_rows(contest: Contest, tmp_path: Path) -> None:
    """The run that has all the weight has its images in another order than the ensemble, and another size."""
    settings, samples = make_settings(tmp_path), contest("single")
    first = train(samples, recipe=make_recipe(), folds=2, settings=settings, name="first")
    turned, same = samples.take(np.arange(len(samples))[::-1]), FoldOptions(folds_from=first.folder.path)
    train(turned, recipe=make_recipe(*WIDE[:2]), folds=same, settings=settings, name="turned")
    run = podium.ensemble("first", "turned", runs=settings.runs, weights=[0.0, 1.0], name="both", progress=Silent())
    models = open_models(run.folder, DecisionRules(), settings, Silent())
    assert models.folders[0].name == "turned"
    images, rows = _Images(run.folder, models, settings, Silent()), np.array([0, 3, 5])
    for row, pixels in zip(rows, images.pixels(rows), strict=True):
        decoded = np.asarray(Image.open(run.samples.file(row)).convert("RGB"))
        np.testing.assert_array_equal(pixels, store_as(decoded, (24, 40), "stretch"))


@pytest.mark.parametrize("precision", ["int8", pytest.param("bf16", marks=pytest.mark.soak)])
def test_fewer_bits_come_with_what_they_change(
    precision: str, run: Run, exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if precision == "bf16":
        pytest.importorskip("openvino")
    folder = tmp_path / "model"
    words = ["export", run.name, "--runs", str(run.folder.path.parent), "--to", str(folder), "-q", "--json"]
    assert cli.main([*words, "--precision", precision, "--device", "cpu"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [loss["engine"] for loss in told["loss"]] == ["onnxruntime", "openvino"][precision == "bf16" :]
    card = (folder / "card.md").read_text(encoding="utf-8")
    assert f"computes in {precision}" in card
    known = run.samples.rows_of(run.oof.ids)
    for loss in told["loss"]:
        assert loss["n"] == (run.samples.target_labels(run.samples.task.main_target.name)[known] >= 0).sum()
        assert loss["difference"]["low"] <= loss["difference"]["value"] <= loss["difference"]["high"]
        assert f"| {loss['n_other']} of {loss['n']} |" in card
    files = [run.samples.file(row) for row in range(5)]
    model, wanted = podium.load_model(folder), podium.load_model(exported).predict(files)
    assert (model.record.precision, model.engine) == (precision, "openvino")
    for name, values in model.predict(files).probs.items():
        np.testing.assert_allclose(values, wanted.probs[name], atol=0.3)
    if precision == "int8":
        assert any(node.op_type == "QuantizeLinear" for node in onnx.load(folder / "model.onnx").graph.node)
    with pytest.raises(UnknownNameError, match="precision"):
        run.export(tmp_path / "other", precision="fp8")  # type: ignore[arg-type]


@pytest.mark.long
def test_a_run_that_predicts_with_corners_is_exported_with_them(contest: Contest, tmp_path: Path) -> None:
    views = "[plain,hflip,top-left-0.875,hflip+bottom-right-0.875]"
    recipe = make_recipe(f"feature_views={views}", f"predict_views={views}")
    run = train(contest("multi"), recipe=recipe, folds=2, settings=make_settings(tmp_path / "runs"))
    files = [run.samples.file(row) for row in range(3)]
    asked = run.predict(files, tta=["hflip", "top-left-0.875", "hflip+bottom-right-0.875"])
    np.testing.assert_allclose(run.predict(files).probs["tags"], asked.probs["tags"], atol=1e-6)
    run.export(tmp_path / "model")
    agree(run, tmp_path / "model", "onnxruntime")


def test_wrong_wishes_are_refused_in_one_line(run: Run, exported: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="opset 3 cannot be written"):
        run.export(tmp_path / "model", opset=3)
    with pytest.raises(UsageError, match="warps the image"):
        run.export(tmp_path / "model", tta="scale-0.8")
    with pytest.raises(UsageError, match="no model on all images"):
        run.export(tmp_path / "model", models="refit")
    with pytest.raises(UsageError):
        run.export(exported)
    assert not list(tmp_path.iterdir())


def test_an_unfinished_run_is_refused(run: Run, tmp_path: Path) -> None:
    run.folder.scores_file.rename(tmp_path / "scores.json")
    try:
        with pytest.raises(UsageError, match="not finished"):
            run.export(tmp_path / "model")
    finally:
        (tmp_path / "scores.json").rename(run.folder.scores_file)


def test_a_folder_that_is_not_ours_or_was_changed_is_refused(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no exported model"):
        podium.load_model(tmp_path)
    with pytest.raises(UnknownNameError, match="tensorrt"):
        podium.load_model(exported, engine="tensorrt")
    folder = tmp_path / "copy"
    folder.mkdir()
    for path in exported.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    data = bytearray((folder / "model.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "model.onnx").write_bytes(data)
    with pytest.raises(CorruptFileError, match="not the one that was exported"):
        podium.load_model(folder)
    record = durable.read_json(folder / "model.json")
    durable.write_json(folder / "model.json", record | {"format": 99})
    with pytest.raises(StorageError, match="another version of Podium"):
        podium.load_model(folder)
    durable.write_json(folder / "model.json", {"anything": 1})
    with pytest.raises(UsageError, match="not that of a model that Podium exported"):
        podium.load_model(folder)
