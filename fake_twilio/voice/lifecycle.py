"""The life of a call: one that the app has placed, and one that comes in from a phone."""

import asyncio
from contextlib import suppress

from .call import Call, Source
from .call_status import become, detect_machine, finish, pick_up
from .exchange import Exchange
from .formats import now
from .interpreter import talk
from .recording import Recording
from .recording_callbacks import post_call_recording
from .ringing import ring
from .session import Session
from .verbs import VERBS


async def live(exchange: Exchange, call: Call) -> None:
    """A call that the app has placed: it rings, somebody answers or nobody does, it is talked, it ends."""
    fate = await ring(exchange, call)
    if fate != "in-progress":
        finish(exchange, call, fate)
        return
    pick_up(exchange, call)
    detect_machine(exchange, call)
    if call.parameters.get("Record").lower() == "true":
        dual = call.parameters.get("RecordingChannels").lower() == "dual"
        call.recording = Recording(call.account_sid, call.sid, "OutboundAPI", channels=2 if dual else 1)
        exchange.keep_recording(call, call.recording)
    await talk_in_time(exchange, call)
    finish(exchange, call, "completed")
    post_call_recording(exchange, call)


async def live_inbound(exchange: Exchange, call: Call) -> None:
    """A call to one of our numbers: the app is asked what to do with it before it is picked up."""
    exchange.phones.at(call.from_).calls.append(call)
    call.started = now()
    become(exchange, call, "ringing")
    if not call.parameters.get("Url"):
        exchange.faults.add(call.sid, None, f"nobody is asked about calls to {call.to}: it has no VoiceUrl, or a trunk")
        finish(exchange, call, "failed")
        return
    hung_up = await talk_in_time(exchange, call)
    line = call.line
    if not call.answered and not hung_up and not line.refusal:
        # A document with nothing in it answers a call, and ends it.
        pick_up(exchange, call)
    finish(exchange, call, "completed" if call.answered else line.refusal or "no-answer")


async def talk_in_time(exchange: Exchange, call: Call) -> bool:
    """Run the call's documents until they end, somebody hangs up, or the time is over; whether somebody did."""
    text = call.parameters.get("Twiml")
    url, method = call.parameters.get("Url"), call.parameters.get("Method").upper()
    source = Source(url=url, method=method or "POST") if url else Source(text=text)
    limit = exchange.clock.patience(int(call.parameters.get("TimeLimit") or 14400))
    with suppress(TimeoutError):
        async with asyncio.timeout(limit):
            return await talk(Session(exchange, call, VERBS), source)
    return True
