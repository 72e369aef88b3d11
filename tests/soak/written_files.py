"""What a file is, by its content; and what the source never calls."""

from __future__ import annotations

import ast
import csv
import io
import json
import pickletools
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import yaml
from safetensors.torch import load as load_safetensors

__all__ = ["file_problem", "source_problem"]

_RAW = (".u8", ".bin", ".lock")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_READS_PICKLES = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "jsonpickle"}
_RUNS_CODE = {"eval", "exec", "compile", "__import__", "execfile"}
_UNSAFE_CALLS = {
    *("yaml.load", "yaml.full_load", "yaml.unsafe_load", "yaml.load_all", "torch.hub.load", "torch.jit.load"),
    *("torch.package.PackageImporter", "os.system", "os.popen", "pandas.read_pickle", "pd.read_pickle"),
    *("jinja2.Template", "shutil.unpack_archive", "tarfile.open", "zipfile.ZipFile"),
}
_IMPORTS_BY_NAME = {"podium/lazy.py", "podium/cli/commands.py"}
"""Files that import a module by a name, which comes from a table of their own."""
_READ_ARCHIVES = {"podium/texttable/archives.py"}
"""Files that read an archive in memory, one member of a limited size; none may unpack one onto the disk."""


def file_problem(path: Path, data: bytes) -> str | None:
    """What is wrong with a file that Podium wrote; None if it is plain data of the kind its ending says."""
    if zipfile.is_zipfile(io.BytesIO(data)) or data[257:262] == b"ustar" or data[:2] == b"\x1f\x8b":
        return "an archive"
    if _is_pickle(data):
        return "a pickle"
    return _kind_problem(path, data)


def _is_pickle(data: bytes) -> bool:
    """Whether all of the bytes are one pickle, or begin as one of protocol 2 and later."""
    if data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return True
    try:
        *_, last = pickletools.genops(data)
    except Exception:  # genops raises many kinds for what is no pickle
        return False
    return bool(data) and last[0].name == "STOP" and last[2] == len(data) - 1


def _kind_problem(path: Path, data: bytes) -> str | None:
    ending = path.suffix
    try:
        if ending == ".json":
            json.loads(data)
        elif ending == ".jsonl":
            for line in data.splitlines():
                line.decode()
        elif ending == ".yaml":
            yaml.safe_load(data)
        elif ending == ".csv":
            return _csv_problem(data.decode())
        elif ending == ".parquet":
            pq.read_table(io.BytesIO(data))
        elif ending == ".safetensors":
            load_safetensors(data)
        elif ending == ".npy":
            np.load(io.BytesIO(data), allow_pickle=False)
        elif ending in (".html", ".txt", ".md"):
            data.decode()
        elif ending not in _RAW:
            return f"a kind that nobody knows: {path.name}"
    except Exception as problem:
        return f"not what its ending says: {problem}"
    return None


def _csv_problem(text: str) -> str | None:
    for row in csv.reader(io.StringIO(text, newline="")):
        for cell in row:
            if cell.startswith(_FORMULA) and not _is_number(cell):
                return f"a cell that a spreadsheet would run: {cell!r}"
    return None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def source_problem(path: Path, package: Path) -> str | None:
    """What a source file does that could make data into code; None if nothing."""
    name = path.relative_to(package.parent).as_posix()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        problem = _node_problem(node, name)
        if problem:
            return f"line {getattr(node, 'lineno', 0)}: {problem}"
    return None


def _node_problem(node: ast.AST, name: str) -> str | None:
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in _READS_PICKLES:
        return f"imports from {node.module}"
    if isinstance(node, ast.Attribute) and ast.unparse(node.value) in _READS_PICKLES:
        return None if node.attr == "UnpicklingError" else f"uses {ast.unparse(node)}"
    if isinstance(node, ast.Import):
        found = [alias.name for alias in node.names if alias.name.split(".")[0] in _READS_PICKLES - {"pickle"}]
        return f"imports {found}" if found else None
    return _call_problem(node, name) if isinstance(node, ast.Call) else None


def _call_problem(node: ast.Call, name: str) -> str | None:
    called = ast.unparse(node.func)
    options = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
    if called == "zipfile.ZipFile" and name in _READ_ARCHIVES:
        return None
    if called in _RUNS_CODE or called in _UNSAFE_CALLS or called.endswith((".extract", ".extractall")):
        return f"calls {called}"
    if called == "torch.load" and options.get("weights_only") != "True":
        return "torch.load without weights_only=True"
    is_shell = (
        options.get("shell", "False") != "False" and name != "podium/cli/completion.py"
    )  # there: bash, zsh or fish
    if options.get("allow_pickle", "False") != "False" or is_shell:
        return f"calls {called} with {options}"
    is_literal = bool(node.args) and isinstance(node.args[0], ast.Constant)
    if called.endswith("import_module") and not is_literal and name not in _IMPORTS_BY_NAME:
        return "imports a module by a name"
    if called.endswith("from_string") and "jinja" in called:
        return f"calls {called}"
    return None
