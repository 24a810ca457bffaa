"""The zip that Azure builds the app from: `python3 infra/deployment/app_package.py app.zip`.

An allow-list: function_app.py, what it imports from this repository, host.json and requirements.txt. The Azure CLI does
not read .funcignore, so what is not put in here stays at home. The same tree gives the same bytes, anywhere.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import io
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENTRY = "function_app.py"
FILES = (ENTRY, "host.json", "requirements.txt")
AT_HOME = {"bench", "dev", "fake_twilio", "infra", "tests"}
CACHES = {"__pycache__", "node_modules"}
LEFT_OUT = {".pyc", ".pyo"}


class NotPackable(Exception):
    """The tree holds something that must not or cannot be deployed."""


@functools.cache
def folders(root: Path) -> frozenset[str]:
    """Return the top-level packages that function_app.py needs: those it imports, and those that these import."""
    found: set[str] = set()
    files = [root / ENTRY]
    while files:
        for name in imports(files.pop()):
            if name in AT_HOME:
                raise NotPackable(f"The app imports {name}/, which is never deployed.")
            if name in found:
                continue
            if (root / name / "__init__.py").is_file():
                found.add(name)
                files += sorted((root / name).rglob("*.py"))
            elif any((root / name).glob("*.py")):
                raise NotPackable(f"The app imports {name}/, which has no __init__.py.")
            elif (root / f"{name}.py").is_file() and f"{name}.py" != ENTRY:
                raise NotPackable(f"The app imports {name}.py; only packages are deployed beside {ENTRY}.")
    return frozenset(found)


def imports(path: Path) -> set[str]:
    """Return the first names of all that a file imports, inside functions too."""
    try:
        tree = ast.parse(path.read_text("utf-8"), str(path))
    except (OSError, SyntaxError, ValueError) as error:
        raise NotPackable(f"{path} cannot be read as Python: {error}") from error
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def contents(root: Path = ROOT) -> list[str]:
    """Return the paths of all files that belong to the app, sorted."""
    found = []
    for name in FILES:
        if not (root / name).is_file():
            raise NotPackable(f"{name} is missing in {root}.")
        found.append(name)
    for folder in folders(root):
        for path in (root / folder).rglob("*"):
            parts = path.relative_to(root).parts
            if path.is_symlink():
                raise NotPackable(f"{'/'.join(parts)} is a link; only files are deployed.")
            hidden = any(part.startswith(".") or part in CACHES for part in parts)
            if path.is_file() and not hidden and path.suffix not in LEFT_OUT:
                found.append("/".join(parts))
    return sorted(found)


def build(root: Path = ROOT) -> bytes:
    """Return the zip's bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name in contents(root):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, also when this runs on Windows
            entry.external_attr = 0o100644 << 16
            # Not compressed: zlib's output differs between its versions, and the app is small.
            entry.compress_type = zipfile.ZIP_STORED
            package.writestr(entry, (root / name).read_bytes())
    return buffer.getvalue()


def fingerprint(package: bytes) -> str:
    """Return what tells one package from another."""
    return hashlib.sha256(package).hexdigest()[:16]


def main() -> int:
    """Write the zip; return the exit code."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__.splitlines()[0] if __doc__ else "", file=sys.stderr)
        return 2
    try:
        package = build()
    except NotPackable as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    Path(sys.argv[1]).write_bytes(package)
    print(f"{sys.argv[1]}: {len(contents())} files, {len(package)} bytes, {fingerprint(package)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
