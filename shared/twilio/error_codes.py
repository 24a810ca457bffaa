"""Twilio's error codes, in words, and what we answer to each.

Decided by code, not by Twilio's HTTP status, which is not always the same for one code. The codes are explained at
https://www.twilio.com/docs/api/errors; one that is not listed here carries Twilio's own words: a 422 where Twilio
blames the request, else a 502.
"""

from __future__ import annotations

from typing import NamedTuple

from shared.errors import RecipientOptedOut, TwilioError, TwilioFailure, TwilioRefused, TwilioUnavailable


class Refusal(NamedTuple):
    """What we answer to one of Twilio's codes."""

    status: int
    words: str


# https://www.twilio.com/docs/api/errors/21610
OPTED_OUT = 21610

REFUSALS = {
    # What the caller asked for is wrong.
    13223: Refusal(400, "`to` is not a phone number that exists."),
    21201: Refusal(400, "`to` is missing."),
    21205: Refusal(400, "`url` is not an address that Twilio can use."),
    21208: Refusal(400, "`send_digits` is not of the form that Twilio takes."),
    21211: Refusal(400, "`to` is not a phone number that exists."),
    21213: Refusal(400, "`from` is missing."),
    21217: Refusal(400, "`to` is not a phone number that exists."),
    21502: Refusal(400, "Twilio does not take that HTTP method."),
    21602: Refusal(400, "The text has neither a body nor media."),
    21603: Refusal(400, "`from` is missing."),
    21604: Refusal(400, "`to` is missing."),
    21609: Refusal(400, "Twilio cannot use the status callback's address; is PUBLIC_BASE_URL right?"),
    21617: Refusal(400, "`body` is longer than the 1,600 characters that Twilio takes."),
    21619: Refusal(400, "The text has neither a body nor media."),
    21620: Refusal(400, "`media_url` holds an address that Twilio cannot use."),
    21623: Refusal(400, "`media_url` holds more than 10 addresses."),
    35111: Refusal(400, "`send_at` is missing."),
    35114: Refusal(400, "`send_at` is not a time that Twilio takes."),
    35115: Refusal(400, "`send_at` is not in the window that Twilio takes: 5 minutes to 35 days ahead."),
    35118: Refusal(400, "`send_at` needs `messaging_service_sid`."),
    # The request is well formed, but cannot be done.
    13224: Refusal(422, "Twilio cannot call that number."),
    13225: Refusal(422, "Twilio has blocked calls to that number."),
    21214: Refusal(422, "`to` cannot be reached by a call."),
    21216: Refusal(422, "Twilio has blocked calls to that number."),
    OPTED_OUT: Refusal(422, "The recipient has opted out of texts from this sender (STOP)."),
    21612: Refusal(422, "No text can be sent from that sender to that number."),
    21614: Refusal(422, "`to` is not a mobile number, so it cannot get texts."),
    21606: Refusal(422, "`from` is not a number of this account that can send texts to this recipient."),
    21210: Refusal(422, "`from` is not a number of this account, nor a verified caller ID."),
    21212: Refusal(422, "`from` is not a valid sender."),
    21601: Refusal(422, "`from` cannot send texts."),
    21621: Refusal(422, "`from` cannot send media."),
    21701: Refusal(422, "The Messaging Service does not exist in this account."),
    21703: Refusal(422, "The Messaging Service has no sender that can reach this number."),
    # The account may not do it.
    10002: Refusal(403, "A trial account cannot do this."),
    13227: Refusal(403, "The account's geographic permissions do not allow calls to that country."),
    21203: Refusal(403, "The account may not call that number."),
    21215: Refusal(403, "The account's geographic permissions do not allow calls to that country."),
    21219: Refusal(403, "A trial account can only call numbers that have been verified."),
    21408: Refusal(403, "The account's geographic permissions do not allow texts to that country."),
    21608: Refusal(403, "A trial account, or one without a compliance profile, can only text verified numbers."),
    # Those of newer trials: https://www.twilio.com/docs/usage/trials
    572002: Refusal(403, "On a trial, texts to a number come from the trial number that Twilio has given it."),
    572005: Refusal(403, "On a trial, `to` has to confirm the code that Twilio sent it first."),
    572006: Refusal(403, "On a trial, only Twilio's own templates can be sent as texts."),
    573002: Refusal(403, "On a trial, calls to a number come from the trial number that Twilio has given it."),
    573005: Refusal(403, "On a trial, `to` has to confirm the code that Twilio sent it first."),
}

# Our own account or credentials, or Twilio's load: never the caller's fault, so never a 4xx.
OUR_FAULTS = {
    10001: Refusal(502, "Twilio says that the account is not active."),
    20003: Refusal(502, "Twilio does not accept the app's credentials (TWILIO_API_KEY and TWILIO_API_SECRET)."),
    20005: Refusal(502, "Twilio says that the account is not active."),
    20008: Refusal(502, "Test credentials cannot do this."),
    20403: Refusal(502, "The app's API key may not do this."),
    20404: Refusal(502, "Twilio does not know the account in TWILIO_ACCOUNT_SID."),
    20429: Refusal(503, "This account is sending Twilio too many requests. Nothing was sent; try again."),
    21611: Refusal(503, "The sender's queue at Twilio is full. Nothing was sent; try again later."),
    30001: Refusal(503, "The sender's queue at Twilio is full. Nothing was sent; try again later."),
}

# Why a text that Twilio took was not delivered: https://www.twilio.com/docs/messaging/guides/debugging-common-issues
DELIVERY_FAILURES = {
    30002: "The account was suspended after the text was queued.",
    30003: "The phone cannot be reached: it is off, or out of service.",
    30004: "The recipient or the carrier has blocked the text.",
    30005: "The number is unknown to its carrier.",
    30006: "The number is a landline, or its carrier cannot be reached.",
    30007: "The carrier filtered the text as spam.",
    30008: "The carrier did not say why the text was not delivered.",
    30022: "The US campaign has reached its limit of texts.",
    30023: "The US brand has reached its limit of texts for the day.",
    30032: "The toll-free sender has not been verified.",
    30034: "The US sender is not registered for A2P 10DLC.",
    30036: "The text was not delivered within its validity period.",
    30410: "The carrier did not answer in time; the text may have arrived.",
    30450: "Twilio blocked the text as SMS pumping fraud.",
}

RETRY_AFTER = {"Retry-After": "5"}


def explain(code: int) -> str:
    """Return what one of Twilio's codes means, or where to read it."""
    if code in DELIVERY_FAILURES:
        return DELIVERY_FAILURES[code]
    known = REFUSALS.get(code) or OUR_FAULTS.get(code)
    return known.words if known else f"Twilio's error {code}; its page explains it."


def failure_for(code: int, message: str, twilio_status: int) -> TwilioFailure:
    """Return the error that our caller gets when Twilio answers a request with `code` and `message`."""
    twilio = TwilioError(code, message)
    if code == OPTED_OUT:
        return RecipientOptedOut(explain(code), status=REFUSALS[code].status, twilio=twilio)
    if code in REFUSALS:
        return TwilioRefused(REFUSALS[code].words, status=REFUSALS[code].status, twilio=twilio)
    if code in OUR_FAULTS:
        status, words = OUR_FAULTS[code]
        return TwilioUnavailable(words, status=status, twilio=twilio, headers=RETRY_AFTER if status == 503 else None)
    if 400 <= twilio_status < 500 and twilio_status not in (401, 403, 404, 429):
        return TwilioRefused(f"Twilio refused this with its code {code}.", status=422, twilio=twilio)
    return TwilioUnavailable(f"Twilio answered {twilio_status} with its code {code}.", twilio=twilio)
