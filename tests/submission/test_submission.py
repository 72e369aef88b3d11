from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from podium.errors import SubmissionError, TableError, UsageError
from podium.submission import (
    SubmissionOptions,
    check_submission,
    make_plain_submission,
    make_submission,
    match_columns,
    read_template,
    write_submission,
)
from podium.tables import Head, Predictions, Task

Predict = Callable[..., Predictions]
Sample = Callable[..., Path]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def fill(predictions: Predictions, path: Path, **options: Any) -> str:
    """The submission's text, after it passed the check of what is on disk."""
    out = path.with_name("out.csv")
    chosen = SubmissionOptions(**options)
    write_submission(predictions, path, out, chosen)
    template = read_template(path, delimiter=chosen.delimiter, encoding=chosen.encoding, header=chosen.header)
    plan = match_columns(template, predictions.task, chosen, ids=predictions.ids.tolist())
    findings = check_submission(out, template, predictions.task, plan=plan)
    assert [finding for finding in findings if finding.severity == "error"] == []
    return out.read_bytes().decode(template.encoding)


@pytest.mark.shared
def test_contest_f(
    shared_data: Callable[[str], Path], tasks: dict[str, Task], predict: Predict, tmp_path: Path
) -> None:
    """The faces' info.csv: only the class numbers change, and they follow mask*6 + gender*3 + age."""
    path = shared_data("mask7_semisynth") / "eval" / "info.csv"
    names = [line.split(",")[0] for line in path.read_text().splitlines()[1:]]
    shuffled = np.random.default_rng(1).permutation(len(names))
    parts = {"mask": shuffled % 3, "gender": shuffled % 2, "age": shuffled % 3}
    numbers = parts["mask"] * 6 + parts["gender"] * 3 + parts["age"]
    ids = [f"images/{names[place]}" for place in shuffled]
    record = write_submission(predict(tasks["faces"], ids, **{"class": numbers}), path, tmp_path / "out.csv")
    number_of = {names[place]: number for place, number in zip(shuffled.tolist(), numbers.tolist(), strict=True)}
    expected = "ImageID,ans\r\n" + "".join(f"{name},{number_of[name]}\r\n" for name in names)
    assert (tmp_path / "out.csv").read_bytes() == expected.encode()
    assert record.n_rows == len(names)
    assert sum(record.histogram["class"].values()) == len(names)
    assert record.warnings == ()
    zeros = predict(tasks["faces"], ids, **{"class": np.zeros(len(ids), dtype=int)})
    same = write_submission(zeros, path, tmp_path / "zeros.csv")
    assert (tmp_path / "zeros.csv").read_bytes() == path.read_bytes()
    assert "all 525 rows of 'class' get the same answer" in same.warnings[0]


def test_contest_l(tasks: dict[str, Task], predict: Predict, sample: Sample) -> None:
    """index, a..z as 0 or 1; images are named by padded numbers; columns may stand in any order."""
    order = LETTERS[::-1]
    content = f"index,{','.join(order)}\n" + "".join(f"{row}{',0' * 26}\n" for row in range(40))
    predictions = predict(tasks["letters"], [f"{row:05d}.png" for row in reversed(range(40))])
    rows = list(csv.reader(io.StringIO(fill(predictions, sample(content)))))
    assert rows[0] == ["index", *order]
    for row, cells in enumerate(rows[1:]):
        probs = predictions.probs["letters"][39 - row]
        assert cells == [str(row), *("1" if probs[LETTERS.index(letter)] >= 0.5 else "0" for letter in order)]


def test_thresholds_are_inclusive_and_per_class(tasks: dict[str, Task], predict: Predict, sample: Sample) -> None:
    predictions = predict(tasks["abc"], ["x"], letters=[[0.3, 0.3, 0.3]])
    path = sample("id,a,b,c\nx,0,0,0\n")
    assert fill(predictions, path, thresholds={"a": 0.3, "b": 0.31}) == "id,a,b,c\nx,1,0,0\n"


def test_fashion_attributes_in_columns_of_their_own(predict: Predict, sample: Sample) -> None:
    task = Task(
        (
            Head("gender", "single", ("Men", "Women", "Boys")),
            Head("articleType", "single", ("Shirts", "Flip Flops")),
            Head("season", "single", ("Summer", "Winter")),
        )
    )
    path = sample('id\tseason\tgender\tarticleType\n"007"\t0\tMen\t"Shirts"\nNA\t0\tMen\t"Shirts"\n')
    predictions = predict(task, ["NA.jpg", "007.jpg"], gender=[1, 2], articleType=[0, 1], season=[1, 0])
    expected = 'id\tseason\tgender\tarticleType\n"007"\t0\tBoys\t"Flip Flops"\nNA\t1\tWomen\t"Shirts"\n'
    assert fill(predictions, path) == expected


def test_probabilities_keep_every_digit(tasks: dict[str, Task], predict: Predict, sample: Sample) -> None:
    ids = [f"{n}.jpg" for n in range(50)]
    predictions = predict(tasks["pets"], ids)
    text = fill(predictions, sample("id,owl,cat,dog\n" + "".join(f"{n},0.33,0.33,0.34\n" for n in range(50))))
    table = np.array([row[1:] for row in csv.reader(io.StringIO(text))][1:], dtype=np.float64)
    np.testing.assert_array_equal(table, predictions.probs["pet"][:, [2, 0, 1]])


def test_one_of_three_is_one_1_a_row(tasks: dict[str, Task], predict: Predict, sample: Sample) -> None:
    predictions = predict(tasks["pets"], ["x", "y"], pet=[2, 0])
    assert fill(predictions, sample("id,owl,cat,dog\nx,0,1,0\ny,0,1,0\n")) == "id,owl,cat,dog\nx,1,0,0\ny,0,1,0\n"


def test_a_binary_task_in_one_column(tasks: dict[str, Task], predict: Predict, sample: Sample) -> None:
    predictions = predict(tasks["two"], ["x", "y"])
    rows = fill(predictions, sample("id,label\nx,0.5\ny,0.5\n")).splitlines()
    assert [float(row.split(",")[1]) for row in rows[1:]] == predictions.probs["pet"][:, 1].tolist()


def test_class_numbers_of_the_contest(tasks: dict[str, Task], predict: Predict, sample: Sample) -> None:
    predictions = predict(tasks["pets"], ["x", "y"], pet=[2, 0])
    numbers = {"cat": 3, "dog": 2, "owl": 1}
    assert fill(predictions, sample("id,ans\nx,1\ny,3\n"), class_numbers=numbers) == "id,ans\nx,1\ny,3\n"
    assert fill(predictions, sample("id,ans\nx,3\ny,3\n"), class_numbers=numbers) == "id,ans\nx,1\ny,3\n"


def test_lists_and_what_to_do_with_an_empty_one(tasks: dict[str, Task], predict: Predict, sample: Sample) -> None:
    predictions = predict(tasks["abc"], ["x", "y"], letters=[[0.9, 0.1, 0.8], [0.1, 0.4, 0.2]])
    path = sample("id,labels\nx,b c\ny,a\n")
    with pytest.raises(SubmissionError, match="in 1 row no class of 'letters'"):
        fill(predictions, path)
    assert fill(predictions, path, when_none="top") == "id,labels\nx,a c\ny,b\n"
    assert fill(predictions, path, when_none="empty") == "id,labels\nx,a c\ny,\n"
    assert fill(predictions, path, thresholds={"b": 0.4}) == "id,labels\nx,a c\ny,b\n"
    assert fill(predictions, sample("id,labels\nx,0|1\ny,1\n"), when_none="top") == "id,labels\nx,0|2\ny,1\n"


def test_decomposed_korean_names_in_cp949_and_utf16(tasks: dict[str, Task], predict: Predict, sample: Sample) -> None:
    names = ["얼굴 하나.jpg", "얼굴 둘.jpg"]
    predictions = predict(tasks["pets"], [f"시험/{name}" for name in names], pet=[1, 2])
    text = "파일명,정답\r\n얼굴 둘.jpg,0\r\n얼굴 하나.jpg,0\r\n"
    filled = "파일명,정답\r\n얼굴 둘.jpg,2\r\n얼굴 하나.jpg,1\r\n"
    assert fill(predictions, sample(text.encode("cp949"))) == filled
    assert fill(predictions, sample(text.encode("utf-16-le"))) == filled
    decomposed = unicodedata.normalize("NFD", text)
    assert fill(predictions, sample(decomposed), id_column=unicodedata.normalize("NFD", "파일명")) == (
        unicodedata.normalize("NFD", filled)
    )


def test_a_class_name_outside_the_encoding_is_refused(predict: Predict, sample: Sample) -> None:
    task = Task((Head("pet", "single", ("고양이", "개")),))
    path = sample("id,ans\ncaf\xe9,0\n".encode("cp1252"))
    with pytest.raises(TableError, match=r"'고양이' cannot be written in cp1252"):
        fill(predict(task, ["café"], pet=[0]), path, values="class_name")


def test_no_cell_is_guarded_against_spreadsheets(predict: Predict, sample: Sample) -> None:
    task = Task((Head("pet", "single", ("=1+1", "@b")),))
    assert fill(predict(task, ["-x", "+y"], pet=[0, 1]), sample("id,ans\n-x,@b\n+y,@b\n")) == "id,ans\n-x,=1+1\n+y,@b\n"


names = st.text(alphabet="ab0 ,;'\"\t\n=가é😀", min_size=1, max_size=6).filter(lambda name: name.strip() != "")


@pytest.mark.long
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_sample_changes_in_its_answers_only(
    data: st.DataObject, tasks: dict[str, Task], predict: Predict, sample: Sample
) -> None:
    """Filled with other answers the table reads as expected; filled with its own again, it is the same bytes."""
    ids = data.draw(st.lists(names, min_size=2, max_size=6, unique_by=lambda name: name.strip()))
    delimiter, end = data.draw(st.sampled_from(",;\t")), data.draw(st.sampled_from(["\n", "\r\n"]))
    old = data.draw(st.lists(st.integers(0, 2), min_size=len(ids), max_size=len(ids)))
    new = data.draw(st.lists(st.integers(0, 2), min_size=len(ids), max_size=len(ids)))
    buffer = io.StringIO(newline="")
    quoting = data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([["id", "ans"], *zip(ids, old, strict=True)])
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp949"]))
    assume(encoding != "cp949" or not any(set(name) & set("é😀") for name in ids))
    path = sample(buffer.getvalue().encode(encoding))
    options = SubmissionOptions(id_column="id", delimiter=delimiter, encoding=encoding)
    template = read_template(path, delimiter=delimiter, encoding=encoding)
    plan = match_columns(template, tasks["pets"], options)
    same = make_submission(predict(tasks["pets"], ids[::-1], pet=old[::-1]), template, plan)
    assert same.data == path.read_bytes()
    other = make_submission(predict(tasks["pets"], ids[::-1], pet=new[::-1]), template, plan)
    rows = list(csv.reader(io.StringIO(other.data.decode(encoding), newline=""), delimiter=delimiter))
    assert rows == [["id", "ans"], *([name, str(number)] for name, number in zip(ids, new, strict=True))]
    restored = sample(other.data)
    again = make_submission(
        predict(tasks["pets"], ids, pet=old), read_template(restored, delimiter=delimiter, encoding=encoding), plan
    )
    assert again.data == same.data


def test_equal_answers_keep_placeholders_of_any_form(tasks: dict[str, Task], predict: Predict, sample: Sample) -> None:
    content = 'id,a,b,c\nx,0.50,"1e0", 0.\ny,.5,1.000,0\n'
    predictions = predict(tasks["abc"], ["y", "x"], letters=[[0.5, 1.0, 0.0], [0.5, 1.0, 0.0]])
    assert fill(predictions, sample(content)) == content
    content = "id,labels\nx,c a\ny,b\n"
    predictions = predict(tasks["abc"], ["y", "x"], letters=[[0, 1, 0], [1, 0, 1]])
    assert fill(predictions, sample(content)) == content


def test_record_is_json_and_counts_every_answer(tasks: dict[str, Task], predict: Predict, sample: Sample) -> None:
    path = sample("id,a,b,c\nx,0,0,0\ny,0,0,0\n")
    predictions = predict(tasks["abc"], ["x", "y", "z"], letters=[[1, 1, 0], [1, 1, 0], [0, 0, 1]])
    record = write_submission(predictions, path, path.with_name("o.csv"), SubmissionOptions(allow_extra=True))
    assert record.histogram == {"letters": {"a": 2, "b": 2, "c": 0}}
    assert record.warnings == ("all 2 rows of 'letters' get the same answer: ['a', 'b'].",)
    assert "1 prediction was left out because the sample does not ask for them." in record.notes
    assert json.loads(json.dumps(record.to_dict()))["values"] == dict.fromkeys("abc", "decision")


def test_predictions_of_another_task_are_refused(tasks: dict[str, Task], predict: Predict, sample: Sample) -> None:
    template = read_template(sample("id,ans\nx,0\n"))
    plan = match_columns(template, tasks["pets"])
    with pytest.raises(SubmissionError, match="target 'pet'"):
        make_submission(predict(tasks["two"], ["x"]), template, plan)


@pytest.mark.parametrize("name", ["new\nline.jpg", "car\rret.jpg", "both\r\n.jpg", 'q"q.jpg', "ls\u2028.jpg"])
def test_without_a_sample_every_name_stays_in_its_cell(
    name: str, tasks: dict[str, Task], predict: Predict, tmp_path: Path
) -> None:
    write_submission(predict(tasks["pets"], [name, "b.jpg"]), None, tmp_path / "out.csv")
    rows = list(csv.reader(io.StringIO((tmp_path / "out.csv").read_bytes().decode(), newline="")))
    assert [row[0] for row in rows] == ["id", name, "b.jpg"]


def test_without_a_sample(tasks: dict[str, Task], predict: Predict, tmp_path: Path) -> None:
    predictions = predict(tasks["faces"], ["=a,b.jpg", "c.jpg"])
    record = write_submission(predictions, None, tmp_path / "out.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    assert [row["id"] for row in rows] == ["=a,b.jpg", "c.jpg"]
    for head in predictions.task.targets:
        for row, probs in zip(rows, predictions.probs[head.name], strict=True):
            assert row[head.name] == head.classes[int(probs.argmax())]
            assert float(row[f"{head.name} probability"]) == probs.max()
    assert record.template is None
    letters = make_plain_submission(predict(tasks["abc"], ["x", "y"], letters=[[0.9, 0.2, 0.5], [0, 0, 0]]))
    assert letters.text == "id,letters,letters probability\nx,a|c,0.9\ny,,0.0\n"


def answers(text: str) -> list[str]:
    return [row[1] for row in csv.reader(io.StringIO(text))][1:]


def test_class_numbers_say_which_of_two_classes_a_column_asks_for(
    tasks: dict[str, Task], predict: Predict, sample: Sample
) -> None:
    ids = ["x", "y", "z"]
    predictions = predict(tasks["two"], ids)
    path = sample("id,label\nx,0.5\ny,0.5\nz,0.5\n")
    dog = fill(predictions, path)
    cat = fill(predictions, path, class_numbers={"cat": 1, "dog": 0})
    probs = predictions.probs["pet"]
    assert [float(cell) for cell in answers(dog)] == probs[:, 1].tolist()
    assert [float(cell) for cell in answers(cat)] == probs[:, 0].tolist()
    decided = fill(predictions, path, class_numbers={"cat": 1, "dog": 0}, values="decision")
    assert [int(cell) for cell in answers(decided)] == (probs.argmax(axis=1) == 0).astype(int).tolist()
    record = write_submission(predictions, path, path.with_name("o.csv"), SubmissionOptions())
    assert any("answer_columns={'label': 'pet=cat'}" in note for note in record.notes)
    flags = predict(Task((Head("y", "single", ("No", "Yes")),)), ids)
    said = write_submission(flags, path, path.with_name("o.csv"), SubmissionOptions())
    assert not any("answer_columns" in note for note in said.notes)
    other = fill(predictions, path, answer_columns={"label": "pet=cat"})
    assert other == cat


@pytest.mark.parametrize("zero", ["0", "1"])
def test_a_sample_that_does_not_say_gets_what_the_metric_needs(
    tasks: dict[str, Task], predict: Predict, sample: Sample, zero: str
) -> None:
    two = predict(tasks["two"], ["x", "y"])
    path = sample(f"id,label\nx,{zero}\ny,{zero}\n")
    assert set(answers(fill(two, path))) <= {"0", "1"}
    assert [float(cell) for cell in answers(fill(two, path, unclear="probability"))] == two.probs["pet"][:, 1].tolist()
    abc = predict(tasks["abc"], ["x", "y"])
    columns = sample(f"id,a,b,c\nx{f',{zero}' * 3}\ny{f',{zero}' * 3}\n")
    assert {float(cell) for cell in answers(fill(abc, columns, unclear="probability"))} == set(
        abc.probs["letters"][:, 0].tolist()
    )
    mixed = sample("id,a,b,c\nx,0,1,0\ny,0,0,0\n")
    assert set(answers(fill(abc, mixed, unclear="probability"))) <= {"0", "1"}


def test_bins_named_by_numbers_need_the_contest_s_numbers(predict: Predict, sample: Sample) -> None:
    head = Head("grade", "ordinal", ("<2", "2", "3", ">=4"))
    predictions = predict(Task((head,)), ["x", "y"], grade=[0, 2])
    path = sample("id,grade\nx,1\ny,1\n")
    with pytest.raises(SubmissionError, match="not their positions") as caught:
        fill(predictions, path)
    assert "class_numbers={'<2': 0, '2': 1" in str(caught.value)
    numbers = {"<2": 1, "2": 2, "3": 3, ">=4": 4}
    assert answers(fill(predictions, path, class_numbers=numbers)) == ["1", "3"]
    ages = predict(Task((Head("age", "ordinal", ("<30", "30-59", ">=60")),)), ["x", "y"], age=[0, 2])
    assert answers(fill(ages, sample("id,age\nx,1\ny,1\n"))) == ["0", "2"]


def test_the_likeliest_classes_are_listed_in_order(tasks: dict[str, Task], predict: Predict, sample: Sample) -> None:
    predictions = predict(tasks["pets"], ["x", "y", "z"])
    order = np.argsort(-predictions.probs["pet"], axis=1)
    classes = np.array(["cat", "dog", "owl"])
    path = sample("id,label\nx,new owl\ny,new owl\nz,new owl\n")
    assert answers(fill(predictions, path, top_k=2)) == [" ".join(classes[row[:2]]) for row in order]
    numbered = fill(predictions, path, top_k=3, values="class_number", label_delim=",")
    assert answers(numbered) == [",".join(map(str, row)) for row in order]
    with pytest.raises(SubmissionError, match="top_k=2"):
        fill(predictions, path)
    with pytest.raises(UsageError, match="has 3 classes"):
        fill(predictions, path, top_k=4)
    with pytest.raises(UsageError, match="one class per row"):
        fill(predictions, path, label_delim=" ")
    with pytest.raises(UsageError, match="may have several"):
        fill(predict(tasks["abc"], ["x", "y", "z"]), path, top_k=2)
    blanks = predict(Task((Head("pet", "single", ("big cat", "dog")),)), ["x", "y", "z"])
    with pytest.raises(SubmissionError, match="holds the list delimiter"):
        fill(blanks, path, top_k=2)


def test_a_cell_that_names_the_same_classes_in_another_order_is_written_anew(
    tasks: dict[str, Task], predict: Predict, sample: Sample
) -> None:
    predictions = predict(tasks["pets"], ["x", "y"], pet=[1, 0])
    assert answers(fill(predictions, sample("id,label\nx,cat dog\ny,cat dog\n"), top_k=2)) == ["dog cat", "cat dog"]


def test_a_table_says_which_image_an_id_means(tasks: dict[str, Task], predict: Predict, sample: Sample) -> None:
    ids = ["test/000.png", "test/001.png", "test/002.png"]
    predictions = predict(tasks["pets"], ids, pet=[0, 1, 2])
    table = sample("n,id,img_path\n5,T2,./test/000.png\n6,T0,./test/001.png\n7,T1,./test/002.png\n", "test.csv")
    path = sample("id,label\nT0,cat\nT1,cat\nT2,cat\n")
    with pytest.raises(SubmissionError, match=r"id_table='test\.csv'"):
        fill(predictions, path)
    assert answers(fill(predictions, path, id_table=table)) == ["dog", "owl", "cat"]
    record = write_submission(predictions, path, path.with_name("o.csv"), SubmissionOptions(id_table=table))
    assert any("'id' and 'img_path'" in note for note in record.notes)
    numbers = sample("id,label\n2,cat\n0,cat\n1,cat\n", "numbers.csv")
    by_number = write_submission(predictions, numbers, path.with_name("o.csv"), SubmissionOptions())
    assert any("number in the file name. If a table" in note for note in by_number.notes)
    turned = sample("id,file\n2,000.png\n0,002.png\n1,001.png\n", "turned.csv")
    assert answers(fill(predictions, numbers, id_table=turned)) == ["cat", "owl", "dog"]


@pytest.mark.parametrize("name", ["test.parquet", "test.jsonl", "test.txt"])
def test_the_table_of_images_may_be_any_table(
    tasks: dict[str, Task], predict: Predict, sample: Sample, name: str
) -> None:
    rows = [("T2", "0.png"), ("T0", "1.png"), ("T1", "2.png")]
    path = sample("id,label\nT0,cat\nT1,cat\nT2,cat\n")
    table = path.with_name(name)
    if name.endswith("parquet"):
        pq.write_table(pa.table({"id": [key for key, _ in rows], "img": [image for _, image in rows]}), table)
    elif name.endswith("jsonl"):
        table.write_text("\n".join(json.dumps({"id": key, "img": image}) for key, image in rows))
    else:
        table.write_text("id   img\n" + "".join(f"{key}  {image}\n" for key, image in rows))
    predictions = predict(tasks["pets"], ["0.png", "1.png", "2.png"], pet=[0, 1, 2])
    assert answers(fill(predictions, path, id_table=table)) == ["dog", "owl", "cat"]


def test_a_sample_without_header_is_filled_by_the_numbers_of_its_columns(
    tasks: dict[str, Task], predict: Predict, sample: Sample
) -> None:
    predictions = predict(tasks["pets"], ["x", "y"], pet=[1, 2])
    options = {"header": False, "id_column": "1", "answer_columns": {"2": "pet"}}
    assert fill(predictions, sample("x,0\ny,0\n"), **options) == "x,1\ny,2\n"
    assert fill(predictions, sample("x 0\ny  0\n"), **options) == "x 1\ny  2\n"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_class_names_are_spelt_as_the_sample_spells_them(predict: Predict, sample: Sample, form: Any) -> None:
    names = ("고양이", "말", "개")
    predictions = predict(Task((Head("pet", "single", names),)), ["x", "y", "z"], pet=[0, 1, 2])
    placeholder = unicodedata.normalize(form, names[0])
    text = fill(predictions, sample(f"id,label\nx,{placeholder}\ny,{placeholder}\nz,{placeholder}\n"))
    assert answers(text) == [unicodedata.normalize(form, name) for name in names]
