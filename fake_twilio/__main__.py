"""`python -m fake_twilio`: run the emulator and its phones as a process."""

import argparse
import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from fake_twilio.chaos import Chaos
from fake_twilio.faults import Fault
from fake_twilio.model.account import Account
from fake_twilio.options import Options
from fake_twilio.server import Server
from fake_twilio.simulator import Simulator
from fake_twilio.snapshot import load, save

SECONDS_BETWEEN_SAVES = 5.0


def options_of(argv: Sequence[str] | None = None) -> Options:
    """Return the options on the command line, with the account of the app's settings in the environment."""
    parser = argparse.ArgumentParser(
        prog="python -m fake_twilio",
        description="A local Twilio emulator with phones in the browser. The account, its keys and its number are "
        "those of the app's own settings (TWILIO_ACCOUNT_SID and so on) in the environment.",
    )
    parser.add_argument(
        "--port", type=int, default=Options.port, help="where to listen; 0 takes a free port (default: %(default)s)"
    )
    parser.add_argument(
        "--bind", metavar="ADDRESS", default=Options.bind, help="IPv4 address to listen at (default: %(default)s)"
    )
    parser.add_argument("--chaos", metavar="SEED", help="duplicate, reorder, delay and drop callbacks, as SEED decides")
    parser.add_argument(
        "--latency", type=float, default=Options.latency, metavar="SECONDS", help="wait before each REST answer"
    )
    parser.add_argument(
        "--pace",
        type=float,
        default=Options.pace,
        metavar="FACTOR",
        help="how long people and networks take: 1 is real time, 0.5 half of it, 0 no time",
    )
    parser.add_argument(
        "--app-url",
        metavar="URL",
        default=os.environ.get("PUBLIC_BASE_URL") or Options.app_url,
        help="the app, for the commands that the page shows (default: PUBLIC_BASE_URL, else %(default)s)",
    )
    parser.add_argument(
        "--app-key", metavar="KEY", default=Options.app_key, help="the function key in these commands (default: none)"
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="a folder that keeps phones, threads and webhooks between two runs"
    )
    parser.add_argument(
        "--advanced-opt-out", action="store_true", help="the account uses Advanced Opt-Out: webhooks have OptOutType"
    )
    parser.add_argument("--autopilot", action="store_true", help="phones answer by themselves after a moment")
    parser.add_argument(
        "--no-life",
        dest="life",
        action="store_false",
        help="answer creates, but neither ring phones nor deliver messages",
    )
    given = vars(parser.parse_args(argv))
    chaos = Chaos(given.pop("chaos"), longest=2.0) if given["chaos"] else given.pop("chaos")
    return Options(account=Account.from_environ(os.environ), chaos=chaos or None, **given)


def say(fault: Fault) -> None:
    """Print something that the app did wrong."""
    print(f"fault: {fault}", flush=True)


async def serve(options: Options) -> None:
    """Serve until told to stop."""
    simulator = Simulator(options, on_fault=say)
    server = Server(simulator)
    await simulator.open()
    if options.data and (wrong := load(simulator, options.data)):
        print(wrong, flush=True)
    saving = asyncio.create_task(keep(simulator, options.data)) if options.data else None
    print(f"listening on {await server.open(options.port)}", flush=True)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no signal handlers on its loop; there Ctrl-C ends asyncio.run.
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    try:
        await stop.wait()
    finally:
        if options.data and saving:
            saving.cancel()
            save(simulator, options.data)
        await server.close()
        await simulator.close()


async def keep(simulator: Simulator, folder: Path) -> None:
    """Save what has changed, again and again: a process may be killed."""
    seen = -1
    while True:
        if seen != simulator.changes.count:
            seen = simulator.changes.count
            save(simulator, folder)
        await asyncio.sleep(SECONDS_BETWEEN_SAVES)


def main(argv: Sequence[str] | None = None) -> None:
    """Run until Ctrl-C."""
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(options_of(argv)))


if __name__ == "__main__":
    main()
