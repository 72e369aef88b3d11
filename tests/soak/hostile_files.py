"""Files and words that would run code in a careless reader: each would make the folder `marker`, and nothing else."""

from __future__ import annotations

import builtins
import collections
import io
import os
import pickle
import struct
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from safetensors.torch import save as save_safetensors

__all__ = ["code_words", "hostile_parquets", "hostile_weights", "hostile_yamls", "is_live"]

Call = tuple[Callable[..., Any], tuple[Any, ...]]


class _Calls:
    """Pickles to a call."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def __reduce__(self) -> Call:
        return self._call


def _calls(marker: Path) -> dict[str, Call]:
    code = f"__import__('os').makedirs({str(marker)!r}, exist_ok=True)"
    return {
        "os.mkdir": (os.mkdir, (str(marker),)),
        "eval": (builtins.eval, (code,)),
        "exec": (builtins.exec, (code,)),
        "a process": (subprocess.call, (["mkdir", str(marker)],)),
        "os.makedirs": (os.makedirs, (str(marker),)),
        "a tensor's helper": (torch.serialization.load, (str(marker),)),
    }


def _zipped(content: Any, protocol: int) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, pickle_protocol=protocol)
    return buffer.getvalue()


def _legacy(content: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=False)
    return buffer.getvalue()


def _old_tar(content: Any) -> bytes:
    """The tar files of torch before 0.1.10."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("storages", "tensors", "pickle", "sys_info"):
            data = pickle.dumps(content)
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def _npz(content: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, weights=np.array([content], dtype=object))
    return buffer.getvalue()


def _stored_zip(content: Any) -> bytes:
    """A zip like torch's, written by hand with every pickle in it hostile."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("data.pkl", "constants.pkl", "code/__torch__.py", "version", "byteorder"):
            archive.writestr(f"archive/{name}", b"3\n" if name == "version" else pickle.dumps(content))
    return buffer.getvalue()


def _built_dict(marker: Path) -> bytes:
    """An OrderedDict, which readers allow, whose state is set from a call: `GLOBAL REDUCE BUILD`, protocol 2."""
    path = str(marker).encode()
    call = b"cos\nmkdir\nX" + struct.pack("<I", len(path)) + path + b"\x85R"
    return b"\x80\x02ccollections\nOrderedDict\n)R}X\x01\x00\x00\x00a" + call + b"sb."


def hostile_weights(marker: Path) -> Iterator[tuple[str, str, bytes]]:
    """Name, ending and content of weight files."""
    for call_name, call in _calls(marker).items():
        evil = _Calls(call)
        wrapped = {"state_dict": collections.OrderedDict(w=torch.zeros(2), b=evil)}
        contents = {
            **{f"zip, protocol {protocol}": _zipped(wrapped, protocol) for protocol in (2, 5)},
            "legacy": _legacy(wrapped),
            "tar": _old_tar(evil),
            **{f"bare, protocol {protocol}": pickle.dumps(evil, protocol) for protocol in range(6)},
            "npz": _npz(evil),
            "zip by hand": _stored_zip(evil),
        }
        for kind, content in contents.items():
            for ending in (".pt", ".pth", ".bin", ".safetensors"):
                yield f"{call_name}, {kind}, {ending}", ending, content
    yield "built dict, .pt", ".pt", _built_dict(marker)
    yield "pickled module, .pt", ".pt", _zipped(torch.nn.Linear(2, 2), 2)
    head = save_safetensors({"w": torch.zeros(2)}, {"__class__": f"os.mkdir({str(marker)!r})"})
    yield "code in the head, .safetensors", ".safetensors", head
    yield "a head of 2 TB, .safetensors", ".safetensors", struct.pack("<Q", 2**41) + head[8:]
    yield "numpy, .npy", ".npy", pickle.dumps(_Calls((os.mkdir, (str(marker),))))


def hostile_yamls(marker: Path) -> dict[str, str]:
    """Recipes that name code, or are built to take all memory."""
    path = str(marker)
    bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    bomb += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    return {
        "apply": f"!!python/object/apply:os.mkdir ['{path}']",
        "apply inside": f"optimizer:\n  name: !!python/object/apply:os.mkdir ['{path}']",
        "new": f"!!python/object/new:os.mkdir ['{path}']",
        "new with state": f"!!python/object/new:tuple\nstate: !!python/object/apply:os.mkdir ['{path}']",
        "name": "optimizer:\n  name: !!python/name:os.mkdir",
        "module": "model: !!python/module:this",
        "object": "model: !!python/object:podium.recipe.Recipe {}",
        "ruby and java": "model: !!javax.script.ScriptEngineManager [!ruby/object:Gem {}]",
        "key": f"? !!python/object/apply:os.mkdir ['{path}']\n: 1",
        "merge": f"<<: !!python/object/apply:os.mkdir ['{path}']",
        "bomb": "\n".join(bomb),
        "bomb in a value": "\n".join([*bomb, "model: {name: *a8}"]),
        "deep": "model: " + "[" * 3000 + "]" * 3000,
        "loop": "model: &m\n  name: *m",
        "json": '{"model": {"__reduce__": ["os.mkdir", ["' + path + '"]]}}',
    }


def code_words(marker: Path) -> tuple[str, ...]:
    """Words that would be code if any part took names for code."""
    path = str(marker)
    return (
        f"__import__('os').mkdir('{path}')",
        f"{{__import__('os').mkdir('{path}')}}",
        f"{{{{ cycler.__init__.__globals__.os.mkdir('{path}') }}}}",
        f"$(mkdir {path})",
        f"`mkdir {path}`",
        f"; mkdir {path} #",
        f"os.mkdir:{path}",
        "os.mkdir",
        "podium.models.tiny.TinyBackbone",
        "torch.hub.load",
        "builtins.eval",
        "lambda: 1",
        "%(path)s",
        "{0.__class__.__init__.__globals__}",
    )


def hostile_parquets(marker: Path) -> dict[str, bytes]:
    """Tables whose schema holds pickles, where readers have looked for Python types before."""
    evil = pickle.dumps(_Calls((os.mkdir, (str(marker),))))
    plain = pa.array([f"{row}.png" for row in range(4)])
    labels = pa.array(["x", "y", "x", "y"])
    found = {}
    for name in ("arrow.py_extension_type", "pandas.extension", "pyarrow.pickled"):
        about = {b"ARROW:extension:name": name.encode(), b"ARROW:extension:metadata": evil}
        schema = pa.schema([pa.field("image", pa.string(), metadata=about), pa.field("label", pa.string())])
        found[name] = _parquet(pa.table([plain, labels], schema=schema))
    table = pa.table({"image": plain, "label": labels})
    found["pandas metadata"] = _parquet(table.replace_schema_metadata({b"pandas": evil, b"PANDAS": evil}))
    found["pickles as cells"] = _parquet(pa.table({"image": plain, "label": pa.array([evil, evil[:9]] * 2)}))
    found["a pickle"] = evil
    return found


def _parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def is_live(marker: Path) -> bool:
    """Whether the payload works at all: a careless reader is run on it, and the marker taken away again."""
    pickle.loads(pickle.dumps(_Calls((os.mkdir, (str(marker),)))))
    is_there = marker.is_dir()
    marker.rmdir()
    return is_there
