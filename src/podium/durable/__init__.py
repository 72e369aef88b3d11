"""The only code that writes files: whole or not at all, verified, one process at a time.

The rest of Podium writes through these functions, so a kill, a power cut or a full disk at any instant leaves either
the old state or the new one, and an error that names the file.
"""

from podium.durable.atomic import copy_file, write_atomically, write_bytes, write_json, write_text
from podium.durable.backend import Backend, current_backend, set_backend, using_backend
from podium.durable.faults import Death, FaultyBackend, die_at, fail_at, fill_disk_at, kill_at
from podium.durable.folders import (
    check_writable,
    make_folder,
    remove_file,
    remove_leftovers,
    remove_tree,
    resolve_inside,
)
from podium.durable.journal import Journal
from podium.durable.read import read_bytes, read_json

__all__ = [
    "Backend",
    "Death",
    "FaultyBackend",
    "Journal",
    "check_writable",
    "copy_file",
    "current_backend",
    "die_at",
    "fail_at",
    "fill_disk_at",
    "kill_at",
    "make_folder",
    "read_bytes",
    "read_json",
    "remove_file",
    "remove_leftovers",
    "remove_tree",
    "resolve_inside",
    "set_backend",
    "using_backend",
    "write_atomically",
    "write_bytes",
    "write_json",
    "write_text",
]
