"""The one door to the project on a laptop and in CI: `python3 -m dev run | test | check | bench | services`.

Needs a Python and nothing else; it makes `.venv`, installs what is pinned, and runs the rest with it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from dev import environment
from dev.setup import ROOT, SetupError, say

DESCRIPTION = "Runs, tests and checks the project. The first use makes .venv and installs what is pinned there."


def main() -> int:
    """Run one command of the door; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    arguments, rest = parser().parse_known_args()
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
    """Run the app with everything it needs, or only what it needs."""
    from dev import own_account
    from dev.run import Options, run

    values = {name: value for name, value in vars(arguments).items() if name not in ("command", "settings")}
    if arguments.settings:
        return own_account.run(Options(**values), arguments.settings)
    return run(Options(**values), with_app=arguments.command == "run")


def test(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Run pytest, with Azurite and a browser at hand."""
    from dev import chromium, node

    environment.ensure()
    node.ensure_packages()
    env = environment.venv_environ()
    browser = chromium.find_or_install()
    if browser is not None:
        env["DEV_CHROMIUM"] = browser
    elif os.environ.get("CI") in ("true", "1"):
        raise SetupError("There is no Chromium for the tests of the phones page, and under CI they must run.")
    else:
        say("There is no Chromium here and none could be installed: the tests of the phones page are skipped.")
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


COMMANDS = {"run": run, "services": run, "test": test, "check": check, "bench": bench}


def become(arguments: list[str], env: dict[str, str]) -> int:
    """Go on as the Python of `.venv`, so that signals and the exit code are its own."""
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
        "run the app with a fake Twilio, its phones and storage",
        "Prints URLs and commands to try; needs no Azure and no Twilio account, and uses none but with --settings.",
    )
    command.add_argument("--port", type=port, help="of the app (default: 7071, or a free one)")
    add_service_options(command)
    command.add_argument(
        "--host",
        choices=("builtin", "func"),
        default="builtin",
        help="what serves the app: the small host in dev/host, or Azure Functions Core Tools (default: %(default)s)",
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
        "run all that the app needs, but not the app",
        "For `func start`, or a debugger, in another terminal.",
    )
    command.add_argument("--port", type=port, help="where the app will be (default: 7071)")
    command.set_defaults(settings=None)
    add_service_options(command)

    add("test", "run the tests; arguments go to pytest", "For example: python3 -m dev test -x tests/app/test_health.py")
    command = add("check", "run ruff and mypy")
    command.add_argument("--fix", action="store_true", help="let ruff repair and format the files")
    add("bench", "measure speed and memory; arguments name the benchmarks")
    return parser


def add_service_options(command: argparse.ArgumentParser) -> None:
    """Add what `run` and `services` have in common."""
    command.add_argument(
        "--phones-port", type=port, help="of the fake Twilio and the phones page (default: 7072, or a free one)"
    )
    command.add_argument("--tables-port", type=port, help="of Azurite (default: 10002, or a free one)")
    command.add_argument("--data", type=Path, metavar="DIR", help="keep the tables in this folder between runs")
    command.add_argument(
        "--chaos", type=int, metavar="SEED", help="duplicate, reorder, delay and drop Twilio's callbacks by this seed"
    )
    command.add_argument("--verbose", action="store_true", help="show every line that the parts write")


def port(text: str) -> int:
    """Read a port number."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not a port: 1 to 65535 is expected")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
