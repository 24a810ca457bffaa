"""`IncomingPhoneNumbers` (https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource)."""

from aiohttp import web

from .configured import update
from .errors import TwilioError
from .form import Form
from .owned_numbers import UPDATE, OwnedNumber
from .paging import page
from .rest import ROOT, Rest


class Numbers:
    """The routes of the numbers that we own."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.exchange = rest.exchange

    def routes(self) -> list[web.RouteDef]:
        """List, fetch, update."""
        one = f"{ROOT}/IncomingPhoneNumbers/{{sid}}.json"
        return [
            web.get(f"{ROOT}/IncomingPhoneNumbers.json", self.rest.route(self.list)),
            web.get(one, self.rest.route(self.fetch)),
            web.post(one, self.rest.route(self.update)),
        ]

    async def list(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Those whose number holds the digits that are looked for."""
        part = form.get("PhoneNumber")
        tests = [lambda number: part in number.number]
        return self.rest.respond(page("incoming_phone_numbers", self.exchange.numbers, tests, request.path, form))

    async def fetch(self, request: web.Request, form: Form) -> web.StreamResponse:
        """One of them."""
        return self.rest.respond(self.number(request).to_json())

    async def update(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Set its addresses. A trunk and a TwiML App exclude each other: the one that is set last stays."""
        number = self.number(request)
        self.rest.note_unknown(update(number, form, UPDATE), "IncomingPhoneNumbers")
        if form.get("TrunkSid"):
            number.voice_application_sid = ""
        elif form.get("VoiceApplicationSid"):
            number.trunk_sid = ""
        self.exchange.changes.tell()
        return self.rest.respond(number.to_json())

    def number(self, request: web.Request) -> OwnedNumber:
        """The number that the path names by its SID."""
        for number in self.exchange.numbers.values():
            if number.sid == request.match_info["sid"]:
                return number
        raise TwilioError(20404, request.path)
