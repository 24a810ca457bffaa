"""Callers: keep-alive connections that send prepared requests in order and time the answers."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median

import psutil

from bench.services import Server

CALLERS = 64


@dataclass(slots=True)
class Load:
    """The answers to a load, and what they cost."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def count(self) -> int:
        """Number of answers."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.count / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU time of the server per request, in milliseconds."""
        return 1000 * self.cpu_seconds / self.count


def post(path: str, body: bytes, content_type: str, **headers: str) -> bytes:
    """Return a POST request as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {content_type}"]
    lines += [f"Content-Length: {len(body)}", "Accept: */*"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def get(path: str) -> bytes:
    """Return a GET request as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n".encode()


def run(server: Server, requests: Iterable[bytes], *, callers: int = CALLERS, seconds: float = 3600) -> Load:
    """Send requests to a server until `seconds` have passed or there are no more requests.

    Raises RuntimeError when an answer is not a 2xx, since such a run measured something else.
    """
    load = Load()
    before = cpu_seconds(server)
    asyncio.run(call_all(server.port, iter(requests), callers, seconds, load))
    load.cpu_seconds = cpu_seconds(server) - before
    if wrong := {status: count for status, count in load.statuses.items() if not 200 <= status < 300}:
        raise RuntimeError(f"of {load.count} requests some got no 2xx: {wrong}")
    return load


def in_turn(
    app: Server, empty: Server, rounds: int, requests_of: Callable[[int], list[bytes]], say: Callable[[str], None]
) -> tuple[float, float]:
    """Return the median CPU of a request to each, in milliseconds, after round 0, which warms up."""
    ours: list[float] = []
    reference: list[float] = []
    for number in range(rounds + 1):
        requests = requests_of(number)
        # CPU time is counted in steps of 10 ms, so the cheap empty function needs more requests.
        app_ms, empty_ms = run(app, requests).cpu_ms, run(empty, requests * 5).cpu_ms
        if number:
            say(f"{app_ms:.2f} ms, empty {empty_ms:.3f} ms")
            ours.append(app_ms)
            reference.append(empty_ms)
    return median(ours), median(reference)


def cpu_seconds(server: Server) -> float:
    """Return the CPU time that a server has used."""
    times = psutil.Process(server.pid).cpu_times()
    return float(times.user + times.system)


async def call_all(port: int, requests: Iterator[bytes], callers: int, seconds: float, load: Load) -> None:
    """Run the callers, and record how long they took."""
    started = time.perf_counter()
    deadline = started + seconds
    await asyncio.gather(*(call(port, requests, deadline, load) for _ in range(callers)))
    load.seconds = time.perf_counter() - started


async def call(port: int, requests: Iterator[bytes], deadline: float, load: Load) -> None:
    """Send requests on one connection, and record the answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        started = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].partition(b"\r")[0]
        if length:
            await reader.readexactly(int(length))
        ended = time.perf_counter()
        load.latencies.append(ended - started)
        load.statuses[int(head[9:12])] += 1
        if ended > deadline:
            break
    writer.close()
