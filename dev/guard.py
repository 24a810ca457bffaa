"""Runs one command and ends it, with all it started, when the process that asked for it goes away.

The owner holds the other end of our standard input and never writes to it. When that end closes, because the service is
to stop or because the owner was killed (even by SIGKILL, which nobody can catch), the operating system tells us, and we
stop the command's whole process group. This needs nothing from a platform but pipes; Linux's PR_SET_PDEATHSIG would
reach neither grandchildren nor macOS. Standard error carries one line back: the command's process id, or why there is
none.

Started by path with `python -I -S`, so it imports the standard library only.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from typing import Any

GRACE = 3.0  # seconds between asking and killing

# How a process group of its own is asked for, so that a Ctrl-C in the terminal reaches nobody but the owner.
NEW_GROUP: dict[str, Any]
if sys.platform == "win32":
    NEW_GROUP = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
else:
    NEW_GROUP = {"start_new_session": True}


def interrupt(pid: int) -> None:
    """Ask the process group to end: SIGINT, on which Azurite saves its tables (SIGTERM just kills it)."""
    with contextlib.suppress(OSError):  # it has ended already
        if sys.platform == "win32":
            os.kill(pid, signal.CTRL_BREAK_EVENT)
        else:
            os.killpg(pid, signal.SIGINT)


def kill(pid: int) -> None:
    """End the process group, or on Windows the process tree, at once."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(pid)], capture_output=True, check=False)
    else:
        with contextlib.suppress(OSError):  # nobody is left
            os.killpg(pid, signal.SIGKILL)


def stop_when_input_ends(process: subprocess.Popen[bytes]) -> None:
    """Wait until the owner closes our standard input, then end the command."""
    while os.read(0, 1):
        pass
    interrupt(process.pid)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        kill(process.pid)


def main(command: list[str]) -> int:
    """Run the command in its own process group and return its exit code."""
    # A handler, unlike SIG_IGN, is not inherited: the command starts with the default even under `nohup` or `&`.
    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        # What the owner lets us inherit, such as a socket, is for the command.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, close_fds=False, **NEW_GROUP
        )
    except OSError as error:
        os.write(2, f"{error.strerror}: {command[0]}\n".encode())
        return 127
    signal.signal(signal.SIGTERM, lambda *_: interrupt(process.pid))
    os.write(2, f"{process.pid}\n".encode())
    os.close(2)
    threading.Thread(target=stop_when_input_ends, args=(process,), daemon=True).start()
    code = process.wait()
    kill(process.pid)  # grandchildren that outlived it
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))  # at once: the thread above sits in a read that only the owner can end
