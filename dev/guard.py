"""Run one command, and end it with every process it started when the owner of this process ends.

The owner holds the other end of standard input and never writes to it. That end closes when the owner stops the service
or is killed, even by SIGKILL. Then this process stops the command's whole process group. This works on every platform
with pipes; Linux's PR_SET_PDEATHSIG reaches neither grandchildren nor macOS. One line goes back on standard error: the
command's process id, or the reason why there is none.

It is started by path with `python -I -S`, so it imports the standard library only.
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

# Options of Popen for a process group of its own, so that Ctrl-C in the terminal reaches the owner only.
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
    """Kill the process group, or on Windows the process tree."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(pid)], capture_output=True, check=False)
    else:
        with contextlib.suppress(OSError):  # no process is left
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
        # The command inherits what this process has inherited, such as a listening socket.
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
    os._exit(main(sys.argv[1:]))  # without waiting for the thread above, whose read only the owner can end
