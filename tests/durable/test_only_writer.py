"""No code outside `podium.durable` opens a file for writing, makes, renames or removes one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import podium

SOURCE = Path(podium.__file__).parent

PATH_METHODS = frozenset(
    ["mkdir", "write_text", "write_bytes", "unlink", "rmdir", "touch", "hardlink_to", "symlink_to", "rename"]
)
FUNCTIONS = {
    "os": [
        "replace",
        "rename",
        "renames",
        "remove",
        "unlink",
        "mkdir",
        "makedirs",
        "rmdir",
        "removedirs",
        "truncate",
        "link",
        "symlink",
    ],
    "shutil": [
        "rmtree",
        "copy",
        "copy2",
        "copyfile",
        "copyfileobj",
        "copytree",
        "move",
        "make_archive",
        "unpack_archive",
    ],
    "np": ["save", "savez", "savez_compressed", "savetxt", "memmap"],
    "numpy": ["save", "savez", "savez_compressed", "savetxt", "memmap"],
    "torch": ["save"],
    "cv2": ["imwrite"],
    "tempfile": ["mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryFile"],
}
# Writers that take a file object as well: they get one of `write_atomically`, so a path is what gives them away.
TAKE_A_FILE = frozenset(
    ["to_csv", "to_parquet", "to_json", "to_excel", "to_pickle", "to_feather", "savefig", "tofile", "save"]
)
# Functions above that write through the file object in their first argument are fine with one.
FINE_WITH_FILE = frozenset({"np", "numpy", "torch", "shutil.copyfileobj"})


def writes_in(code: str, name: str = "code") -> list[str]:
    """Each line of a module that writes around `durable`."""
    tree = ast.parse(code)
    files = set(file_names(tree))
    calls = sorted((node for node in ast.walk(tree) if isinstance(node, ast.Call)), key=lambda node: node.lineno)
    return [f"{name}:{call.lineno}: {ast.unparse(call)[:80]}" for call in calls if is_write(call, files)]


def file_names(tree: ast.AST) -> Iterator[str]:
    """Names that hold a file object: bound by `with ... as`, or parameters typed as one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name):
            yield node.optional_vars.id
        elif isinstance(node, ast.arg) and node.annotation is not None and "IO" in ast.unparse(node.annotation):
            yield node.arg
        elif isinstance(node, ast.Assign) and "BytesIO(" in ast.unparse(node.value):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.Lambda):
            yield from (argument.arg for argument in node.args.args if argument.arg in ("file", "buffer"))


def is_write(call: ast.Call, files: set[str]) -> bool:
    """Whether a call writes to a path."""
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "open" and opens_for_writing(call, 1)
    if not isinstance(function, ast.Attribute):
        return False
    owner, method = ast.unparse(function.value), function.attr
    if owner == "durable" or owner.endswith(".durable"):
        return False
    gets_file = any(isinstance(node, ast.Name) and node.id in files for node in call.args[:1])
    if method in FUNCTIONS.get(owner, ()):
        return not (gets_file and ({owner, f"{owner}.{method}"} & FINE_WITH_FILE))
    if owner in ("io", "gzip", "bz2", "lzma", "zipfile", "tarfile") and method in ("open", "ZipFile"):
        return not gets_file and opens_for_writing(call, 1)
    if owner == "os" and method == "open":
        return "os.devnull" not in ast.unparse(call) and "O_RDONLY" not in ast.unparse(call)
    if method == "open" and owner not in ("Image", "PIL.Image"):  # Pillow's only reads
        return opens_for_writing(call, 0)
    if method == "save" and not looks_like_path(call):  # Pillow's; anything else may have a `save` of its own
        return False
    if method in TAKE_A_FILE:
        return not gets_file and bool(call.args) and not is_text_only(call)
    return method in PATH_METHODS and not is_rename_of_columns(method, call)


def opens_for_writing(call: ast.Call, position: int) -> bool:
    """Whether the mode is one that writes, or is not written out and so cannot be judged."""
    modes = [keyword.value for keyword in call.keywords if keyword.arg == "mode"] + call.args[position : position + 1]
    if not modes:
        return False
    mode = modes[0]
    return not (isinstance(mode, ast.Constant) and isinstance(mode.value, str)) or bool(set(mode.value) & set("wax+"))


def looks_like_path(call: ast.Call) -> bool:
    """Whether the first argument is a text, a path with a slash operator or named like one."""
    if not call.args:
        return False
    first = call.args[0]
    is_text = isinstance(first, ast.JoinedStr) or (isinstance(first, ast.Constant) and isinstance(first.value, str))
    is_joined = isinstance(first, ast.BinOp) and isinstance(first.op, ast.Div)
    return is_text or is_joined or any(word in ast.unparse(first).lower() for word in ("path", "folder", "target"))


def is_text_only(call: ast.Call) -> bool:
    """`frame.to_csv(None)` gives a string."""
    return isinstance(call.args[0], ast.Constant) and call.args[0].value is None


def is_rename_of_columns(method: str, call: ast.Call) -> bool:
    """pandas has a method `rename`, which takes keywords or a series' name."""
    return method == "rename" and not (len(call.args) == 1 and "path" in ast.unparse(call.args[0]).lower())


MODULES = sorted(path for path in SOURCE.rglob("*.py") if SOURCE / "durable" not in path.parents)


@pytest.mark.long
def test_no_module_writes_around_durable() -> None:
    assert len(MODULES) > 500
    assert [
        line for path in MODULES for line in writes_in(path.read_text(encoding="utf-8"), str(path.relative_to(SOURCE)))
    ] == []


@pytest.mark.parametrize(
    "code",
    [
        "open('a', 'w')",
        "open('a', mode='ab')",
        "open('a', 'r+')",
        "open('a', mode)",
        "path.open('x')",
        "io.open('a', 'w')",
        "os.open('a', os.O_WRONLY)",
        "Path('a').write_text('x')",
        "path.write_bytes(b'x')",
        "folder.mkdir(parents=True)",
        "os.replace(a, b)",
        "os.makedirs('a')",
        "path.rename(new_path)",
        "path.unlink()",
        "shutil.rmtree(folder)",
        "shutil.copy(a, b)",
        "np.save(path, x)",
        "np.savez('a.npz', x=1)",
        "np.memmap(path, mode='w+')",
        "torch.save(state, path)",
        "frame.to_csv(path)",
        "frame.to_csv('a.csv')",
        "frame.to_parquet(folder / 'a')",
        "figure.savefig(path)",
        "image.save(path)",
        "image.save(folder / name)",
        "image.save(f'{name}.png')",
        "cv2.imwrite(name, image)",
        "zipfile.ZipFile(path, 'w')",
        "tempfile.mkstemp()",
    ],
)
def test_each_way_around_is_noticed(code: str) -> None:
    assert len(writes_in(code)) == 1


@pytest.mark.parametrize(
    "code",
    [
        "open('a')",
        "open('a', 'rb')",
        "path.open()",
        "path.open('r', encoding='utf-8')",
        "Image.open(path)",
        "durable.write_text(path, 'x')",
        "durable.write_bytes(path, b'x')",
        "podium.durable.make_folder(path)",
        "with durable.write_atomically(path) as file: frame.to_csv(file, index=False)",
        "with durable.write_atomically(path) as file: np.savez(file, x=1)",
        "def write(file: BinaryIO): figure.savefig(file, format='png')",
        "writers = {'a': lambda file: np.save(file, x)}",
        "text = frame.to_csv(index=False)",
        "frame.rename(columns=names)",
        "text.replace('a', 'b')",
        "names.remove('a')",
        "checkpoints.save(state, parts)",
        "np.load(path, mmap_mode='r')",
        "buffer = io.BytesIO(); image.save(buffer, format='PNG')",
    ],
)
def test_reading_and_writing_through_durable_is_fine(code: str) -> None:
    assert writes_in(code) == []
