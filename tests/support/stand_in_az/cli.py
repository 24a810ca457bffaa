"""The stand-in's command line: `az` programs connect here, and their arguments are checked as the real CLI does."""

from __future__ import annotations

import json
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RECORD: dict[str, Any] = json.loads(Path(__file__).with_name("commands.json").read_text("utf-8"))
COMMANDS: dict[str, dict[str, dict[str, Any]]] = RECORD["commands"]

# An `az` for the PATH, which hands everything to the tests' process; in bash, which starts faster than Python.
CLIENT = """#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/{port}
{{ printf '%s\\0' "$PWD" "$@" ""; env -0; printf '\\0'; }} >&3
read -r code <&3
if [ "$code" = 0 ]; then cat <&3; else cat <&3 >&2; fi
exit "$code"
"""


class Refusal(Exception):
    """The CLI ends with an exit code and words on standard error."""

    def __init__(self, text: str, code: int = 1) -> None:
        """Keep both; the real CLI says ERROR before the words."""
        super().__init__(text)
        self.code = code


@dataclass
class Call:
    """One command as it came."""

    command: str
    options: dict[str, Any]
    words: list[str] = field(default_factory=list)
    folder: Path = Path()
    environ: dict[str, str] = field(repr=False, default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        """Return the value of an option by its longest name, without hyphens before it."""
        return self.options.get(name)


def read(words: list[str]) -> Call:
    """Return a command line as the real CLI reads it; raises Refusal where that would."""
    count = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    command = " ".join(words[:count])
    if command not in COMMANDS:
        raise Refusal(f"'{command}' is misspelled or not recognized by the system.", 2)
    known = {name: (names.split(), rule) for names, rule in COMMANDS[command].items() for name in names.split()}
    options: dict[str, Any] = {}
    rest = words[count:]
    while rest:
        name = rest.pop(0)
        if name not in known:
            raise Refusal(f"unrecognized arguments: {name}", 2)
        names, rule = known[name]
        takes = rule["takes"]
        values: list[str] = []
        while takes != "none" and rest and not re.match(r"-[-a-z]", rest[0]) and not (values and takes in "one?"):
            values.append(rest.pop(0))
        if not values and takes in ("one", "+"):
            raise Refusal(
                f"argument {'/'.join(names)}: expected {'one' if takes == 'one' else 'at least one'} argument", 2
            )
        for value in values:
            if value.lower() not in map(str.lower, rule.get("choices", [value])):
                raise Refusal(f"argument {'/'.join(names)}: '{value}' is not a valid value", 2)
        options[longest(names)] = True if takes == "none" else values[0] if takes in "one?" else values
    missing = [
        names
        for names, rule in COMMANDS[command].items()
        if rule.get("required") and longest(names.split()) not in options
    ]
    if missing:
        raise Refusal(f"the following arguments are required: {', '.join(missing)}", 2)
    return Call(command, options, words)


def longest(names: list[str]) -> str:
    """Return an option's longest name, without the hyphens before it."""
    return max(names, key=len).lstrip("-")


def output(answer: Any, call: Call) -> str:
    """Return an answer as the CLI prints it."""
    if call["query"]:
        answer = query(answer, call["query"])
    if call["output"] == "none" or answer is None:
        return ""
    if isinstance(answer, str) and call["output"] != "json":
        return f"{answer}\n"
    return json.dumps(answer, indent=2) + "\n"


def query(answer: Any, path: str) -> Any:
    """Return what a JMESPath query finds, for the forms that the commands use: a.b and {x: a, y: b}."""
    if path.startswith("{"):
        pairs = [pair.split(":") for pair in path.strip("{}").split(",")]
        return {name.strip(): query(answer, inner.strip()) for name, inner in pairs}
    for name in path.split("."):
        answer = answer[name]
    return answer


Answer = Callable[[Call], Any]


def respond(answer: Answer, words: list[str], folder: Path, environ: dict[str, str]) -> tuple[int, str, str]:
    """Return exit code, standard output and standard error of a command."""
    try:
        call = read(words)
        call.folder, call.environ = folder, environ
        return 0, output(answer(call), call), ""
    except Refusal as error:
        return error.code, "", f"ERROR: {error}\n"


@contextmanager
def serving(answer: Answer, folder: Path) -> Iterator[None]:
    """Put an `az` into the folder whose commands this function answers; it may raise Refusal."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            received = b""
            while received.count(b"\0\0") < 2:
                received += self.rfile.read1(1 << 20)
            command, _, variables = received.decode().partition("\0\0")
            place, *words = command.split("\0")
            environ = dict(pair.split("=", 1) for pair in variables.rstrip("\0").split("\0"))
            code, out, err = respond(answer, words, Path(place), environ)
            self.wfile.write(f"{code}\n{out}{err}".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        program = folder / "az"
        program.write_text(CLIENT.format(port=server.server_address[1]), "utf-8")
        program.chmod(0o755)
        yield
        server.shutdown()
        thread.join()
