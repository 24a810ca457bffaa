"""The call that verifies a caller ID (https://www.twilio.com/docs/voice/api/outgoing-caller-ids).

The person types the code that the app shows. Twilio documents neither how often a wrong code is asked again nor how
long the code is valid; here the call has three tries, and the code is valid during the call.
"""

from xml.etree.ElementTree import Element

from fake_twilio.model.caller_id import CallerId, Verification
from fake_twilio.simulator import Simulator
from fake_twilio.voice.interpreter import until_interrupted
from fake_twilio.voice.request_fields import call_fields
from fake_twilio.voice.ringing import ring
from fake_twilio.voice.session import Session
from fake_twilio.voice.status import finish, pick_up
from fake_twilio.voice.verbs import VERBS
from fake_twilio.voice.verbs.gather import listen_for
from fake_twilio.voice.verbs.play import play
from fake_twilio.voice.verbs.say import say
from fake_twilio.webhooks.webhook import Webhook

TRIES = 3
SECONDS_TO_TYPE = 30

ASK = "This is a call from Twilio to verify your phone number. Please enter the six digits that your app shows."
ASK_AGAIN = "This is not the code. Please enter the six digits that your app shows."
THANKS = "Thank you. Your phone number is verified."
FAILED = "This is not the code. Your phone number is not verified. Goodbye."


async def run_verification(simulator: Simulator, verification: Verification) -> None:
    """Call the number, ask for the code, and report the result to the StatusCallback at the end of the call."""
    call = verification.call
    call.line.verification = True
    await simulator.pace.human(verification.delay)
    outcome = await ring(simulator, call)
    if outcome == "in-progress":
        pick_up(simulator, call)
        await until_interrupted(call, talk_about_code(simulator, verification))
        outcome = "completed"
    finish(simulator, call, outcome)
    post_result(simulator, verification)


async def talk_about_code(simulator: Simulator, verification: Verification) -> None:
    """Ask for the code until it is right, or too often wrong; keep the number if it is right."""
    session = Session(simulator, verification.call, VERBS)
    if verification.extension:
        await play(session, Element("Play", digits=verification.extension))
    for attempt in range(TRIES):
        typed = dict(await listen_for(session, question(ASK_AGAIN if attempt else ASK))).get("Digits")
        if typed == verification.code:
            keep(simulator, verification)
            await say(session, words(THANKS))
            return
    await say(session, words(FAILED))


def question(text: str) -> Element:
    """Return the Gather that asks for the code."""
    gather = Element("Gather", numDigits="6", timeout=str(SECONDS_TO_TYPE), finishOnKey="")
    gather.append(words(text))
    return gather


def words(text: str) -> Element:
    """Return the Say with these words."""
    say = Element("Say")
    say.text = text
    return say


def keep(simulator: Simulator, verification: Verification) -> None:
    """Add the number to the verified ones."""
    call = verification.call
    caller_id = CallerId(call.account_sid, call.to, verification.friendly_name)
    simulator.caller_ids[call.to] = caller_id
    verification.verified_sid = caller_id.sid


def post_result(simulator: Simulator, verification: Verification) -> None:
    """Send the callback with the result, if the app asked for it."""
    call, sid = verification.call, verification.verified_sid
    url = verification.status_callback
    if not url:
        return
    fields = [*call_fields(call), ("VerificationStatus", "success" if sid else "failed")]
    if sid:
        fields.append(("OutgoingCallerIdSid", sid))
    webhook = Webhook(call.sid, "status", "verification", url, verification.status_callback_method, tuple(fields))
    simulator.sender.post(webhook, call.number, last=True)
