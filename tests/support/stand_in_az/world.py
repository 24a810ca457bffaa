"""Everything that the scripts of infra/ meet, together: a repository, an `az`, Azure, the app, Twilio, a terminal."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from fake_twilio.testing import FakeTwilio
from tests.support.stand_in_az.app import App
from tests.support.stand_in_az.cli import serving
from tests.support.stand_in_az.cloud import Azure
from tests.support.stand_in_az.twilio import ACCOUNT, EMULATED, Twilio

ROOT = Path(__file__).resolve().parents[3]
NUMBER = "+15005550006"
KEY = "SK" + "1" * 32
FUNCTIONS = ("activity", "health", "make_call", "send_sms", "status_callback", "twiml_hello")

KEPT = {field.name for kind in (Azure, App) for field in fields(kind)} - {"app", "azure", "host", "before"}
KEPT |= {"token", "secondary", "keys", "requests", "drop"}
KEPT_BY_TWILIO = ("numbers", "services", "twiml_apps")


@dataclass
class World:
    """What one test has to itself."""

    folder: Path
    azure: Azure
    twilio: Twilio
    runner: subprocess.Popen[str]
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def app(self) -> App:
        """The function app."""
        return self.azure.app

    @property
    def repository(self) -> Path:
        """Where infra/ lies beside an app."""
        return self.folder / "repository"

    @property
    def secrets(self) -> dict[str, str]:
        """What a person gives to the first deployment."""
        return {
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_API_KEY": KEY,
            "TWILIO_API_SECRET": self.twilio.keys[KEY],
            "TWILIO_AUTH_TOKEN": self.twilio.token,
            "TWILIO_FROM_NUMBER": NUMBER,
        }

    def environ(self, **variables: str) -> dict[str, str]:
        """Return the environment in which a script runs."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "PUBLIC_BASE"))}
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        temporary = {"TMPDIR": str(self.folder / "tmp")}
        return {**clean, "PATH": path, **temporary, **self.variables, **variables}

    def run(self, script: str, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a script of infra/ to its end."""
        out, err = self.folder / "out", self.folder / "err"
        argv = self.command(script, *options)[2:]
        request = {"script": script, "argv": argv, "folder": str(self.repository), "out": str(out), "err": str(err)}
        assert self.runner.stdin is not None
        assert self.runner.stdout is not None
        self.runner.stdin.write(json.dumps({**request, "environ": self.environ(**variables)}) + "\n")
        self.runner.stdin.flush()
        code = int(self.runner.stdout.readline())
        return subprocess.CompletedProcess(argv, code, out.read_text("utf-8"), err.read_text("utf-8"))

    def command(self, script: str, *options: str) -> list[str]:
        """Return how a script is started: with nothing but the standard library, and so that it does not wait."""
        return [sys.executable, "-S", f"infra/{script}.py", "--resource-group", "rg-phone", "--pace", "0", *options]

    def deploy(self, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Deploy as somebody does who gives everything at once."""
        return self.run("deploy", "--location", "westeurope", "--yes", *options, **{**self.secrets, **variables})

    def snapshot(self) -> list[dict[str, Any]]:
        """Return a copy of what Azure, the app and Twilio hold."""
        kept = [{name: value for name, value in vars(part).items() if name in KEPT} for part in self.parts()]
        kept.append({name: getattr(self.twilio.fake.simulator, name) for name in KEPT_BY_TWILIO})
        return copy.deepcopy(kept)

    def restore(self, snapshot: list[dict[str, Any]]) -> None:
        """Let Azure, the app and Twilio hold what they did when the copy was made."""
        for part, values in zip((*self.parts(), self.twilio.fake.simulator), copy.deepcopy(snapshot), strict=True):
            vars(part).update(values)
        self.azure.before = lambda call: None

    def parts(self) -> tuple[object, ...]:
        """Return all that has a state."""
        return self.azure, self.app, self.twilio

    @property
    def calls_go_to(self) -> str:
        """The address that Twilio calls when the number is called."""
        return self.twilio.fake.number(NUMBER).voice_url

    def commands(self) -> list[str]:
        """Return the commands so far."""
        return [call.command for call in self.azure.calls]


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Make a world in an empty folder."""
    make_repository(folder / "repository")
    for name in ("bin", "tmp"):
        (folder / name).mkdir()
    azure = Azure(App())
    with ExitStack() as stack:
        twilio = Twilio(stack.enter_context(FakeTwilio.running(account=EMULATED)))
        stack.enter_context(serving(azure, folder / "bin"))
        stack.enter_context(twilio.serving())
        certificate = stack.enter_context(azure.app.serving(folder))
        runner = [sys.executable, "-S", str(Path(__file__).with_name("runner.py")), str(folder / "repository")]
        process = subprocess.Popen(runner, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        stack.enter_context(process)
        yield World(
            folder, azure, twilio, process, {"TWILIO_API_BASE_URL": twilio.url, "SSL_CERT_FILE": str(certificate)}
        )


def make_repository(folder: Path) -> None:
    """Make a small app of the same shape, beside a copy of infra/."""
    files = {f"{name}/__init__.py": "import shared\n" for name in FUNCTIONS}
    files |= {"shared/__init__.py": "", "host.json": "{}", "requirements.txt": "azure-functions\n"}
    files["function_app.py"] = "".join(f"import {name}\n" for name in FUNCTIONS)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    shutil.copytree(ROOT / "infra", folder / "infra", ignore=shutil.ignore_patterns("__pycache__"))
