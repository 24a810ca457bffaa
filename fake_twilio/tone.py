"""Audio without anybody speaking: a soft tone, once a second."""

import math
import struct

RATE = 8000


def second(pitch: float, channels: int) -> bytes:
    """One second of 16-bit samples: the tone swells and fades, then there is silence."""
    sounding = int(RATE * 0.6)
    samples = bytearray()
    for place in range(RATE):
        loudness = 6000 * math.sin(math.pi * place / sounding) if place < sounding else 0.0
        samples += struct.pack("<h", round(loudness * math.sin(2 * math.pi * pitch * place / RATE))) * channels
    return bytes(samples)


def wav(seconds: int, *, pitch: float = 440.0, channels: int = 1) -> bytes:
    """A WAV file of the telephone's sampling rate (http://soundfile.sapp.org/doc/WaveFormat)."""
    size = seconds * RATE * 2 * channels
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + size, b"WAVE",
        b"fmt ", 16, 1, channels, RATE, RATE * 2 * channels, 2 * channels, 16,
        b"data", size,
    )  # fmt: skip
    return head + second(pitch, channels) * seconds
