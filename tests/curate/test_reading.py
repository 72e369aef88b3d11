import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.curate import ScanOptions, scan
from podium.curate.reading import read_table
from podium.errors import SourceError

_TEXT = "이미지,이름\n1.jpg,고양이\n2.jpg,강아지\n"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("cp949", "cp949"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-32", "utf-32"),
    ],
)
def test_encodings_are_found_out(tmp_path, encoding, shown):
    path = tmp_path / "t.csv"
    path.write_bytes(_TEXT.encode(encoding))
    table = read_table(path)
    assert table.columns == {"이미지": ["1.jpg", "2.jpg"], "이름": ["고양이", "강아지"]}
    assert table.encoding == shown
    assert bool(table.notes) == (not shown.startswith("utf-8"))


def test_western_text_is_not_taken_for_korean(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("id,name\n1,café\n2,élève\n3,naïve Müller\n".encode("cp1252"))
    table = read_table(path)
    assert table.columns["name"] == ["café", "élève", "naïve Müller"]
    assert "cp1252" in table.notes[0]


def test_wrong_encoding_names_the_row(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,name\n1,ok\n2,caf\xe9\n")
    with pytest.raises(SourceError, match="row 3 is not utf-8"):
        read_table(path, encoding="utf-8")
    with pytest.raises(SourceError, match="no encoding 'utf9'"):
        read_table(path, encoding="utf9")


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiters_are_sniffed(tmp_path, mark):
    path = tmp_path / "t.csv"
    rows = [("id", "name", "tags"), ("1", "a, b", "x|y"), ("2", "d; e", "z"), ("3", "f", "")]
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=mark).writerows(rows)
    assert list(zip(*read_table(path).columns.values(), strict=True)) == rows[1:]


def test_wrong_delimiter_says_the_right_one(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id;name\n1;a\n")
    with pytest.raises(SourceError, match="semicolons") as caught:
        read_table(path, delimiter=",")
    assert "--delimiter ';'" in str(caught.value)


def test_rows_of_another_length_are_named_by_spreadsheet_row(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('id,name\n1,"two\nlines"\n\n2,b,c\n3\n4,d,\n')
    with pytest.raises(SourceError, match="2 rows do not have the header's 2 cells") as caught:
        read_table(path)
    assert [line.split(" has ")[0] for line in caught.value.details] == ["row 4", "row 5"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("id,name\n", "no rows"),
        ("id,id\n1,2\n", "twice"),
        ('id,name\n1,"open\n', "line"),
        ("id,name\n1,\x00\n2,\x00\x00\n", "zero bytes"),
    ],
)
def test_tables_that_are_none(tmp_path, text, message):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(SourceError, match=message) as caught:
        read_table(path)
    assert caught.value.where == str(path)


def test_absent_table_names_the_nearest(tmp_path):
    (tmp_path / "labels.csv").write_text("a\n1\n")
    with pytest.raises(SourceError, match=r"Did you mean 'labels.csv'"):
        read_table(tmp_path / "lables.csv")


def test_booleans_of_parquet_are_a_split_and_indicators(make_tree):
    root = make_tree("0.jpg", "1.jpg", "2.jpg", "3.jpg")
    columns = {"rust": [True, False, True, False], "scab": [True, True, False, False]}
    columns["is_valid"] = [False, False, False, True]
    pq.write_table(pa.table({"image": [f"{i}.jpg" for i in range(4)], **columns}), root / "t.parquet")
    samples = scan(root).samples
    assert samples.split.tolist() == ["train", "train", "train", "valid"]
    assert samples.task.heads[0].classes == ("rust", "scab")
    assert samples.labels["labels"].tolist() == [[1, 1], [0, 1], [1, 0], [0, 0]]


def test_list_columns_of_parquet_are_sets_of_labels_whatever_they_hold(make_tree):
    root = make_tree("0.jpg", "1.jpg", "2.jpg", "3.jpg")
    columns = {"image": [f"{i}.jpg" for i in range(4)], "tags": [["a|b", "c, d"], ["c, d"], [], None]}
    pq.write_table(pa.table(columns), root / "t.parquet")
    samples = scan(root, ScanOptions(label_columns=("tags",))).samples
    assert samples.task.heads[0].classes == ("a|b", "c, d")
    assert samples.labels["tags"].tolist() == [[1, 1], [0, 1], [0, 0], [-1, -1]]


def test_parquet_gives_the_same_text_as_csv(tmp_path):
    frame = pa.table(
        {
            "id": pa.array(["007", "NA"]),
            "n": pa.array([1, None], pa.int64()),
            "flag": pa.array([True, False]),
            "tags": pa.array([["a", "b"], ["b"]]),
            "x": pa.array([0.5, float("nan")]),
        }
    )
    pq.write_table(frame, tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").columns == {
        "id": ["007", "NA"],
        "n": ["1", ""],
        "flag": ["True", "False"],
        "tags": ['["a", "b"]', '["b"]'],
        "x": ["0.5", ""],
    }
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(SourceError, match="not a readable Parquet"):
        read_table(tmp_path / "bad.parquet")


_CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=12)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(_CELL, _CELL), min_size=1, max_size=8))
def test_whatever_the_csv_module_writes_comes_back(tmp_path_factory, rows):
    rows = [(f"k{i}", *row) for i, row in enumerate(rows)]
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("key", "one", "two"), *rows])
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_bytes(text.getvalue().encode("utf-8"))
    columns = read_table(path, encoding="utf-8", delimiter=",").columns
    assert list(zip(*columns.values(), strict=True)) == rows


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_read(tmp_path, end):
    path = tmp_path / "t.csv"
    path.write_bytes(end.join(["image;label", "a.jpg;x", "b.jpg;y", ""]).encode())
    assert read_table(path).columns == {"image": ["a.jpg", "b.jpg"], "label": ["x", "y"]}


def test_a_line_that_names_the_delimiter_for_excel_is_no_row(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("sep=;\nimage;label\na,b.jpg;x\n")
    table = read_table(path)
    assert (table.columns, table.row_numbers) == ({"image": ["a,b.jpg"], "label": ["x"]}, [3])


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_text_with_a_damaged_byte_is_not_taken_for_another_encoding(tmp_path, encoding):
    rows = [f"{row}.jpg,고양이" for row in range(9)]
    data = "\r\n".join(["이미지,종류", *rows]).encode(encoding)
    path = tmp_path / "t.csv"
    path.write_bytes(data.replace(b"5.jpg,", b"5.jpg,\xff", 1))
    with pytest.raises(SourceError, match=rf"row 7 is not {encoding.upper()}.*--encoding"):
        read_table(path)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_found_also_where_few_letters_are_latin(tmp_path, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes("이미지,종류\r가나다라마바사,고양이\r".encode(encoding))
    assert read_table(path).columns == {"이미지": ["가나다라마바사"], "종류": ["고양이"]}


_OBJECTS = st.lists(
    st.dictionaries(st.sampled_from(["image", "label", "n"]), st.one_of(st.none(), st.booleans(), _CELL)),
    min_size=1,
    max_size=6,
)


@given(rows=_OBJECTS, as_lines=st.booleans())
def test_rows_of_json_are_read_as_they_were_written(rows, as_lines, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    rows = [{"image": "0.jpg"}, *rows]
    path = folder / ("t.jsonl" if as_lines else "t.json")
    path.write_text("\n".join(map(json.dumps, rows)) if as_lines else json.dumps(rows, indent=1), encoding="utf-8")
    table = read_table(path)
    assert table.row_numbers == list(range(1, len(rows) + 1))
    for name, column in table.columns.items():
        cells = [row.get(name) for row in rows]
        assert column == ["" if cell is None else str(cell) for cell in cells]


def test_numbers_and_lists_of_json_stay_as_they_are_written(make_tree):
    lines = ['{"file_name": "a.jpg", "x": 0.50, "tags": ["b", "c"]}', "", '{"file_name": "d.jpg", "x": 7, "tags": []}']
    root = make_tree("a.jpg", "d.jpg")
    (root / "metadata.jsonl").write_text("\n".join(lines))
    table = read_table(root / "metadata.jsonl")
    assert table.columns == {"file_name": ["a.jpg", "d.jpg"], "x": ["0.50", "7"], "tags": ['["b", "c"]', "[]"]}
    assert table.row_numbers == [1, 3]


def test_json_lines_beside_the_images_are_the_labels(make_tree):
    root = make_tree(*(f"{i}.jpg" for i in range(4)))
    lines = [json.dumps({"file_name": f"{i}.jpg", "objects": {"n": i}, "label": "ab"[i % 2]}) for i in range(4)]
    (root / "metadata.jsonl").write_text("\n".join(lines))
    samples = scan(root).samples
    assert samples.task.heads[0].classes == ("a", "b")
    assert samples.labels["label"].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.jsonl", '{"image": "a.jpg"}\n{"image": ', "line 2 is no JSON"),
        ("t.jsonl", '{"image": "a.jpg"}\n["b.jpg"]', "row 2 is no object"),
        ("t.jsonl", '{"image": "a.jpg", "image ": "b.jpg"}', "'image' twice"),
        ("t.jsonl", '{"image": "\\ud800"}', "row 1 is half a letter"),
        ("t.jsonl", "[" * 100_000, "no JSON"),
        ("t.jsonl", "\n\n", "no rows"),
        ("t.json", '{"a.jpg": 1}', "not a list of rows"),
        ("t.json", "[]", "no rows"),
    ],
)
def test_what_is_no_row_of_json_is_named(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(SourceError, match=message):
        read_table(tmp_path / name)
