"""The command-line entry point of the project on a laptop and in CI: `python3 -m dev run | test | check | bench`.

Needs a Python and nothing else: it creates `.venv`, installs what is pinned, and runs everything with it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from dev import environment
from dev.setup import ROOT, SetupError, say

DESCRIPTION = "Run, test and check the project. The first use creates .venv and installs the pinned packages there."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    arguments, rest = parser().parse_known_args(argv)
    if rest and arguments.command not in ("test", "bench"):
        parser().error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        environment.check_python(sys.version_info[:2])
        return COMMANDS[arguments.command](arguments, rest)
    except SetupError as error:
        say(f"dev: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


def run(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Run the app with all services, or the services only."""
    from dev import own_account
    from dev.run import Options, run

    values = {name: value for name, value in vars(arguments).items() if name not in ("command", "settings")}
    values["set"] = dict(arguments.set)
    if arguments.settings:
        return own_account.run(Options(**values), arguments.settings)
    return run(Options(**values), with_app=arguments.command == "run")


def test(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Run pytest, with Azurite and, for tests that need it, a browser."""
    from dev import chromium, node

    environment.ensure()
    node.ensure_packages()
    env = environment.venv_environ()
    if browser := chromium.for_tests(rest):
        env["DEV_CHROMIUM"] = browser
    # The whole suite waits more than it works, so one worker more than there are cores.
    workers = [] if rest else ["-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal"]
    return become(["-m", "pytest", *workers, *rest], env)


def check(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Run every check, also after one has failed."""
    environment.ensure()
    tools = {
        "ruff check": ["ruff", "check", *(["--fix"] if arguments.fix else [])],
        "ruff format": ["ruff", "format", *([] if arguments.fix else ["--check"])],
        "mypy": ["mypy"],
    }
    failed = []
    for name, command in tools.items():
        print(f"{name}:", flush=True)
        done = subprocess.run(
            [str(environment.PYTHON), "-m", *command], cwd=ROOT, env=environment.venv_environ(), check=False
        )
        if done.returncode != 0:
            failed.append(name)
    print(f"Failed: {', '.join(failed)}." if failed else "All checks passed.")
    return 1 if failed else 0


def bench(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Run the benchmarks."""
    from dev import node

    environment.ensure()
    node.ensure_packages()
    return become(["-m", "bench", *rest], environment.venv_environ())


def pages(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Fetch the libraries of the app's pages."""
    from dev import node

    environment.ensure(environment.RUN)
    node.ensure_packages()
    print("The libraries of the pages are there:", *node.LIBRARIES.values(), sep="\n  ")
    return 0


COMMANDS = {"run": run, "services": run, "test": test, "check": check, "bench": bench, "pages": pages}


def become(arguments: list[str], env: dict[str, str]) -> int:
    """Replace this process by the Python of `.venv`, which then gets the signals and sets the exit code."""
    command = [str(environment.PYTHON), *arguments]
    os.chdir(ROOT)
    if os.name == "posix":
        os.execve(command[0], command, env)
    return subprocess.run(command, env=env, check=False).returncode


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(prog="python3 -m dev", description=DESCRIPTION, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, words: str, more: str = "") -> argparse.ArgumentParser:
        return commands.add_parser(name, help=words, description=f"{words}. {more}".strip(), allow_abbrev=False)

    command = add(
        "run",
        "run the app with a Twilio emulator, its phones and storage",
        "Prints URLs and commands to try, and restarts the app when one of its files changes. Needs no Azure and no "
        "Twilio account, and uses none without --settings. Settings that are not of an account, such as "
        "ALLOWED_COUNTRIES, are also read from local.settings.json.",
    )
    command.add_argument("--port", type=port, help="port of the app (default: 7071, or a free one)")
    add_service_options(command)
    command.add_argument("--open", action="store_true", help="open the phones page in the browser")
    command.add_argument(
        "--set",
        type=setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set a setting of the app that is not of an account, such as ALLOWED_COUNTRIES=US,CA; can be repeated",
    )
    command.add_argument(
        "--host",
        choices=("builtin", "func"),
        default="builtin",
        help="what serves the app: dev/host, or Azure Functions Core Tools (default: %(default)s)",
    )
    command.add_argument("--keys", action="store_true", help="ask for a function key, as Azure does")
    command.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="use your own Twilio account, with the settings of this file like local.settings.json, behind a tunnel",
    )

    command = add(
        "services",
        "run everything that the app needs, but not the app",
        "For `func start`, or a debugger, in another terminal.",
    )
    command.add_argument("--port", type=port, help="port where the app will be (default: 7071)")
    command.set_defaults(settings=None, set=[])
    add_service_options(command)

    add("test", "run the tests; arguments go to pytest", "For example: python3 -m dev test -x tests/app/test_health.py")
    command = add("check", "run ruff and mypy")
    command.add_argument("--fix", action="store_true", help="let ruff fix and format the files")
    add(
        "pages",
        "fetch the JavaScript libraries of the app's pages, as the other commands do",
        "To deploy from a clone.",
    )
    add("bench", "measure speed and memory; arguments name the benchmarks")
    return parser


def add_service_options(command: argparse.ArgumentParser) -> None:
    """Add the options that `run` and `services` share."""
    command.add_argument(
        "--phones-port",
        type=port,
        help="port of the Twilio emulator and the phones page (default: 7072, or a free one)",
    )
    command.add_argument("--tables-port", type=port, help="port of Azurite (default: 10002, or a free one)")
    command.add_argument(
        "--bind",
        choices=("127.0.0.1", "0.0.0.0"),
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address on which the app and the phones listen: 127.0.0.1, or 0.0.0.0 for every address of this "
        "machine, which `docker run -p` needs (default: %(default)s)",
    )
    command.add_argument("--data", type=Path, metavar="DIR", help="keep tables and phones in this folder between runs")
    command.add_argument(
        "--chaos", type=int, metavar="SEED", help="duplicate, reorder, delay and drop Twilio's callbacks by this seed"
    )
    command.add_argument(
        "--verbose", action="store_true", help="show every line of every part, and callbacks that are repeated"
    )


def setting(text: str) -> tuple[str, str]:
    """Read a NAME=VALUE."""
    from dev.app_settings import given_setting

    try:
        return given_setting(text)
    except SetupError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def port(text: str) -> int:
    """Read a port number."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not a port; expected 1 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
