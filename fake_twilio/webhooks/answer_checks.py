"""Checks of the app's answers, by Twilio's rules."""

from collections.abc import Iterator

from fake_twilio.webhooks.connection_overrides import Overrides
from fake_twilio.webhooks.webhook import Answer, Webhook, place

TWIML_TYPES = frozenset({"text/xml", "application/xml", "text/html"})
"""Content types that Twilio reads as TwiML (https://www.twilio.com/docs/voice/twiml#twilio-understands-mime-types)."""

SLOW = 5.0
"""Default of seconds after which an answer is reported as slow; Twilio gives up after fifteen."""


def check_answer(webhook: Webhook, answer: Answer, slow: float) -> Iterator[tuple[int | None, str]]:
    """Yield what is wrong with an answer: Twilio's code, if there is one, and the reason."""
    about = name(webhook)
    for words in answer.logged_errors:
        yield None, f"{about}: the app logged an error: {' '.join(words.split())}"
    if answer.redirects:
        yield None, f"{about} redirected with {answer.redirects[0]}: Twilio follows with GET and loses the form"
    if answer.failure:
        code = answer.code
        if webhook.kind == "status" and webhook.sid.startswith("CA") and answer.status is not None:
            code = 15003
        refused = " to a request with a valid signature" if answer.status in (401, 403) else ""
        yield code, f"{about} {answer.detail}{refused}"
        return
    if answer.seconds > slow:
        yield None, f"{about} took {answer.seconds:.1f} s; Twilio gives up at 15 s"
    yield from ((code, f"{about} {words}") for code, words in check_body(webhook, answer))


def check_address(webhook: Webhook) -> Iterator[tuple[int | None, str]]:
    """Yield what is wrong with the address that the app has given."""
    for setting in Overrides.of(webhook.url).invalid:
        yield 11243 if setting.startswith("rp=") else None, f"{name(webhook)}: invalid connection override {setting!r}"


def name(webhook: Webhook) -> str:
    """Describe a webhook."""
    return f"{webhook.method} {place(webhook.url)} ({webhook.event})"


def check_body(webhook: Webhook, answer: Answer) -> Iterator[tuple[int | None, str]]:
    """Yield what is wrong with the body of a 2xx answer."""
    if answer.status == 204:
        if answer.body or answer.declared_length:
            yield 11206, "answered 204 with a body"
    elif webhook.kind == "status":
        if not answer.body:
            yield None, f"answered {answer.status} with an empty body; the status for that is 204"
        elif answer.content_type not in ("text/xml", "application/xml"):
            yield 12300, f"answered {answer.status} with {answer.content_type or 'no Content-Type'}; 204 is enough"
    elif answer.content_type == "text/html":
        yield None, "answered TwiML as text/html; it should be text/xml"
