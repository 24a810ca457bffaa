"""`IncomingPhoneNumbers` (https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource)."""

from aiohttp import web

from fake_twilio.addresses import sid_pattern
from fake_twilio.form import Form
from fake_twilio.model.owned_number import OwnedNumber
from fake_twilio.rest.base import ROOT, Rest
from fake_twilio.rest.checks import anything, at_most, pattern
from fake_twilio.rest.errors import TwilioError
from fake_twilio.rest.paging import page
from fake_twilio.rest.webhook_addresses import TEXTS, VOICE, update

UPDATE = {
    **VOICE,
    **TEXTS,
    "FriendlyName": at_most(20001, 64),
    "VoiceApplicationSid": pattern(20001, sid_pattern("AP")),
    "SmsApplicationSid": pattern(20001, sid_pattern("AP")),
    "TrunkSid": pattern(20001, sid_pattern("TK")),
    "VoiceCallerIdLookup": anything,
}


class Numbers:
    """The routes of the account's phone numbers."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.simulator = rest.simulator

    def routes(self) -> list[web.RouteDef]:
        """Return the routes: list, fetch, update."""
        one = f"{ROOT}/IncomingPhoneNumbers/{{sid}}.json"
        return [
            web.get(f"{ROOT}/IncomingPhoneNumbers.json", self.rest.route(self.list)),
            web.get(one, self.rest.route(self.fetch)),
            web.post(one, self.rest.route(self.update)),
        ]

    async def list(self, request: web.Request, form: Form) -> web.StreamResponse:
        """List the numbers, filtered by digits."""
        part, name = form.get("PhoneNumber"), form.get("FriendlyName")
        tests = [
            lambda number: part in number.number,
            lambda number: not name or number.to_json()["friendly_name"] == name,
        ]
        return self.rest.respond(page("incoming_phone_numbers", self.simulator.numbers, tests, request.path, form))

    async def fetch(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Fetch one number."""
        return self.rest.respond(self.number(request).to_json())

    async def update(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Update a number. A trunk and a TwiML App exclude each other: the one set last stays."""
        number = self.number(request)
        self.rest.note_unknown(update(number, form, UPDATE), "IncomingPhoneNumbers")
        if form.get("TrunkSid"):
            number.voice_application_sid = ""
        elif form.get("VoiceApplicationSid"):
            number.trunk_sid = ""
        self.simulator.changes.tell()
        return self.rest.respond(number.to_json())

    def number(self, request: web.Request) -> OwnedNumber:
        """Return the number that the path names by its SID."""
        for number in self.simulator.numbers.values():
            if number.sid == request.match_info["sid"]:
                return number
        raise TwilioError(20404, request.path)
