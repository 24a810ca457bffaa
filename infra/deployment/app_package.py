"""The zip that Azure builds the app from.

An allow-list, since the Azure CLI does not read .funcignore: three files, and the packages that are part of the app.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = ("function_app.py", "host.json", "requirements.txt")
NOT_DEPLOYED = {"bench", "dev", "fake_twilio", "infra", "tests"}
CACHES = {"__pycache__", "node_modules"}
BUILD_ID = "build_id.txt"  # /api/health reports what is in it


def functions(root: Path = ROOT) -> set[str]:
    """Return the names of the app's functions: the folders that function_app.py imports."""
    source = (root / "function_app.py").read_text("utf-8")
    names = re.findall(r"(?m)^(?:import|from) (\w+)", source)
    return {name for name in names if (root / name / "__init__.py").is_file()}


def missing_libraries(root: Path = ROOT) -> list[str]:
    """Return the scripts that pages load, and that `python3 -m dev` has not copied from npm yet."""
    vendor = {path.name for path in root.glob("*/page/vendor/*")}
    named = {name for page in root.glob("*/page/*.js") for name in re.findall(r"\w+\.min\.js", page.read_text("utf-8"))}
    return sorted(named - vendor)


def contents(root: Path = ROOT) -> list[str]:
    """Return the paths of all files that belong to the app, sorted."""
    found = list(FILES)
    folders = {path.parent.name for path in root.glob("*/__init__.py")} - NOT_DEPLOYED
    for folder in folders:
        for path in (root / folder).rglob("*"):
            parts = path.relative_to(root).parts
            if path.is_symlink():
                raise OSError(f"{'/'.join(parts)} is a link; only files are deployed.")
            hidden = any(part.startswith(".") or part in CACHES for part in parts)
            if path.is_file() and not hidden and path.suffix not in (".pyc", ".pyo"):
                found.append("/".join(parts))
    return sorted(found)


def build(root: Path = ROOT, build_id: str = "") -> bytes:
    """Return the zip's bytes: the same for the same files and build ID, on every machine."""
    files = {name: (root / name).read_bytes() for name in contents(root)}
    if build_id:
        files[BUILD_ID] = build_id.encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, also when this runs on Windows
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_STORED  # zlib's output differs between its versions
            package.writestr(entry, content)
    return buffer.getvalue()
