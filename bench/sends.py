"""Rate and CPU of sending messages: the app, which writes its log, and the usual sample, which has none."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from statistics import median

from bench import load
from bench.services import Server, running_azurite, running_host, running_twilio
from bench.table import Row

WARM_UP_SECONDS = 1.0


def messages() -> Iterator[bytes]:
    """Yield requests to send messages, to ten thousand numbers in turn."""
    for number in count():
        body = json.dumps({"to": f"+1415555{number % 10_000:04d}", "body": f"Hello World {number}"}).encode()
        yield load.post("/api/send_sms", body, "application/json")


def measure(say: Callable[[str], None], quick: bool) -> list[Row]:
    """Send messages through the sample and through the app in turn."""
    rounds, seconds = (2, 2.0) if quick else (5, 5.0)
    sample_loads: list[load.Load] = []
    app_loads: list[load.Load] = []
    with ExitStack() as stack:
        twilio = stack.enter_context(running_twilio())
        tables = stack.enter_context(running_azurite())
        sample = stack.enter_context(running_host("bench/sample_app/function_app.py", twilio_port=twilio.port))
        app = stack.enter_context(running_host(tables_port=tables.port, twilio_port=twilio.port))
        for host in (sample, app):
            send(host, WARM_UP_SECONDS)
        for _ in range(rounds):
            sample_loads.append(send(sample, seconds))
            app_loads.append(send(app, seconds))
            say(f"sample {show(sample_loads[-1])}; app {show(app_loads[-1])}")
    app_rate, sample_rate = (median(one.rate for one in loads) for loads in (app_loads, sample_loads))
    app_ms, sample_ms = (median(one.cpu_ms for one in loads) for loads in (app_loads, sample_loads))
    rates = f"{app_rate:.0f}/s", f"{sample_rate:.0f}/s"
    costs = f"{app_ms:.2f} ms", f"{sample_ms:.2f} ms"
    return [
        Row(f"sends at {load.CALLERS} callers / the sample", *rates, app_rate / sample_rate, 8, at_least=True),
        Row("CPU of a send / the sample", *costs, app_ms / sample_ms, 1),
    ]


def send(server: Server, seconds: float) -> load.Load:
    """Send messages for some seconds."""
    return load.run(server, messages(), seconds=seconds)


def show(measured: load.Load) -> str:
    """Return both results for a line of progress."""
    return f"{measured.rate:.0f}/s at {measured.cpu_ms:.2f} ms"
