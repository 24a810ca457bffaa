"""Inbound messages: from a phone to one of the account's numbers."""

from fake_twilio.form import Form
from fake_twilio.messaging.replies import TextRoute, TextSession
from fake_twilio.messaging.sent_by_twiml import Draft, send
from fake_twilio.model.message import Message
from fake_twilio.model.opt_outs import REPLIES, keyword
from fake_twilio.model.owned_number import Addresses, OwnedNumber
from fake_twilio.model.segments import segments
from fake_twilio.simulator import Simulator
from fake_twilio.webhooks.fields import Fields, place_fields


def text_in(simulator: Simulator, from_: str, to: str, body: str, media: list[str]) -> Message:
    """Create an inbound message, and send it to the app."""
    message = simulator.new_message(to, from_, body, media, parameters=Form([]), direction="inbound", status="received")
    simulator.phones.at(from_).messages.append(message)
    simulator.changes.tell()
    simulator.tasks.spawn(receive(simulator, message))
    return message


async def receive(simulator: Simulator, message: Message) -> None:
    """Handle STOP, START and HELP as Twilio does, and send the message to the app."""
    person, ours = message.from_ or "", message.to
    kind = keyword(message.body)
    if kind == "START":
        simulator.opt_outs.note(kind, person, ours)
    if kind:
        send(simulator, Draft(person, ours, REPLIES[kind]), lambda code, detail: None)
    if kind == "STOP":
        simulator.opt_outs.note(kind, person, ours)
    fields = text_fields(simulator, message, kind)
    await TextSession(simulator, message, text_route(simulator, simulator.numbers[ours]), fields).run()


def text_fields(simulator: Simulator, message: Message, kind: str) -> Fields:
    """Return the parameters of the webhook (https://www.twilio.com/docs/messaging/guides/webhook-request)."""
    media: list[tuple[str, str]] = []
    for place, one in enumerate(message.attachments):
        media += [(f"MediaUrl{place}", simulator.base_url + one.path), (f"MediaContentType{place}", one.content_type)]
    return (
        ("MessageSid", message.sid),
        ("SmsSid", message.sid),
        ("SmsMessageSid", message.sid),
        ("SmsStatus", "received"),
        ("AccountSid", message.account_sid),
        ("From", message.from_ or ""),
        ("To", message.to),
        ("Body", message.body),
        ("NumSegments", str(segments(message.body))),
        ("NumMedia", str(len(message.attachments))),
        *media,
        *place_fields("From", message.from_ or ""),
        *place_fields("To", message.to),
        *((("OptOutType", kind),) if kind and simulator.options.advanced_opt_out else ()),
        ("ApiVersion", "2010-04-01"),
    )


def text_route(simulator: Simulator, number: OwnedNumber) -> TextRoute:
    """Return the address for inbound messages: of the Messaging Service, else of the TwiML App or the number."""
    for service in simulator.services.values():
        if number.sid in service.number_sids and service.use_inbound_webhook_on_number != "true":
            return TextRoute(
                service.inbound_request_url, service.inbound_method, service.fallback_url, service.fallback_method
            )
    asked: Addresses = simulator.twiml_apps.get(number.sms_application_sid, number)
    return TextRoute(asked.sms_url, asked.sms_method, asked.sms_fallback_url, asked.sms_fallback_method)
