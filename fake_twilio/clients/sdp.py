"""Session descriptions without a media peer: the SDK accepts them, calls and sends signals, and hears silence.

They have no candidates, so no connection is tried. They leave out `telephone-event`, so that the SDK sends keys as
signals; otherwise they travel in the audio, which nobody receives here. https://www.rfc-editor.org/rfc/rfc8866
"""

import re
import secrets

LINES = (
    "v=0",
    "o=- {session} 1 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE {mid}",
    "m=audio 9 UDP/TLS/RTP/SAVPF 0",
    "c=IN IP4 0.0.0.0",
    "a=rtcp-mux",
    "a=rtpmap:0 PCMU/8000",
    "a=ice-ufrag:{user}",
    "a=ice-pwd:{password}",
    "a=fingerprint:sha-256 {fingerprint}",
    "a=setup:{setup}",
    "a=mid:{mid}",
    "a=sendrecv",
)


def offer() -> str:
    """Return an offer."""
    return description("0", "actpass")


def answer_to(theirs: str) -> str:
    """Return the answer to an offer of the SDK."""
    found = re.search(r"(?m)^a=mid:(\S+)", theirs)
    return description(found[1] if found else "0", "passive")


def description(mid: str, setup: str) -> str:
    """Return a session description with one audio line."""
    values = {
        "session": secrets.randbelow(10**9),
        "mid": mid,
        "setup": setup,
        "user": secrets.token_hex(4),
        "password": secrets.token_hex(12),
        "fingerprint": ":".join(f"{byte:02X}" for byte in secrets.token_bytes(32)),
    }
    return "".join(f"{line}\r\n" for line in LINES).format(**values)
