"""Twilio's error codes: what each means, and the status that the app answers.

The code decides, not Twilio's HTTP status, which is not always the same for one code. A code that is not listed here
becomes a 422 if Twilio's status blames the request, else a 502. https://www.twilio.com/docs/api/errors
"""

from __future__ import annotations

from typing import NamedTuple

from shared.errors import RecipientOptedOut, TwilioFailure, TwilioReason, TwilioRefused, TwilioUnavailable


class Answer(NamedTuple):
    """The status and message that the app answers for one of Twilio's codes."""

    status: int
    words: str


# https://www.twilio.com/docs/api/errors/21610
OPTED_OUT = 21610
# https://www.twilio.com/docs/api/errors/21450
ALREADY_VERIFIED = 21450
# The SID in the path does not exist, or the account itself: https://www.twilio.com/docs/api/errors/20404
UNKNOWN_RESOURCE = 20404
# https://www.twilio.com/docs/api/errors/21220
WRONG_CALL_STATE = 21220
# Not scheduled, and not delivered yet: https://www.twilio.com/docs/api/errors/30409 and 20009.
WRONG_MESSAGE_STATES = (30409, 20009)

REQUEST_ERRORS = {
    # The request is wrong.
    13223: Answer(400, "`to` is not a phone number that exists."),
    21201: Answer(400, "`to` is missing."),
    21205: Answer(400, "`url` is not an address that Twilio can use."),
    21208: Answer(400, "`send_digits` does not have the form that Twilio accepts."),
    21211: Answer(400, "`to` is not a phone number that exists."),
    21213: Answer(400, "`from` is missing."),
    21401: Answer(400, "`number` is not a phone number that exists."),
    21217: Answer(400, "`to` is not a phone number that exists."),
    21456: Answer(400, "Twilio cannot use the status callback's address; check PUBLIC_BASE_URL."),
    21502: Answer(400, "Twilio does not accept that HTTP method."),
    21602: Answer(400, "The message has neither a body nor media."),
    21603: Answer(400, "`from` is missing."),
    21604: Answer(400, "`to` is missing."),
    21609: Answer(400, "Twilio cannot use the status callback's address; check PUBLIC_BASE_URL."),
    21617: Answer(400, "`body` is longer than the 1,600 characters that Twilio accepts."),
    21619: Answer(400, "The message has neither a body nor media."),
    21620: Answer(400, "`media_url` contains an address that Twilio cannot use."),
    21623: Answer(400, "`media_url` contains more than 10 addresses."),
    35111: Answer(400, "`send_at` is missing."),
    35114: Answer(400, "`send_at` is not a time that Twilio accepts."),
    35115: Answer(400, "`send_at` is not in the window that Twilio accepts: 5 minutes to 35 days ahead."),
    35118: Answer(400, "`send_at` needs `messaging_service_sid`."),
    21454: Answer(400, "`delay` is not a number of seconds that Twilio accepts."),
    # The request is well formed, but Twilio cannot do it.
    13224: Answer(422, "Twilio cannot call that number."),
    13225: Answer(422, "Twilio has blocked calls to that number."),
    ALREADY_VERIFIED: Answer(422, "The number is verified already, or it is one of this account."),
    21214: Answer(422, "`to` cannot be reached by a call."),
    21216: Answer(422, "Twilio has blocked calls to that number."),
    OPTED_OUT: Answer(422, "The recipient has opted out of messages from this sender (STOP)."),
    21612: Answer(422, "No message can be sent from that sender to that number."),
    21614: Answer(422, "`to` is not a mobile number, so it cannot receive messages."),
    21606: Answer(422, "`from` is not a number of this account that can send messages to this recipient."),
    21210: Answer(
        422, "`from` is not a number of this account, nor a verified caller ID; POST /api/caller_ids verifies one."
    ),
    21212: Answer(422, "`from` is not a valid sender."),
    21601: Answer(422, "`from` cannot send messages."),
    21621: Answer(422, "`from` cannot send media."),
    21701: Answer(422, "The Messaging Service does not exist in this account."),
    21703: Answer(422, "The Messaging Service has no sender that can reach this number."),
    # The account is not allowed to do it.
    10002: Answer(403, "A trial account cannot do this."),
    13227: Answer(403, "The account's geographic permissions do not allow calls to that country."),
    21203: Answer(403, "The account may not call that number."),
    21215: Answer(403, "The account's geographic permissions do not allow calls to that country."),
    21219: Answer(
        403,
        "A trial account can only call verified numbers; verify this one in Twilio's console, or with POST"
        " /api/caller_ids.",
    ),
    21408: Answer(403, "The account's geographic permissions do not allow messages to that country."),
    21608: Answer(
        403,
        "A trial account, or one without a compliance profile, can only text verified numbers; verify this one in"
        " Twilio's console, or with POST /api/caller_ids.",
    ),
    21453: Answer(403, "The number is verified in another trial account already."),
    # The newer kind of trial: https://www.twilio.com/docs/usage/trials
    572002: Answer(403, "On a trial, messages to a number must come from the trial number assigned to it."),
    572005: Answer(403, "On a trial, `to` must first confirm the code that Twilio sent to it."),
    572006: Answer(403, "On a trial, only Twilio's own templates can be sent as messages."),
    573002: Answer(403, "On a trial, calls to a number must come from the trial number assigned to it."),
    573005: Answer(403, "On a trial, `to` must first confirm the code that Twilio sent to it."),
}

# The app's account or credentials, or Twilio's load: not the caller's error, so never a 4xx.
APP_ERRORS = {
    10001: Answer(502, "Twilio says that the account is not active."),
    20003: Answer(502, "Twilio does not accept the app's credentials (TWILIO_API_KEY and TWILIO_API_SECRET)."),
    20005: Answer(502, "Twilio says that the account is not active."),
    20008: Answer(502, "Test credentials cannot do this."),
    20403: Answer(502, "The app's API key is not allowed to do this."),
    UNKNOWN_RESOURCE: Answer(502, "Twilio does not know the account in TWILIO_ACCOUNT_SID."),
    20429: Answer(503, "This account is sending Twilio too many requests. Nothing was sent; try again."),
    21611: Answer(503, "The sender's queue at Twilio is full. Nothing was sent; try again later."),
    30001: Answer(503, "The sender's queue at Twilio is full. Nothing was sent; try again later."),
}

# Why a message that Twilio accepted was not delivered: https://www.twilio.com/docs/messaging/guides/debugging-common-issues
DELIVERY_ERRORS = {
    30002: "The account was suspended after the message was queued.",
    30003: "The phone cannot be reached: it is off, or out of service.",
    30004: "The recipient or the carrier has blocked the message.",
    30005: "The number is unknown to its carrier.",
    30006: "The number is a landline, or its carrier cannot be reached.",
    30007: "The carrier filtered the message as spam.",
    30008: "The carrier did not say why the message was not delivered.",
    30022: "The US campaign has reached its limit of messages.",
    30023: "The US brand has reached its limit of messages for the day.",
    30032: "The toll-free sender has not been verified.",
    30034: "The US sender is not registered for A2P 10DLC.",
    30036: "The message was not delivered within its validity period.",
    30410: "The carrier did not answer in time; the message may have arrived.",
    30450: "Twilio blocked the message as SMS pumping fraud.",
}

# What else Twilio reports about a call.
CALL_ERRORS = {
    13214: "The callerId of a Dial is neither the account's nor verified; POST /api/caller_ids verifies a number.",
    13805: "The call reached the ten minutes that a call of a trial account may last.",
}

RETRY_AFTER = {"Retry-After": "5"}


def explain(code: int) -> str:
    """Return what one of Twilio's codes means, or where to read about it."""
    if words := DELIVERY_ERRORS.get(code) or CALL_ERRORS.get(code):
        return words
    known = REQUEST_ERRORS.get(code) or APP_ERRORS.get(code)
    return known.words if known else f"Twilio's error {code}; its page explains it."


def reason(code: int, message: str | None = None) -> TwilioReason:
    """Return one of Twilio's codes with a message and its page; without a message, with what the code means."""
    words = explain(code) if message is None else message
    return TwilioReason(code, words, f"https://www.twilio.com/docs/errors/{code}")


def failure_for(code: int, message: str, twilio_status: int) -> TwilioFailure:
    """Return the error for the app's caller when Twilio answers a request with `code` and `message`."""
    twilio = reason(code, message)
    if code == OPTED_OUT:
        return RecipientOptedOut(explain(code), status=REQUEST_ERRORS[code].status, twilio=twilio)
    if code in REQUEST_ERRORS:
        return TwilioRefused(REQUEST_ERRORS[code].words, status=REQUEST_ERRORS[code].status, twilio=twilio)
    if code in APP_ERRORS:
        status, words = APP_ERRORS[code]
        return TwilioUnavailable(words, status=status, twilio=twilio, headers=RETRY_AFTER if status == 503 else None)
    if 400 <= twilio_status < 500 and twilio_status not in (401, 403, 404, 429):
        return TwilioRefused(f"Twilio rejected this with its code {code}.", status=422, twilio=twilio)
    return TwilioUnavailable(f"Twilio answered {twilio_status} with its code {code}.", twilio=twilio)
