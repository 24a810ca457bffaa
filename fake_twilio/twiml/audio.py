"""The audio of a Play: whether it can be fetched, and how long it is."""

import io
import wave
from dataclasses import dataclass

import aiohttp
from yarl import URL

SECONDS = 5.0
"""Seconds for audio whose length is not known: only WAV files state it."""

PATIENCE = 10.0
MOST_BYTES = 16 * 1024**2
AUDIO_TYPES = ("audio/", "application/octet-stream", "binary/octet-stream")


@dataclass(frozen=True)
class Audio:
    """The audio at an address."""

    seconds: float = SECONDS
    code: int | None = None
    """Twilio's error code if the audio cannot be played."""
    problem: str = ""
    """Why the audio cannot be played, or could not be fetched."""


async def fetch_audio(session: aiohttp.ClientSession, url: str) -> Audio:
    """Fetch the audio. A host that cannot be reached from here may exist for Twilio, so that is no error."""
    try:
        address = URL(url)
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        async with session.get(address, timeout=timeout) as response:
            if response.status >= 400:
                return Audio(code=11200, problem=f"answered {response.status}")
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if not kind.startswith(AUDIO_TYPES):
                return Audio(code=12300, problem=f"answered {kind or 'no Content-Type'}; expected audio/…")
            return Audio(seconds=length_of(await response.content.read(MOST_BYTES)))
    except (TimeoutError, aiohttp.ClientConnectorError) as error:
        local = address.host in ("127.0.0.1", "localhost", "::1")
        return Audio(code=11200 if local else None, problem=f"could not be reached from here: {type(error).__name__}")
    except (aiohttp.ClientError, ConnectionError, ValueError) as error:
        return Audio(code=11200, problem=f"could not be fetched: {type(error).__name__}")


def length_of(content: bytes) -> float:
    """Return the length of a WAV file in seconds; for other formats, a guess."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            return float(file.getnframes() / file.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        return SECONDS
