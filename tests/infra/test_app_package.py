"""The zip that goes to Azure: exactly the app, the same bytes each time, and complete."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from deployment import app_package

ROOT = Path(__file__).resolve().parents[2]
NOT_FUNCTIONS = {"bench", "dev", "fake_twilio", "shared", "tests"}
FUNCTIONS = {path.parent.name for path in ROOT.glob("*/__init__.py")} - NOT_FUNCTIONS


def app(folder: Path, files: dict[str, str]) -> Path:
    """Make a small app with these files, and those that every app has."""
    usual = {"function_app.py": "import hello\n", "host.json": "{}", "requirements.txt": "", "hello/__init__.py": ""}
    for name, text in (usual | files).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def test_the_files_are_those_of_the_functions_and_of_shared_and_three_more() -> None:
    """Whatever else lies at the top is not deployed, and nothing that a function needs is left at home."""
    folders = FUNCTIONS | {"shared"}
    expected = {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    found = app_package.contents()

    assert set(found) == expected | {"function_app.py", "host.json", "requirements.txt"}
    assert found == sorted(set(found))
    assert {name.partition("/")[0] for name in found if "/" in name} == folders


def test_tests_tools_settings_and_caches_stay_at_home(tmp_path: Path) -> None:
    """Also where they lie in a folder that is deployed."""
    app(
        tmp_path,
        {
            "hello/page.html": "<p>",
            "hello/deep/part.py": "",
            "hello/__pycache__/x.cpython-312.pyc": "",
            "hello/stray.pyc": "",
            "hello/.env": "secret",
            "hello/.git/config": "",
            "tests/test_hello.py": "",
            "dev/__init__.py": "",
            "infra/main.bicep": "",
            "local.settings.json": "secret",
            "README.md": "",
            "unused/__init__.py": "",
        },
    )

    assert app_package.contents(tmp_path) == [
        "function_app.py",
        "hello/__init__.py",
        "hello/deep/part.py",
        "hello/page.html",
        "host.json",
        "requirements.txt",
    ]


def test_what_is_imported_only_inside_a_function_is_deployed_too(tmp_path: Path) -> None:
    """Slow libraries are imported late here, and so may packages of ours be."""
    body = "def late() -> None:\n    from first.deep import x\n"
    deep = {"first/__init__.py": "", "first/deep.py": "import second\n", "second/__init__.py": ""}
    app(tmp_path, {"hello/__init__.py": body, **deep})

    assert app_package.folders(tmp_path) == {"hello", "first", "second"}


def test_the_same_tree_gives_the_same_bytes(tmp_path: Path) -> None:
    """Not the time, not the place, not the order on the disk, not who may read the files."""
    first = app_package.build()
    copy = tmp_path / "copy"
    for name in reversed(app_package.contents()):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy / name)
        (copy / name).chmod(0o600)
        os.utime(copy / name, (0, 0))

    assert app_package.build(copy) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}  # zlib's versions differ
    (copy / "host.json").write_text("{}")
    assert app_package.fingerprint(app_package.build(copy)) != app_package.fingerprint(first)


def allowed_distributions() -> set[str]:
    """Return the packages that requirements.txt leads to in this environment."""
    from packaging.requirements import Requirement

    found: set[str] = set()
    wanted = [Requirement(line) for line in (ROOT / "requirements.txt").read_text().splitlines() if line[:1].isalpha()]
    while wanted:
        requirement = wanted.pop()
        name = requirement.name.lower().replace("_", "-")
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        wanted += map(Requirement, metadata.requires(name) or [])
    return found


def test_unpacked_elsewhere_the_app_needs_nothing_but_its_requirements(tmp_path: Path) -> None:
    """Every other package of this environment, and the repository itself, are out of its reach."""
    with zipfile.ZipFile(io.BytesIO(app_package.build())) as archive:
        archive.extractall(tmp_path)
    allowed = allowed_distributions()
    forbidden = [
        module
        for module, owners in metadata.packages_distributions().items()
        if not {owner.lower().replace("_", "-") for owner in owners} & allowed
    ]
    assert {"pytest", "hypothesis", "ruff"} <= set(forbidden)
    script = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {forbidden!r}:
            raise ModuleNotFoundError(f"{{name}} is not in requirements.txt")
sys.meta_path.insert(0, Wall())
import json, pathlib, importlib
import function_app
for path in pathlib.Path({str(tmp_path)!r}).rglob("*.py"):
    name = ".".join(path.relative_to({str(tmp_path)!r}).with_suffix("").parts)
    importlib.import_module(name.removesuffix(".__init__"))
print(json.dumps([f.get_function_name() for f in function_app.app.get_functions()]))
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == FUNCTIONS


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"function_app.py": "import hello\nimport dev\n"}, "The app imports dev/, which is never deployed."),
        ({"hello/__init__.py": "from tests import x\n"}, "The app imports tests/, which is never deployed."),
        ({"function_app.py": "import helper\n", "helper.py": ""}, "The app imports helper.py; only packages"),
        (
            {"function_app.py": "import plain\n", "plain/code.py": ""},
            "imports plain/, which has no __init__.py",
        ),
        ({"function_app.py": "def (\n"}, "function_app.py cannot be read as Python"),
    ],
)
def test_what_cannot_be_deployed_is_named(tmp_path: Path, files: dict[str, str], words: str) -> None:
    """Before it is missing on Azure."""
    app(tmp_path, files)

    with pytest.raises(app_package.NotPackable) as raised:
        app_package.build(tmp_path)

    assert words in str(raised.value)


def test_a_missing_file_and_a_link_are_named(tmp_path: Path) -> None:
    """Azure would miss the one, and a link may lead out of the repository."""
    app(tmp_path, {})
    (tmp_path / "host.json").unlink()
    with pytest.raises(app_package.NotPackable, match=r"host\.json is missing"):
        app_package.build(tmp_path)

    app(tmp_path, {})
    if os.name == "posix":
        (tmp_path / "hello" / "link.py").symlink_to(tmp_path / "function_app.py")
        with pytest.raises(app_package.NotPackable, match=r"hello/link\.py is a link"):
            app_package.build(tmp_path)


def test_the_command_writes_the_file(tmp_path: Path) -> None:
    """As the plan of deploy.py says."""
    command = [sys.executable, "-S", str(ROOT / "infra" / "deployment" / "app_package.py")]
    done = subprocess.run([*command, "app.zip"], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert (tmp_path / "app.zip").read_bytes() == app_package.build()
    assert app_package.fingerprint(app_package.build()) in done.stdout
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 2
