"""`Calls.json` and `Calls/{sid}.json` (https://www.twilio.com/docs/voice/api/call-resource)."""

from functools import partial
from uuid import uuid4

from aiohttp import web

from fake_twilio.form import Form
from fake_twilio.model.call import Call
from fake_twilio.rest.base import ROOT, Made, Rest
from fake_twilio.rest.call_parameters import UPDATE, check_new_call
from fake_twilio.rest.checks import check_all
from fake_twilio.rest.errors import TwilioError
from fake_twilio.rest.paging import Test, by_time, page
from fake_twilio.twiml.source import Source
from fake_twilio.voice.lifecycle import run_outbound_call


class Calls:
    """The routes of calls."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.simulator = rest.simulator

    def routes(self) -> list[web.RouteDef]:
        """Return the routes: create and list, fetch, update and delete."""
        many, one = f"{ROOT}/Calls.json", f"{ROOT}/Calls/{{sid}}.json"
        return [
            web.post(many, self.rest.route(self.create)),
            web.get(many, self.rest.route(self.list)),
            web.get(one, self.rest.route(self.fetch)),
            web.post(one, self.rest.route(self.update)),
            web.delete(one, self.rest.route(self.delete)),
        ]

    async def create(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Place a call."""

        def make() -> Made:
            self.rest.note_unknown(check_new_call(form, self.simulator.callers), "Calls.json")
            call = Call(
                sid=f"CA{uuid4().hex}",
                account_sid=self.simulator.account.sid,
                to=form.get("To"),
                from_=form.get("From"),
                number=self.simulator.next_number(),
                parameters=form,
            )
            self.simulator.keep(self.simulator.calls, call.sid, call)
            return call, partial(run_outbound_call, self.simulator, call)

        return await self.rest.create(request, make)

    async def fetch(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Fetch one call."""
        return self.rest.respond(self.call(request).to_json())

    async def list(self, request: web.Request, form: Form) -> web.StreamResponse:
        """List calls, newest first."""
        tests: list[Test] = []
        if to := form.get("To"):
            tests.append(lambda call: call.to == to)
        if from_ := form.get("From"):
            tests.append(lambda call: call.from_ == from_)
        if status := form.get("Status"):
            tests.append(lambda call: call.to_json()["status"] == status)
        if parent := form.get("ParentCallSid"):
            tests.append(lambda call: call.parent_call_sid == parent)
        tests += by_time(form, "StartTime", lambda call: call.started)
        tests += by_time(form, "EndTime", lambda call: call.ended)
        return self.rest.respond(page("calls", self.simulator.calls, tests, request.path, form))

    async def update(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Cancel a call that was not answered, end one that was, or replace its document."""
        call = self.call(request)
        self.rest.note_unknown(check_all(form, UPDATE), f"Calls/{call.sid}.json")
        status, url, text = form.get("Status").lower(), form.get("Url"), form.get("Twiml")
        if status:
            self.stop(call, status)
        elif url or text:
            if call.status != "in-progress":
                raise TwilioError(21220)
            source = Source(url=url, method=form.get("Method").upper() or "POST") if url else Source(text=text)
            call.control.updates += 1
            call.interrupt(source)
        changed = [(name, value) for name, value in form.pairs if name not in ("Status", "Url", "Twiml", "Method")]
        names = {name for name, _ in changed}
        call.parameters = Form([*(pair for pair in call.parameters.pairs if pair[0] not in names), *changed])
        return self.rest.respond(call.to_json())

    def stop(self, call: Call, status: str) -> None:
        """End a call: `canceled` only before the answer, `completed` at any time."""
        if call.decide("canceled"):
            return
        if call.over or status == "canceled":
            raise TwilioError(21220)
        call.control.updates += 1
        call.interrupt(None)

    async def delete(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Delete one call, which must be over."""
        call = self.call(request)
        if not call.over:
            raise TwilioError(20010, "call")
        del self.simulator.calls[call.sid]
        self.simulator.changes.tell()
        return web.Response(status=204)

    def call(self, request: web.Request) -> Call:
        """Return the call that the path names."""
        call = self.simulator.calls.get(request.match_info["sid"])
        if call is None:
            raise TwilioError(20404, request.path)
        return call
