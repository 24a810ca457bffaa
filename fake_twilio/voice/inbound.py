"""Inbound calls: from a phone to one of the account's numbers."""

from uuid import uuid4

from fake_twilio.form import Form
from fake_twilio.model.call import Call
from fake_twilio.model.owned_number import Addresses, OwnedNumber
from fake_twilio.simulator import Simulator
from fake_twilio.voice.lifecycle import run_inbound_call


def call_parameters(simulator: Simulator, number: OwnedNumber) -> Form:
    """Return the addresses for calls to a number, in the form of a create's parameters; none for a trunk's."""
    if number.trunk_sid:
        return Form([])
    asked: Addresses = simulator.twiml_apps.get(number.voice_application_sid, number)
    return Form(
        [
            ("Url", asked.voice_url),
            ("Method", asked.voice_method),
            ("FallbackUrl", asked.voice_fallback_url),
            ("FallbackMethod", asked.voice_fallback_method),
            ("StatusCallback", asked.status_callback),
            ("StatusCallbackMethod", asked.status_callback_method),
        ]
    )


def call_in(simulator: Simulator, from_: str, to: str) -> Call:
    """Create an inbound call. The app is asked for a document while it rings."""
    call = Call(
        sid=f"CA{uuid4().hex}",
        account_sid=simulator.account.sid,
        to=to,
        from_=from_,
        number=simulator.next_number(),
        parameters=call_parameters(simulator, simulator.numbers[to]),
        direction="inbound",
        token=uuid4().hex,
    )
    # Only the app's TwiML answers or rejects an inbound call, nothing from outside.
    call.control.decided.set()
    simulator.keep(simulator.calls, call.sid, call)
    simulator.tasks.spawn(run_inbound_call(simulator, call))
    return call
