"""An outbound call, until it is answered or not."""

import asyncio
from contextlib import suppress

from fake_twilio.dates import now
from fake_twilio.model.call import Call
from fake_twilio.model.phone import Phone
from fake_twilio.simulator import Simulator
from fake_twilio.voice.status import become, post_call_event

AUTOPILOT_SECONDS = 1.5


async def ring(simulator: Simulator, call: Call) -> str:
    """Ring the phone; return `in-progress` if it is answered, else the final status."""
    phone = simulator.phones.at(call.person)
    phone.calls.append(call)
    simulator.changes.tell()
    await simulator.pace.human(0.2)
    if not call.control.decided.is_set():
        call.started = now()
        become(simulator, call, "initiated")
        post_call_event(simulator, call, "initiated")
        await simulator.pace.human(0.6)
    return await reach(simulator, call, phone)


async def reach(simulator: Simulator, call: Call, phone: Phone) -> str:
    """Let the phone ring if it can be reached; return the outcome."""
    if call.control.decided.is_set():
        return call.control.outcome
    if not phone.in_service:
        return "failed"
    if not phone.reachable:
        return "no-answer"
    become(simulator, call, "ringing")
    post_call_event(simulator, call, "ringing")
    if phone.answers_by_itself:
        simulator.tasks.spawn(answer_soon(simulator, call))
    seconds = simulator.pace.patience(int(call.parameters.get("Timeout") or 60))
    with simulator.idle.waiting(call), suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await call.control.decided.wait()
    call.decide("no-answer")
    return call.control.outcome


async def answer_soon(simulator: Simulator, call: Call) -> None:
    """Answer after a moment, as people do."""
    await simulator.pace.human(AUTOPILOT_SECONDS)
    call.decide("in-progress")
