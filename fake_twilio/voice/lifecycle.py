"""The lifecycle of a call: outbound from the app, and inbound from a phone."""

import asyncio
from contextlib import suppress

from fake_twilio.dates import now
from fake_twilio.model.call import Call
from fake_twilio.model.recording import Recording
from fake_twilio.simulator import Simulator
from fake_twilio.twiml.source import Source
from fake_twilio.voice.interpreter import talk
from fake_twilio.voice.recording_callbacks import post_call_recording
from fake_twilio.voice.ringing import ring
from fake_twilio.voice.session import Session
from fake_twilio.voice.status import become, detect_machine, finish, pick_up
from fake_twilio.voice.verbs import VERBS


async def run_outbound_call(simulator: Simulator, call: Call) -> None:
    """Run a call that the app has placed, from ringing to the end."""
    outcome = await ring(simulator, call)
    if outcome != "in-progress":
        finish(simulator, call, outcome)
        return
    pick_up(simulator, call)
    detect_machine(simulator, call)
    if call.parameters.get("Record").lower() == "true":
        dual = call.parameters.get("RecordingChannels").lower() == "dual"
        call.line.recording = Recording(call.account_sid, call.sid, "OutboundAPI", channels=2 if dual else 1)
        simulator.keep_recording(call, call.line.recording)
    await talk_in_time(simulator, call)
    finish(simulator, call, "completed")
    post_call_recording(simulator, call)


async def run_inbound_call(simulator: Simulator, call: Call) -> None:
    """Run a call to one of the account's numbers; the app is asked for TwiML before it is answered."""
    simulator.phones.at(call.from_).calls.append(call)
    call.started = now()
    become(simulator, call, "ringing")
    if not call.parameters.get("Url"):
        simulator.faults.add(
            call.sid, None, f"calls to {call.to} reach no app: there is no VoiceUrl, or the number has a trunk"
        )
        finish(simulator, call, "failed")
        return
    hung_up = await talk_in_time(simulator, call)
    line = call.line
    if not call.answered and not hung_up and not line.refusal:
        # An empty document answers a call and ends it.
        pick_up(simulator, call)
    finish(simulator, call, "completed" if call.answered else line.refusal or "no-answer")


async def talk_in_time(simulator: Simulator, call: Call) -> bool:
    """Run the documents until they end, somebody hangs up, or the time limit; return whether somebody hung up."""
    text = call.parameters.get("Twiml")
    url, method = call.parameters.get("Url"), call.parameters.get("Method").upper()
    source = Source(url, method or "POST", fields=call.asked_with) if url else Source(text=text)
    limit = simulator.pace.patience(int(call.parameters.get("TimeLimit") or 14400))
    with suppress(TimeoutError):
        async with asyncio.timeout(limit):
            return await talk(Session(simulator, call, VERBS), source)
    return True
