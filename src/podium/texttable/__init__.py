"""Tables as text: one reader for scan, predict, submit and every other table that people bring.

`read_table` gives cells by their meaning, from CSV, TSV, text divided by spaces, JSON or Parquet. `read_raw_table`
keeps a text byte by byte, so that it can be written again with only some cells changed.
"""

from podium.texttable.archives import bare_name
from podium.texttable.column_names import column_name
from podium.texttable.frame_rows import Frame, as_table, is_frame, table_of_frame
from podium.texttable.json_exports import read_export
from podium.texttable.json_rows import JSON_ENDINGS
from podium.texttable.list_cells import read_list_cells, write_list_cell
from podium.texttable.other_encodings import read_otherwise
from podium.texttable.raw_cells import SPACES, cell_value, split_rows
from podium.texttable.raw_table import RawTable, read_raw_table
from podium.texttable.reading import TABLE_ENDINGS, Table, check_table_exists, read_table

__all__ = [
    "JSON_ENDINGS",
    "SPACES",
    "TABLE_ENDINGS",
    "Frame",
    "RawTable",
    "Table",
    "as_table",
    "bare_name",
    "cell_value",
    "check_table_exists",
    "column_name",
    "is_frame",
    "read_export",
    "read_list_cells",
    "read_otherwise",
    "read_raw_table",
    "read_table",
    "split_rows",
    "table_of_frame",
    "write_list_cell",
]
