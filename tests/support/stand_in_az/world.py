"""Everything that the commands of infra/ meet, together: an `az`, Azure, the app, Twilio, a terminal."""

from __future__ import annotations

import contextlib
import copy
import importlib
import io
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from unittest import mock

from fake_twilio.testing import FakeTwilio
from tests.support.app import ROOT
from tests.support.stand_in_az.app import App
from tests.support.stand_in_az.cli import respond, serving
from tests.support.stand_in_az.cloud import Azure
from tests.support.stand_in_az.twilio import ACCOUNT, EMULATED, KEY, Twilio

NUMBER = "+15005550006"
KEPT = {field.name for kind in (Azure, App) for field in fields(kind)} - {"app", "before", "vaults", "host"}
KEPT |= {"token", "secondary", "keys", "drop"}
Snapshot = list[dict[str, Any]]


@dataclass
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


class Person(io.StringIO):
    """Standard input, with or without somebody at a terminal."""

    present = False

    def isatty(self) -> bool:
        """Whether this is a terminal."""
        return self.present


@dataclass
class World:
    """What one test has to itself."""

    folder: Path
    azure: Azure
    twilio: Twilio
    variables: dict[str, str] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    """What the user types; without any, there is no terminal."""
    asked: list[str] = field(default_factory=list)

    @property
    def app(self) -> App:
        """The function app."""
        return self.azure.app

    @property
    def parameters(self) -> Path:
        """The parameter file that the commands use."""
        return self.folder / "infra" / "main.bicepparam"

    @property
    def secrets(self) -> dict[str, str]:
        """What is given to the first deployment."""
        names = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_API_KEY": KEY, "TWILIO_FROM_NUMBER": NUMBER}
        return {**names, "TWILIO_API_SECRET": self.twilio.keys[KEY], "TWILIO_AUTH_TOKEN": self.twilio.token}

    def environ(self, **variables: str) -> dict[str, str]:
        """Return the environment of a command."""
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "PUBLIC_BASE", "CI"))
        }
        return {**clean, **self.variables, "TMPDIR": str(self.folder / "tmp"), **variables}

    def az(self, words: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run `az` in this process."""
        code, out, err = respond(self.azure, words, self.folder, environ)
        return subprocess.CompletedProcess(words, code, out, err)

    @property
    def calls_go_to(self) -> str:
        """The address that Twilio calls when the number is called."""
        return self.twilio.fake.number(NUMBER).voice_url

    def answer(self, question: str) -> str:
        """Type the next answer."""
        self.asked.append(question)
        if not self.answers:
            raise EOFError
        return self.answers.pop(0)

    def wait(self, seconds: float) -> None:
        """Let no time pass; no secret lies in a file meanwhile."""
        assert not list((self.folder / "tmp").rglob("twilio-*"))

    def run(self, command: str, *options: str, **variables: str) -> Done:
        """Run a command of infra/ in this process, to its end."""
        module, out, err = importlib.import_module(command), io.StringIO(), io.StringIO()
        person = Person()
        person.present = bool(self.answers)
        words = [f"infra/{command}.py", "--resource-group", "rg-phone", *options]
        with ExitStack() as stack:
            for target, name, value in (
                ("deployment.azure_cli.Az", "start", lambda _, words, environ: self.az(words, environ)),
                ("deployment.azure_cli.time", "sleep", self.wait),
                ("deployment.template", "INFRA", self.parameters.parent),
                ("sys", "stdin", person),
                ("sys", "argv", words),
                ("builtins", "input", self.answer),
                ("getpass", "getpass", self.answer),
                ("tempfile", "tempdir", str(self.folder / "tmp")),
            ):
                stack.enter_context(mock.patch(f"{target}.{name}", value))
            stack.enter_context(mock.patch.dict(os.environ, self.environ(**variables), clear=True))
            # From Python 3.13 on, the one before keeps the certificates that it found when it was made.
            urllib.request.install_opener(urllib.request.build_opener())
            stack.enter_context(contextlib.chdir(self.folder))
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(contextlib.redirect_stderr(err))
            try:
                code = module.main(words[1:]) if command != "azd_hook" else module.main()
            except SystemExit as error:
                code = int(error.code or 0)
        assert os.listdir(self.folder / "tmp") == []
        return Done(code, out.getvalue(), err.getvalue())

    def deploy(self, *options: str, **variables: str) -> Done:
        """Deploy as somebody does who gives everything at once."""
        return self.run("deploy", "--location", "westeurope", "--yes", *options, **{**self.secrets, **variables})

    def process(self, command: str, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a process, with an `az` on the PATH and nothing but the standard library."""
        with serving(self.azure, self.folder / "bin"):
            path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
            words = [sys.executable, "-S", f"infra/{command}.py", *options]
            environ, pipe = self.environ(PATH=path, **variables), subprocess.PIPE
            nothing = subprocess.DEVNULL
            return subprocess.run(words, cwd=ROOT, env=environ, stdin=nothing, stdout=pipe, stderr=pipe, text=True)

    def snapshot(self) -> Snapshot:
        """Return a copy of what Azure, the app and Twilio hold."""
        parts = [{name: value for name, value in vars(part).items() if name in KEPT} for part in self.parts()]
        return copy.deepcopy([*parts, vars(self.twilio.fake.number(NUMBER)), self.others()])

    def others(self) -> dict[str, Any]:
        """Return what several parts share, or only the emulator holds."""
        return {"vaults": self.azure.vaults, "twiml_apps": self.twilio.fake.simulator.twiml_apps}

    def restore(self, snapshot: Snapshot) -> None:
        """Let Azure, the app and Twilio hold what they did when the copy was made."""
        *parts, others = copy.deepcopy(snapshot)
        for part, values in zip((*self.parts(), self.twilio.fake.number(NUMBER)), parts, strict=True):
            vars(part).update(values)
        self.azure.vaults = self.app.vaults = others["vaults"]
        self.twilio.fake.simulator.twiml_apps = others["twiml_apps"]
        self.azure.before = lambda call: None
        self.answers, self.asked = [], []
        for path in self.parameters.parent.glob("*.bicep*"):
            path.unlink()
        for path in (ROOT / "infra").glob("main.bicep*"):
            shutil.copy(path, self.parameters.parent)

    def parts(self) -> tuple[object, ...]:
        """Return all that has a state."""
        return self.azure, self.app, self.twilio


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Make a world in an empty folder."""
    for name in ("bin", "tmp", "infra"):
        (folder / name).mkdir()
    azure = Azure(App())
    with ExitStack() as stack:
        twilio = Twilio(stack.enter_context(FakeTwilio.running(account=EMULATED)))
        stack.enter_context(twilio.serving())
        certificate = stack.enter_context(azure.app.serving(folder))
        yield World(folder, azure, twilio, {"TWILIO_API_BASE_URL": twilio.url, "SSL_CERT_FILE": str(certificate)})
