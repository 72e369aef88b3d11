from __future__ import annotations

import base64
import hashlib
import io
import json
import math
import re
import shutil
import unicodedata
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from podium import durable
from podium.cli.flags import ResultFlags
from podium.cli.report import report
from podium.errors import StorageError
from podium.metric_words import metric_words
from podium.metrics import Interval, Scores, score_predictions
from podium.report import describe_run, make_report, read_contents
from podium.report import page as page_module
from podium.report.thumbnails import ThumbnailBook
from podium.splits.join_duplicates import JoinedDuplicates
from podium.store import FORMAT, RunFolder
from podium.tables import Head, Task, load_predictions, load_samples, save_predictions

from .page_reader import Node, read_page
from .run_writer import SHAPES, draw_files, make_samples, write_run

Page = tuple[RunFolder, Scores, Node]


def load_page(run: RunFolder) -> Node:
    return read_page(make_report(run).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(any_run: RunFolder) -> Page:
    return any_run, Scores.from_dict(durable.read_json(any_run.scores_file)), load_page(any_run)


@pytest.fixture
def copied(small_run: RunFolder, tmp_path: Path) -> RunFolder:
    shutil.copytree(small_run.path, tmp_path / small_run.name)
    return RunFolder(tmp_path / small_run.name)


def bounds(interval: Interval) -> list[float]:
    return [interval.value, interval.low, interval.high]


@pytest.mark.slow
def test_headline_is_the_record(page: Page) -> None:
    _, scores, tree = page
    assert tree.one("p", id="main-score").numbers == [scores.main.value]
    assert tree.one("p", id="main-interval").numbers[:2] == [scores.main.low, scores.main.high]
    assert tree.one("p", id="main-chance").numbers == [scores.chance]
    assert tree.one("p", id="main-score").words == f"{scores.main.value:.4f}"


def test_target_chart_is_the_record(page: Page) -> None:
    _, scores, tree = page
    tables = tree.all("table", id="target-scores")
    assert len(tables) == (1 if len(scores.targets) > 1 else 0)
    for table in tables:
        rows = [row for row in table.all("tr") if row.all("data")]
        assert [row.one("th").words.split()[0] for row in rows] == list(scores.targets)
        assert [row.numbers for row in rows] == [
            [*bounds(item.metrics[scores.main_metric]), item.chance[scores.main_metric]]
            for item in scores.targets.values()
        ]


def test_every_metric_and_class_number_is_the_record(page: Page) -> None:
    _, scores, tree = page
    articles = tree.all("article")
    assert len(articles) == len(scores.targets)
    for article in articles:
        target = scores.targets[article.one("h3").words.split()[0]]
        shown = [block.numbers for block in article.one("dl", kind="metrics").all("div")]
        assert shown == [[*bounds(interval), target.chance[name]] for name, interval in target.metrics.items()]
        rows = article.one("table", kind="classes").one("tbody").all("tr")
        assert [row.one("th").text for row in rows] == [item.name for item in target.per_class]
        for place, (row, item) in enumerate(zip(rows, target.per_class, strict=True)):
            counts = target.confusion
            if target.kind == "multi":
                missed, extra = counts[place, 1, 0], counts[place, 0, 1]
            else:
                missed = sum(counts[place, other] for other in range(len(counts)) if other != place)
                extra = sum(counts[other, place] for other in range(len(counts)) if other != place)
            wanted = [item.n, item.f1, item.f1_low, item.f1_high, item.precision, item.recall, missed, extra]
            assert row.numbers == [number for number in wanted if not math.isnan(number)]


def test_confusion_matrix_is_the_record(page: Page) -> None:
    _, scores, tree = page
    for article in tree.all("article"):
        target = scores.targets[article.one("h3").words.split()[0]]
        matrices = article.all("table", kind="matrix")
        assert len(matrices) == (0 if target.kind == "multi" else 1)
        for matrix in matrices:
            shown = [[int(cell.text or 0) for cell in row.all("td")] for row in matrix.one("tbody").all("tr")]
            assert shown == target.confusion.tolist()


def test_every_table_stands_in_a_box_that_scrolls(page: Page) -> None:
    _, _, tree = page
    boxes = [table for box in tree.all("div", kind="scroll") for table in box.all("table")]
    assert len(boxes) == len(tree.all("table")) > 0
    for drawing in tree.all("svg"):
        assert drawing.attributes["class"] in ("strip", "chart")
        assert drawing.attributes["aria-label"]


def test_one_file_without_network(page: Page) -> None:
    run, _, tree = page
    for node in tree.walk():
        for name in ("src", "href", "srcset", "action", "xlink:href"):
            assert node.attributes.get(name, "#").startswith(("#", "data:")), node
        assert "style" not in node.attributes
        assert not [name for name in node.attributes if name.startswith("on")]
    style = tree.one("style").text
    assert "url(" not in style
    assert "@import" not in style
    assert not re.search(r"https?:", run.report_file.read_text(encoding="utf-8"))
    assert {node.tag for node in tree.walk()}.isdisjoint({"iframe", "object", "embed", "base", "form"})


def test_policy_allows_this_style_and_script_only(page: Page) -> None:
    _, _, tree = page
    policy = next(node for node in tree.all("meta") if "http-equiv" in node.attributes).attributes["content"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(tree.one(tag).text.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"


def test_same_run_gives_the_same_bytes(page: Page) -> None:
    run, _, _ = page
    first = run.report_file.read_bytes()
    assert make_report(run).read_bytes() == first
    assert len(first) < 3_000_000


@pytest.mark.slow
def test_the_order_of_the_fold_table_changes_nothing(copied: RunFolder) -> None:
    whole = make_report(copied).read_text(encoding="utf-8")
    header, *lines = (copied.path / "folds.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (copied.path / "folds.csv").write_text(header + "".join(reversed(lines)), encoding="utf-8")
    assert make_report(copied).read_text(encoding="utf-8") == whole


def test_a_run_of_another_version_is_refused(copied: RunFolder) -> None:
    record = copied.read()
    for other in (FORMAT - 1, FORMAT + 1, None):
        durable.write_json(copied.run_file, record | {"format": other})
        with pytest.raises(StorageError, match=f"another version of Podium wrote this run .format {other}"):
            make_report(copied)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["leaks", "hints"])
def test_a_damaged_leak_check_is_named(copied: RunFolder, name: str) -> None:
    record = durable.read_json(copied.path / "folds.json")
    durable.write_json(copied.path / "folds.json", record | {name: 7})
    tree = load_page(copied)
    boxes = [
        node.words for node in tree.all("section") if "Problems with files" in node.attributes.get("aria-label", "")
    ]
    assert len(boxes) == 1
    assert "folds.json" in boxes[0]


@pytest.mark.slow
def test_options_in_kept_notes_are_code(copied: RunFolder) -> None:
    record = durable.read_json(copied.path / "folds.json")
    kept = {"hints": ["Keep them together: `group=r'(<p>)_'`."], "notes": ["a lone ` stays"]}
    durable.write_json(copied.path / "folds.json", record | kept)
    tree = load_page(copied)
    box = next(node for node in tree.all("section") if node.attributes.get("aria-label") == "Cautions")
    assert "A group may be missing. Keep them together: group=r'(<p>)_'." in box.words
    assert [node.text for node in box.all("code")] == ["group=r'(<p>)_'", "split_seed=1", "--split-seed 1"]
    assert "a lone ` stays" in [node.words for node in tree.all("p", kind="note")]
    record = durable.read_json(copied.path / "folds.json")
    durable.write_json(copied.path / "folds.json", record | {"hints": ["No option."]})
    assert "--split-seed" not in load_page(copied).words


SECTIONS = {
    "samples.csv": ("data", "folds", "mistakes"),
    "folds.csv": ("folds",),
    "folds.json": ("folds",),
    "scores.json": ("classes",),
    "predictions/oof.parquet": ("mistakes",),
    "audit.json": (),
    "quarantine.csv": (),
    "recipe.yaml": (),
    "run.json": (),
    "environment.json": (),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SECTIONS)
def test_a_missing_file_leaves_its_section_out(copied: RunFolder, name: str) -> None:
    there = {node.attributes["id"] for node in load_page(copied).all("section") if "id" in node.attributes}
    assert {"classes", "mistakes", "calibration", "data", "folds", "curves", "settings"} == there
    (copied.path / name).unlink()
    left = {node.attributes["id"] for node in load_page(copied).all("section") if "id" in node.attributes}
    assert left.isdisjoint(SECTIONS[name])
    assert "settings" in left


# An empty or one-word YAML or CSV is a legal, if useless, one.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "damage"),
    [(name, b"\x00\xff[{:") for name in SECTIONS]
    + [(name, damage) for name in SECTIONS if name.endswith(".json") for damage in (b"", b'"text"', b"{}")]
    + [("samples.csv", b""), ("folds.csv", b""), ("predictions/oof.parquet", b"")],
)
def test_a_damaged_file_is_named(copied: RunFolder, name: str, damage: bytes) -> None:
    (copied.path / name).write_bytes(damage)
    tree = load_page(copied)
    if damage == b"{}" and name not in ("scores.json", "folds.json"):
        assert tree.one("section", id="settings")
        return
    boxes = [
        node.words for node in tree.all("section") if "Problems with files" in node.attributes.get("aria-label", "")
    ]
    assert len(boxes) == 1
    assert Path(name).name in boxes[0]


@pytest.mark.slow
def test_no_journal_no_curves(copied: RunFolder) -> None:
    for fold in copied.path.glob("fold-*"):
        shutil.rmtree(fold)
    assert not load_page(copied).all("section", id="curves")


def test_an_empty_folder_still_gives_a_page(tmp_path: Path) -> None:
    tree = load_page(RunFolder(tmp_path / "nothing"))
    assert tree.one("h1").text == "nothing"
    assert "not finished" in tree.one("p", kind="status").text


def test_unfinished_run_says_how_far_it_is(copied: RunFolder) -> None:
    copied.scores_file.unlink()
    copied.oof_file.unlink()
    shutil.rmtree(copied.path / "fold-4")
    status = load_page(copied).one("p", kind="status").words
    assert "48 epochs" in status
    assert "4 of 5 folds" in status


EVIL = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "가나다 긴 이름 " * 8,
    "a&amp;b",
    "]]></style><style>*{display:none}",
)


@pytest.fixture(scope="module", params=["single", "multi"])
def evil_page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, Node]:
    folder = tmp_path_factory.mktemp("evil")
    samples = make_samples(Task((Head("<b>h", request.param, EVIL),)), folder / "data", 120, n_groups=30)
    samples.root.mkdir()
    run = write_run(folder / "runs", samples, name="<i>run", n_folds=3, skill=0.5)
    durable.write_text(run.recipe_file, "note: '</pre><script>alert(2)</script>'\n")
    return run, load_page(run)


def test_names_from_the_data_do_nothing(evil_page: tuple[RunFolder, Node]) -> None:
    _, tree = evil_page
    assert tree.one("script").text == files("podium.report").joinpath("templates", "report.js").read_text("utf-8")
    assert tree.one("title").text.startswith("<i>run")
    assert not tree.all("i")
    assert [img for img in tree.all("img") if not img.attributes["src"].startswith("data:image/jpeg")] == []
    assert len(tree.all("style")) == 1
    names = [row.one("th").text for row in tree.one("table", kind="classes").one("tbody").all("tr")]
    assert names == list(EVIL)
    assert "</pre><script>alert(2)</script>" in tree.one("section", id="settings").text


def test_images_that_are_gone_leave_a_word(evil_page: tuple[RunFolder, Node]) -> None:
    _, tree = evil_page
    assert not tree.all("img")
    assert {node.text for node in tree.all("span", kind="blank")} == {"missing"}


def test_images_are_small_jpegs(page: Page) -> None:
    _, _, tree = page
    thumbnails = tree.all("img")
    assert len(thumbnails) >= 12
    for node in thumbnails:
        data = base64.b64decode(node.attributes["src"].removeprefix("data:image/jpeg;base64,"))
        with Image.open(io.BytesIO(data)) as thumbnail:
            assert thumbnail.format == "JPEG"
            assert max(thumbnail.size) <= 144


def test_gallery_shows_the_surest_wrong_images(page: Page) -> None:
    run, scores, tree = page
    samples, oof = load_samples(run.path), load_predictions(run.oof_file)
    head = oof.task.main_target
    labels = samples.target_labels(head.name)
    place = {name: row for row, name in enumerate(samples.ids)}
    wrong = []
    for row, name in enumerate(oof.ids):
        label, probs = labels[place[name]], oof.probs[head.name][row]
        if head.is_multi:
            misses = [p if p >= 0.5 else 1 - p for p, y in zip(probs, label, strict=True) if (p >= 0.5) != (y == 1)]
            if misses:
                wrong.append((-len(misses), -float(np.mean(misses)), name))
        elif int(np.argmax(probs)) != label:
            wrong.append((-1, -float(probs.max()), name))
    wrong.sort()
    section = tree.one("section", id="mistakes")
    gallery = section.all("div", kind="gallery")[0]
    assert section.all("h3")[0].numbers == [len(wrong), scores.targets[head.name].n]
    shown = [figure.one("span", kind="id").text for figure in gallery.all("figure")]
    assert shown == [name for _, _, name in wrong[:24]]
    firsts = [figure.numbers[0] for figure in gallery.all("figure")]
    wanted = [-item[0] if head.is_multi else -item[1] for item in wrong[:24]]
    np.testing.assert_allclose(firsts, wanted, rtol=1e-12)


def test_folds_add_up(page: Page) -> None:
    run, _, tree = page
    samples = load_samples(run.path)
    rows = tree.one("section", id="folds").one("tbody").all("tr")
    assert len(rows) == 5
    assert sum(int(row.numbers[0]) for row in rows) == len(samples)
    assert sum(int(row.numbers[1]) for row in rows) == len(set(samples.group_keys.tolist()))


def test_the_table_of_folds_is_the_record(page: Page) -> None:
    _, scores, tree = page
    table = tree.one("section", id="folds").one("table")
    header = [cell.text for cell in table.one("thead").all("th")]
    assert header[3:9] == [metric_words(scores.main_metric), "interval", "chance", "epochs", "best epoch", "time"]
    for number, row in enumerate(table.one("tbody").all("tr")):
        cells = row.all("td")
        assert [*cells[2].numbers, *cells[3].numbers] == bounds(scores.folds[number].interval)
        assert cells[4].numbers == [scores.folds[number].chance]
        assert (cells[5].numbers, cells[7].numbers) == ([12], [12 * (2.5 + number)])
        assert cells[7].text == ("30 s" if number == 0 else "42 s" if number == 1 else cells[7].text)


@pytest.mark.slow
def test_a_fold_of_several_models_lists_their_epochs_and_adds_their_time(tmp_path: Path) -> None:
    samples = make_samples(SHAPES["faces"](), tmp_path / "data", 60, n_groups=30)
    run = write_run(tmp_path / "runs", samples, name="r", n_folds=2, n_epochs=3, parts=("mask", "age"))
    section = load_page(run).one("section", id="folds")
    for number, row in enumerate(section.one("tbody").all("tr")):
        cells = row.all("td")
        assert cells[5].text == "3, 3"
        assert cells[7].numbers == [2 * 3 * (2.5 + number)]
    assert "those of age, mask, in this order" in section.words


@pytest.mark.slow
def test_a_run_without_times_and_scores_of_folds(copied: RunFolder) -> None:
    for path in copied.path.glob("fold-*/*/seconds.jsonl"):
        path.unlink()
    record = durable.read_json(copied.scores_file)
    durable.write_json(copied.scores_file, record | {"folds": []})
    section = load_page(copied).one("section", id="folds")
    assert "interval" not in [cell.text for cell in section.one("thead").all("th")]
    assert {row.all("td")[4].text for row in section.one("tbody").all("tr")} == {"–"}


@pytest.mark.slow
def test_groups_that_nobody_named_are_duplicate_clusters(any_run: RunFolder) -> None:
    contents = replace(read_contents(any_run), fold_notes=())
    contents = replace(contents, oof=None)
    named = page_module.render_report(contents)
    assert contents.leaks is not None
    joined = JoinedDuplicates(n_files=0, n_near=3, n_samples=6, n_sets=3, n_largest=2, is_named=False)
    leaks = replace(contents.leaks, joined=joined)
    unnamed = page_module.render_report(replace(contents, leaks=leaks))
    again = replace(contents, leaks=replace(leaks, joined=replace(joined, is_named=True)))
    assert "duplicate clusters" not in page_module.render_report(again)
    assert " groups" in read_page(named).one("main").words
    words = read_page(unnamed).one("main").words.replace("Checked: groups", "")  # the leak check looks for named ones
    assert " groups" not in words
    assert "of 40 duplicate clusters, each predicted by a model that never saw a near-duplicate of it." in unnamed


def test_label_counts_add_up(page: Page) -> None:
    run, _, tree = page
    samples = load_samples(run.path)
    assert samples.task is not None
    figures = [node for node in tree.one("section", id="data").all("figure") if node.all("table", kind="bars")]
    for head, figure in zip(samples.task.targets, figures, strict=True):
        labels = samples.target_labels(head.name)
        counts = {row.one("th").text: int(row.numbers[0]) for row in figure.all("tr")}
        for place, name in enumerate(head.classes):
            wanted = (labels[:, place] == 1).sum() if head.is_multi else (labels == place).sum()
            assert counts[name] == wanted


def test_scores_without_intervals_and_with_rare_classes(tmp_path: Path) -> None:
    samples = make_samples(Task((Head("h", "single", ("a", "b", "never")),)), tmp_path / "data", 40, n_groups=40)
    samples = samples.take(samples.labels["h"] != 2)
    draw_files(samples)
    run = write_run(tmp_path / "runs", samples, name="r", n_folds=2, n_resamples=0)
    tree = load_page(run)
    assert not tree.all("p", id="main-interval")
    assert "no interval" in tree.one("div", kind="meaning").words
    assert "No evaluated image has the class never. It counts as 0" in tree.one("section", kind="cautions").words


def test_a_lower_is_better_metric(tmp_path: Path) -> None:
    samples = make_samples(Task((Head("h", "single", ("a", "b")),)), tmp_path / "data", 60, n_groups=60)
    run = write_run(tmp_path / "runs", samples, name="r", n_folds=2)
    oof = load_predictions(run.oof_file)
    durable.write_json(run.scores_file, score_predictions(oof, samples, metric="log_loss", n_resamples=50).to_dict())
    tree = load_page(run)
    assert "lower is better" in tree.one("p", kind="measure").text


def test_more_images_than_room_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = make_samples(Task((Head("h", "single", ("a", "b")),)), tmp_path / "data", 60, n_groups=60)
    draw_files(samples)
    run = write_run(tmp_path / "runs", samples, name="r", n_folds=2, skill=0.0)
    monkeypatch.setattr(page_module, "ThumbnailBook", lambda *given: ThumbnailBook(*given, max_bytes=4000))
    tree = load_page(run)
    total = sum(len(node.attributes["src"]) for node in tree.all("img"))
    assert 4000 <= total < 8000
    assert tree.all("span", kind="blank")


@pytest.mark.slow
def test_predictions_of_other_samples_are_not_judged(copied: RunFolder, tmp_path: Path) -> None:
    oof = load_predictions(copied.oof_file)
    other = make_samples(oof.task, tmp_path / "data", 50, n_groups=50, seed=9)
    ids = other.ids.copy()
    ids[0] = "images/from-elsewhere.jpg"
    save_predictions(replace(oof.take(np.arange(50)), ids=ids), copied.oof_file)
    tree = load_page(copied)
    assert not tree.all("section", id="mistakes")


@pytest.mark.slow
def test_json_prints_the_data_of_every_section(copied: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(str(copied.path), output=ResultFlags(json=True)) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed.pop("report") == str(copied.report_file)
    assert printed == describe_run(read_contents(copied)).to_dict()
    assert copied.report_file.is_file()


def test_names_from_the_data_give_the_page_no_orders(tmp_path: Path) -> None:
    odd = "a\x1b[31m\u202e\x9bb"
    samples = make_samples(Task((Head(odd, "single", (odd + "1", "b")),)), tmp_path, 40, n_groups=8)
    text = make_report(write_run(tmp_path / "runs", samples, name="odd", n_folds=2, n_epochs=2)).read_text("utf-8")
    assert "a\\x1b[31m\\u202e\\x9bb1" in text
    assert not {letter for letter in text if unicodedata.category(letter) in {"Cc", "Cf"}} - {"\n", "\t"}
