"""The only code that writes files: whole or not at all, verified, one process at a time.

The rest of Podium writes through these functions, so a kill, a power cut or a full disk at any instant leaves either
the old state or the new one, and an error that names the file.
"""

from podium.durable.atomic import (
    check_regular,
    make_cache_folder,
    sync_file,
    write_atomically,
    write_bytes,
    write_json,
    write_text,
)
from podium.durable.backend import Backend, current_backend, set_backend, using_backend
from podium.durable.claim import check_claimable
from podium.durable.faults import Death, FaultyBackend, die_at, fail_at, fill_disk_at, kill_at
from podium.durable.folders import (
    check_writable,
    make_folder,
    remove_file,
    remove_leftovers,
    remove_tree,
    resolve_inside,
    sweep_leftovers,
)
from podium.durable.holder import Holder
from podium.durable.journal import Journal
from podium.durable.lock import LOCK_NAME, hold_lock, see_anew, wait_for_lock
from podium.durable.manifest import MANIFEST_NAME, Manifest, check_manifest, read_manifest, sha256_file, write_manifest
from podium.durable.mapped import RowFile, create_mapped, open_mapped, sync_mapped
from podium.durable.pages import ONE_PASS_BYTES, PageBudget, release_pages
from podium.durable.parts import PartWriter
from podium.durable.pieces import SETTLED_NS, find_damaged_pieces, is_known_sound, remember_sound
from podium.durable.read import read_bytes, read_json
from podium.durable.regular import open_regular
from podium.durable.sealed import SEAL, read_sealed, sealed_bytes, write_sealed
from podium.durable.torn_line import cut_torn_line
from podium.durable.versioned import Version, commit_version, list_versions, load_newest, load_version
from podium.durable.whole_folder import write_folder

__all__ = [
    "LOCK_NAME",
    "MANIFEST_NAME",
    "ONE_PASS_BYTES",
    "SEAL",
    "SETTLED_NS",
    "Backend",
    "Death",
    "FaultyBackend",
    "Holder",
    "Journal",
    "Manifest",
    "PageBudget",
    "PartWriter",
    "RowFile",
    "Version",
    "check_claimable",
    "check_manifest",
    "check_regular",
    "check_writable",
    "commit_version",
    "create_mapped",
    "current_backend",
    "cut_torn_line",
    "die_at",
    "fail_at",
    "fill_disk_at",
    "find_damaged_pieces",
    "hold_lock",
    "is_known_sound",
    "kill_at",
    "list_versions",
    "load_newest",
    "load_version",
    "make_cache_folder",
    "make_folder",
    "open_mapped",
    "open_regular",
    "read_bytes",
    "read_json",
    "read_manifest",
    "read_sealed",
    "release_pages",
    "remember_sound",
    "remove_file",
    "remove_leftovers",
    "remove_tree",
    "resolve_inside",
    "sealed_bytes",
    "see_anew",
    "set_backend",
    "sha256_file",
    "sweep_leftovers",
    "sync_file",
    "sync_mapped",
    "using_backend",
    "wait_for_lock",
    "write_atomically",
    "write_bytes",
    "write_folder",
    "write_json",
    "write_manifest",
    "write_sealed",
    "write_text",
]
