"""The zip that goes to Azure: exactly the app, the same bytes each time, and complete."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from deployment import app_package

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {
    "bench",
    "dev",
    "fake_twilio",
    "shared",
    "tests",
}


def app(folder: Path, files: dict[str, str]) -> Path:
    """Make a small app with these files, and those that every app has."""
    usual = {"function_app.py": "import hello\n", "host.json": "{}", "requirements.txt": "", "hello/__init__.py": ""}
    for name, text in (usual | files).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def test_it_contains_the_functions_shared_and_three_files() -> None:
    """An allow-list."""
    found = app_package.contents()

    assert app_package.functions() == FUNCTIONS
    assert {name.partition("/")[0] for name in found if "/" in name} == FUNCTIONS | {"shared"}
    assert {name for name in found if "/" not in name} == {"function_app.py", "host.json", "requirements.txt"}
    assert "shared/settings.py" in found


def test_tools_settings_and_caches_are_left_out(tmp_path: Path) -> None:
    """Also in a folder that is deployed."""
    wanted = {"hello/page.html": "<p>", "hello/deep/part.py": "", "shared/__init__.py": ""}
    unwanted = (
        *("hello/__pycache__/x.pyc", "hello/stray.pyc", "hello/.env", "hello/.git/config", "tests/__init__.py"),
        *("dev/__init__.py", "infra/main.bicep", "local.settings.json", "README.md", "docs/page.md"),
    )
    app(tmp_path, {**wanted, **dict.fromkeys(unwanted, "secret")})

    usual = ["function_app.py", "hello/__init__.py", "host.json", "requirements.txt"]
    assert app_package.contents(tmp_path) == sorted([*wanted, *usual])


def test_the_same_files_and_build_id_give_the_same_bytes(tmp_path: Path) -> None:
    """Neither time, place, modes nor zlib's version matter."""
    first, copy = app_package.build(build_id="a"), tmp_path / "copy"
    for name in reversed(app_package.contents()):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((ROOT / name).read_bytes())
        (copy / name).chmod(0o600)
        os.utime(copy / name, (0, 0))

    assert app_package.build(copy, "a") == first != app_package.build(copy, "b")
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}


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


def test_unpacked_elsewhere_the_app_needs_only_its_requirements_and_reports_its_build(tmp_path: Path) -> None:
    """Every other package of this environment, and the repository itself, are out of its reach."""
    with zipfile.ZipFile(io.BytesIO(app_package.build(build_id="build-7"))) as archive:
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
import function_app, health
for path in pathlib.Path({str(tmp_path)!r}).rglob("*.py"):
    name = ".".join(path.relative_to({str(tmp_path)!r}).with_suffix("").parts)
    importlib.import_module(name.removesuffix(".__init__"))
print(json.dumps([health.BUILD, *[f.get_function_name() for f in function_app.app.get_functions()]]))
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    build, *functions = json.loads(done.stdout)
    assert build == "build-7"
    assert set(functions) == FUNCTIONS


def test_a_missing_file_and_a_link_are_errors(tmp_path: Path) -> None:
    """Azure would miss the one, and a link may lead out of the repository."""
    (app(tmp_path, {}) / "host.json").unlink()
    with pytest.raises(OSError, match=r"host\.json"):
        app_package.build(tmp_path)

    if os.name == "posix":
        (app(tmp_path, {}) / "hello" / "link.py").symlink_to(tmp_path / "function_app.py")
        with pytest.raises(OSError, match=r"hello/link\.py is a link"):
            app_package.build(tmp_path)
