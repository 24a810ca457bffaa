"""Inbound calls: from a phone to one of the account's numbers, and from a browser to a TwiML App."""

from collections.abc import Mapping
from uuid import uuid4

from fake_twilio.form import Form
from fake_twilio.model.call import Call
from fake_twilio.model.owned_number import Addresses, OwnedNumber
from fake_twilio.model.twiml_app import TwimlApp
from fake_twilio.simulator import Simulator
from fake_twilio.voice.lifecycle import run_inbound_call
from fake_twilio.voice.request_fields import call_fields


def call_in(simulator: Simulator, from_: str, to: str) -> Call:
    """Create a call from a phone to one of the account's numbers."""
    return receive(simulator, from_, to, asked_by(simulator, simulator.numbers[to]), token=uuid4().hex)


def asked_by(simulator: Simulator, number: OwnedNumber) -> Addresses:
    """Return the addresses for calls to a number; none for a trunk's."""
    if number.trunk_sid:
        return Addresses()
    return simulator.twiml_apps.get(number.voice_application_sid, number)


def call_from_client(simulator: Simulator, client: str, twiml_app: TwimlApp, custom: Mapping[str, str]) -> Call:
    """Create a call from a client. Its custom parameters are in the first request, but replace none of Twilio's.

    https://www.twilio.com/docs/voice/sdks/javascript/twiliodevice#deviceconnectconnectoptions
    """
    call = receive(simulator, client, custom.get("To", ""), twiml_app)
    own = {"ApplicationSid": twiml_app.sid}
    known = {*own, *(name for name, _ in call_fields(call))}
    call.asked_with = (*own.items(), *((name, value) for name, value in custom.items() if name not in known))
    return call


def receive(simulator: Simulator, from_: str, to: str, asked: Addresses, token: str = "") -> Call:
    """Create an inbound call. The app is asked for a document while it rings."""
    call = Call(
        sid=f"CA{uuid4().hex}",
        account_sid=simulator.account.sid,
        to=to,
        from_=from_,
        number=simulator.next_number(),
        parameters=Form(
            [
                ("Url", asked.voice_url),
                ("Method", asked.voice_method),
                ("FallbackUrl", asked.voice_fallback_url),
                ("FallbackMethod", asked.voice_fallback_method),
                ("StatusCallback", asked.status_callback),
                ("StatusCallbackMethod", asked.status_callback_method),
            ]
        ),
        direction="inbound",
        token=token,
    )
    # Only the app's TwiML answers or rejects an inbound call, nothing from outside.
    call.control.decided.set()
    simulator.keep(simulator.calls, call.sid, call)
    simulator.tasks.spawn(run_inbound_call(simulator, call))
    return call
