"""Looks at the audio that a Play names, as Twilio does: whether it is there, and how long it is."""

import io
import wave
from dataclasses import dataclass

import aiohttp
from yarl import URL

SECONDS = 5.0
"""What audio takes here when it does not say: only WAV files do."""


PATIENCE = 10.0


MOST_BYTES = 16 * 1024**2


AUDIO_TYPES = ("audio/", "application/octet-stream", "binary/octet-stream")


@dataclass(frozen=True)
class Audio:
    """What was found at an address."""

    seconds: float = SECONDS
    code: int | None = None
    """Twilio's error code when it cannot be played."""
    problem: str = ""
    """Why it cannot be played, or could not be looked at."""


async def look_at(session: aiohttp.ClientSession, url: str) -> Audio:
    """Fetch it. A host that cannot be reached from here may be there for Twilio; one that answers an error is not."""
    try:
        address = URL(url)
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        async with session.get(address, timeout=timeout) as response:
            if response.status >= 400:
                return Audio(code=11200, problem=f"answered {response.status}")
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if not kind.startswith(AUDIO_TYPES):
                return Audio(code=12300, problem=f"answered {kind or 'no Content-Type'}; audio is audio/…")
            return Audio(seconds=length_of(await response.content.read(MOST_BYTES)))
    except (TimeoutError, aiohttp.ClientConnectorError) as error:
        local = address.host in ("127.0.0.1", "localhost", "::1")
        return Audio(code=11200 if local else None, problem=f"could not be reached from here: {type(error).__name__}")
    except (aiohttp.ClientError, ConnectionError, ValueError) as error:
        return Audio(code=11200, problem=f"could not be fetched: {type(error).__name__}")


def length_of(content: bytes) -> float:
    """The seconds of a WAV file; of anything else, a guess."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            return float(file.getnframes() / file.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        return SECONDS
