"""Calls and texts that come in from a phone to one of our numbers."""

from uuid import uuid4

from .call import Call
from .call_life import live_inbound
from .callback import Callback
from .callbacks import Fields, place_fields
from .exchange import Exchange
from .form import Form
from .inbound_routes import call_parameters, text_route
from .media import Media
from .message import Message
from .opt_outs import REPLIES, keyword
from .outgoing import send
from .replies import TextSession
from .segments import segments


def call_in(exchange: Exchange, from_: str, to: str) -> Call:
    """A call from a phone. The app is asked for a document while it still rings."""
    call = Call(
        sid=f"CA{uuid4().hex}",
        account_sid=exchange.account.sid,
        to=to,
        from_=from_,
        number=exchange.next_number(),
        parameters=call_parameters(exchange, exchange.numbers[to]),
        direction="inbound",
        token=uuid4().hex,
    )
    # Nobody but the app decides what becomes of it: it cannot be picked up from outside.
    call.ring.set()
    exchange.keep(exchange.calls, call.sid, call)
    exchange.tasks.spawn(live_inbound(exchange, call))
    return call


def text_in(exchange: Exchange, from_: str, to: str, body: str, media: list[str]) -> Message:
    """A text from a phone."""
    message = exchange.new_message(to, from_, body, media, parameters=Form([]), direction="inbound", status="received")
    message.attachments = [Media(message.account_sid, message.sid, address) for address in media]
    exchange.phones.at(from_).messages.append(message)
    exchange.changes.tell()
    exchange.tasks.spawn(receive(exchange, message))
    return message


async def receive(exchange: Exchange, message: Message) -> None:
    """Twilio takes notice of STOP and its kin; the app is told of every text."""
    person, ours = message.from_ or "", message.to
    kind = keyword(message.body)
    if kind == "START":
        exchange.opt_outs.note(kind, person, ours)
    if kind:
        send(exchange, person, ours, REPLIES[kind], [], Callback(), lambda code, detail: None)
    if kind == "STOP":
        exchange.opt_outs.note(kind, person, ours)
    fields = text_fields(exchange, message, kind)
    await TextSession(exchange, message, text_route(exchange, exchange.numbers[ours]), fields).run()


def text_fields(exchange: Exchange, message: Message, kind: str) -> Fields:
    """What the app is told (https://www.twilio.com/docs/messaging/guides/webhook-request)."""
    media: list[tuple[str, str]] = []
    for place, one in enumerate(message.attachments):
        media += [(f"MediaUrl{place}", exchange.base_url + one.path), (f"MediaContentType{place}", one.content_type)]
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
        *((("OptOutType", kind),) if kind else ()),
        ("ApiVersion", "2010-04-01"),
    )
