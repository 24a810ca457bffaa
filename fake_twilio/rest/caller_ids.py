"""`OutgoingCallerIds` (https://www.twilio.com/docs/voice/api/outgoing-caller-ids)."""

from functools import partial
from uuid import uuid4

from aiohttp import web

from fake_twilio.addresses import E164
from fake_twilio.dates import now
from fake_twilio.form import Form
from fake_twilio.model.call import Call, formatted
from fake_twilio.model.caller_id import CallerId, Verification
from fake_twilio.rest.base import ROOT, Made, Rest
from fake_twilio.rest.call_parameters import MAGIC_TO
from fake_twilio.rest.checks import Check, anything, at_most, check_all, integer, pattern, url
from fake_twilio.rest.errors import TwilioError
from fake_twilio.rest.paging import page
from fake_twilio.rest.webhook_addresses import method
from fake_twilio.voice.verification import run_verification

VERIFIER = "+15005550000"
"""Twilio calls from a number of its own, which it does not document."""

UPDATE: dict[str, Check] = {"FriendlyName": at_most(20001, 64)}

CREATE: dict[str, Check] = UPDATE | {
    "PhoneNumber": anything,
    "CallDelay": integer(21454, 0, 60),
    "Extension": pattern(20001, "[0-9*#wW]*"),
    "StatusCallback": url(21456),
    "StatusCallbackMethod": method,
}


class CallerIds:
    """The routes of verified caller IDs."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.simulator = rest.simulator

    def routes(self) -> list[web.RouteDef]:
        """Return the routes: verify and list, fetch, update and delete."""
        many, one = f"{ROOT}/OutgoingCallerIds.json", f"{ROOT}/OutgoingCallerIds/{{sid}}.json"
        return [
            web.post(many, self.rest.route(self.verify)),
            web.get(many, self.rest.route(self.list)),
            web.get(one, self.rest.route(self.fetch)),
            web.post(one, self.rest.route(self.update)),
            web.delete(one, self.rest.route(self.delete)),
        ]

    async def verify(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Call a number to verify it. Twilio answers 200, because the caller ID does not exist yet."""

        def make() -> Made:
            number = form.get("PhoneNumber")
            if number in MAGIC_TO:
                raise TwilioError(MAGIC_TO[number], number)
            if not E164.fullmatch(number):
                raise TwilioError(21401, number)
            if number in self.simulator.callers:
                raise TwilioError(21450, number)
            self.rest.note_unknown(check_all(form, CREATE), "OutgoingCallerIds.json")
            verification = Verification(
                call=Call(
                    sid=f"CA{uuid4().hex}",
                    account_sid=self.simulator.account.sid,
                    to=number,
                    from_=VERIFIER,
                    number=self.simulator.next_number(),
                    parameters=Form([]),
                ),
                friendly_name=form.get("FriendlyName"),
                extension=form.get("Extension"),
                delay=int(form.get("CallDelay") or 0),
                status_callback=form.get("StatusCallback"),
                status_callback_method=form.get("StatusCallbackMethod").upper() or "POST",
            )
            self.simulator.keep(self.simulator.calls, verification.call.sid, verification.call)
            return verification, partial(run_verification, self.simulator, verification)

        return await self.rest.create(request, make, 200)

    async def list(self, request: web.Request, form: Form) -> web.StreamResponse:
        """List the verified caller IDs, or those with exactly this number or name."""
        number, name = form.get("PhoneNumber"), form.get("FriendlyName")
        tests = [
            lambda caller_id: not number or caller_id.number == number,
            lambda caller_id: not name or caller_id.friendly_name == name,
        ]
        return self.rest.respond(page("outgoing_caller_ids", self.simulator.caller_ids, tests, request.path, form))

    async def fetch(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Fetch one caller ID."""
        return self.rest.respond(self.caller_id(request).to_json())

    async def update(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Rename a caller ID; a blank name is the default again."""
        caller_id = self.caller_id(request)
        self.rest.note_unknown(check_all(form, UPDATE), "OutgoingCallerIds")
        if form.has("FriendlyName"):
            caller_id.friendly_name = form.get("FriendlyName") or formatted(caller_id.number)
            caller_id.updated = now()
        return self.rest.respond(caller_id.to_json())

    async def delete(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Remove a caller ID."""
        del self.simulator.caller_ids[self.caller_id(request).number]
        return web.Response(status=204)

    def caller_id(self, request: web.Request) -> CallerId:
        """Return the caller ID that the path names by its SID."""
        for caller_id in self.simulator.caller_ids.values():
            if caller_id.sid == request.match_info["sid"]:
                return caller_id
        raise TwilioError(20404, request.path)
