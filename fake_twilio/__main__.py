"""`python -m fake_twilio`: the fake Twilio and its phones as a process of their own."""

import argparse
import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress

from fake_twilio.chaos import Chaos
from fake_twilio.faults import Fault
from fake_twilio.model.account import Account
from fake_twilio.server import Server
from fake_twilio.simulator import DEFAULT_APP_URL, Simulator


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m fake_twilio",
        description="A fake Twilio with phones in the browser. The account, its keys and its number are those of the "
        "app's own settings (TWILIO_ACCOUNT_SID and so on) in the environment.",
    )
    parser.add_argument("--port", type=int, default=7072, help="where to listen; 0 takes a free port (default: 7072)")
    parser.add_argument("--bind", metavar="ADDRESS", default="127.0.0.1", help="IPv4 address (default: %(default)s)")
    parser.add_argument("--chaos", metavar="SEED", help="duplicate, reorder, delay and drop callbacks, as SEED decides")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="wait before each REST answer")
    parser.add_argument(
        "--pace", type=float, default=1.0, metavar="FACTOR", help="how long people take: 1 real, 0.5 half, 0 no time"
    )
    parser.add_argument(
        "--app-url",
        metavar="URL",
        default=os.environ.get("PUBLIC_BASE_URL") or DEFAULT_APP_URL,
        help="the app that the lines on the page are for (default: PUBLIC_BASE_URL, else %(default)s)",
    )
    parser.add_argument(
        "--app-key", metavar="KEY", default="", help="the function key in the lines on the page (default: none)"
    )
    parser.add_argument("--autopilot", action="store_true", help="phones answer by themselves after a moment")
    parser.add_argument("--no-life", action="store_true", help="answer creates, and let nothing come of them")
    return parser.parse_args(argv)


def say(fault: Fault) -> None:
    """A fault of the app's, for whoever watches the terminal."""
    print(f"fault: {fault}", flush=True)


async def serve(options: argparse.Namespace) -> None:
    """Serve until told to stop."""
    simulator = Simulator(
        Account.from_environ(os.environ),
        pace=options.pace,
        chaos=Chaos(options.chaos, longest=2.0) if options.chaos else None,
        autopilot=options.autopilot,
        life=not options.no_life,
        app_url=options.app_url,
        on_fault=say,
    )
    server = Server(simulator, options.latency, options.app_key)
    await simulator.open()
    print(f"listening on {await server.open(options.port, options.bind)}", flush=True)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no signal handlers on its loop; there Ctrl-C ends asyncio.run.
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    try:
        await stop.wait()
    finally:
        await server.close()
        await simulator.close()


def main(argv: Sequence[str] | None = None) -> None:
    """Run until Ctrl-C."""
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(arguments(argv)))


if __name__ == "__main__":
    main()
