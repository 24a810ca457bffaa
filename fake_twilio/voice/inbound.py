"""Who is asked about a call or a text that comes in: the number itself, a TwiML App, or a Messaging Service."""

from dataclasses import dataclass

from .exchange import Exchange
from .form import Form
from .owned_numbers import Addresses, OwnedNumber


@dataclass(frozen=True)
class TextRoute:
    """Where a text goes, and where when that fails."""

    url: str
    method: str
    fallback_url: str
    fallback_method: str


def call_parameters(exchange: Exchange, number: OwnedNumber) -> Form:
    """What a call to this number has instead of the parameters of a create. A trunk takes it without asking us."""
    if number.trunk_sid:
        return Form([])
    asked: Addresses = exchange.twiml_apps.get(number.voice_application_sid, number)
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


def text_route(exchange: Exchange, number: OwnedNumber) -> TextRoute:
    """A Messaging Service that the number sends for is asked before the number's own addresses are."""
    for service in exchange.services.values():
        if number.sid in service.number_sids and service.use_inbound_webhook_on_number != "true":
            return TextRoute(
                service.inbound_request_url, service.inbound_method, service.fallback_url, service.fallback_method
            )
    asked: Addresses = exchange.twiml_apps.get(number.sms_application_sid, number)
    return TextRoute(asked.sms_url, asked.sms_method, asked.sms_fallback_url, asked.sms_fallback_method)
