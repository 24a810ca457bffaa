"""The state that the phones page shows, as JSON."""

import shlex
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from fake_twilio.dates import iso
from fake_twilio.model.call import Call
from fake_twilio.model.line import Step
from fake_twilio.model.message import Message
from fake_twilio.model.phone import Phone
from fake_twilio.simulator import Simulator
from fake_twilio.webhooks.webhook import Delivery, Webhook


def state(simulator: Simulator, app_key: str) -> dict[str, Any]:
    """Return everything that the page shows."""
    phones = [phone for phone in simulator.phones.by_number.values() if phone.named or phone.calls or phone.messages]
    return {
        "account": {"sid": simulator.account.sid, "numbers": list(simulator.account.numbers)},
        "app_url": simulator.options.app_url,
        "app_key": app_key,
        "phones": [phone_state(phone) for phone in phones[-100:]],
        "webhooks": [webhook_state(delivery) for delivery in islice(reversed(simulator.sender.deliveries), 50)],
        "faults": [
            {"at": iso(fault.at), "sid": fault.sid, "code": fault.code, "detail": fault.detail}
            for fault in islice(reversed(simulator.faults.seen), 50)
        ],
    }


def webhook_state(delivery: Delivery) -> dict[str, Any]:
    """Return one webhook attempt as a row of the page."""
    webhook = delivery.webhook
    return {
        "id": delivery.id,
        "at": iso(delivery.at),
        "sid": webhook.sid,
        "kind": webhook.kind,
        "method": webhook.method,
        "url": webhook.url,
        "event": webhook.event,
        "status": delivery.status,
        "ms": delivery.ms,
        "attempt": delivery.attempt,
        "note": delivery.note,
    }


def webhook_in_full(delivery: Delivery, auth_token: str) -> dict[str, Any]:
    """Return one webhook attempt with its request and its answer."""
    return {
        **webhook_state(delivery),
        "parameters": delivery.webhook.form,
        "content_type": delivery.content_type,
        "size": delivery.size,
        "text": delivery.text,
        "logged_errors": delivery.logged_errors,
        "curl": curl(delivery.webhook, auth_token),
    }


def curl(webhook: Webhook, auth_token: str) -> str:
    """Return the command that sends the same request, with a valid signature."""
    words = ["curl", webhook.target, "-H", f"X-Twilio-Signature: {webhook.signature(auth_token)}"]
    words += ["-H", f"I-Twilio-Idempotency-Token: {webhook.token}"]
    if webhook.method == "POST":
        words += ["--data-raw", urlencode(webhook.form)]
    return shlex.join(words)


def phone_state(phone: Phone) -> dict[str, Any]:
    """Return one phone."""
    return {
        "number": phone.number,
        "reachable": phone.reachable,
        "calls": [call_state(call) for call in islice(reversed(phone.calls), 20)],
        "messages": [message_state(message, phone) for message in phone.messages],
    }


def call_state(call: Call) -> dict[str, Any]:
    """Return one call of a phone."""
    line = call.line
    return {
        "sid": call.sid,
        "from": call.from_,
        "to": call.to,
        "direction": call.direction,
        "status": call.status,
        "started": iso(call.created),
        "answered": iso(call.answered),
        "ended": iso(call.ended),
        "duration": call.duration,
        "keys": call.line.keys,
        "waiting_for": line.waiting_for,
        "recordings": [
            {"sid": recording.sid, "url": f"{recording.path}.wav", "duration": recording.duration}
            for recording in line.recordings
            if recording.ended
        ],
        "connected_to": line.connected_to,
        "queue": line.queue,
        "conference": line.conference,
        "verification": line.verification,
        "steps": [step_state(step) for step in call.line.steps],
    }


def step_state(step: Step) -> dict[str, Any]:
    """Return one verb, or one document that was fetched."""
    return {"at": iso(step.at), "verb": step.verb, "state": step.state, **step.about}


def message_state(message: Message, phone: Phone) -> dict[str, Any]:
    """Return one message of a phone."""
    sent_here = message.direction == "inbound" and message.from_ == phone.number
    sender = message.from_ or message.messaging_service_sid or ""
    return {
        "sid": message.sid,
        "direction": "out" if sent_here else "in",
        "peer": message.to if sent_here else sender,
        "body": message.body,
        "media": message.media,
        "status": message.status,
        "error_code": message.error_code,
        "at": iso(message.sent or message.created),
    }
