"""`Messages.json` and `Messages/{sid}.json` (https://www.twilio.com/docs/messaging/api/message-resource)."""

from functools import partial

from aiohttp import web

from fake_twilio.dates import now
from fake_twilio.form import Form
from fake_twilio.messaging.lifecycle import run_message
from fake_twilio.model.message import Message
from fake_twilio.rest.base import ROOT, Made, Rest
from fake_twilio.rest.checks import check_all
from fake_twilio.rest.errors import TwilioError
from fake_twilio.rest.message_parameters import UPDATE, check_new_message, send_at, service_of
from fake_twilio.rest.paging import Test, by_time, page


class Messages:
    """The routes of messages."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.simulator = rest.simulator

    def routes(self) -> list[web.RouteDef]:
        """Return the routes: create and list, fetch, update and delete."""
        many, one = f"{ROOT}/Messages.json", f"{ROOT}/Messages/{{sid}}.json"
        return [
            web.post(many, self.rest.route(self.create)),
            web.get(many, self.rest.route(self.list)),
            web.get(one, self.rest.route(self.fetch)),
            web.post(one, self.rest.route(self.update)),
            web.delete(one, self.rest.route(self.delete)),
        ]

    async def create(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Send a message."""

        def make() -> Made:
            self.rest.note_unknown(check_new_message(form, self.simulator.account), "Messages.json")
            if form.get("SendAt") and not form.get("ScheduleType"):
                self.simulator.faults.add(None, None, "Messages.json: Twilio ignores SendAt without ScheduleType=fixed")
            media, service, later = form.all("MediaUrl"), service_of(form), send_at(form)
            sender = form.get("From")
            if self.simulator.opt_outs.refuses(form.get("To"), self.number_of(sender, service)):
                raise TwilioError(21610)
            message = self.simulator.new_message(
                form.get("To"),
                None if sender in ("", service) else sender,
                form.get("Body"),
                media,
                parameters=form,
                messaging_service_sid=service or None,
                send_at=later,
                status="scheduled" if later else "accepted" if service else "queued",
            )
            return message, partial(run_message, self.simulator, message)

        return await self.rest.create(request, make)

    def number_of(self, sender: str, service: str) -> str:
        """Return the number that a message is sent from."""
        return self.simulator.account.numbers[0] if sender in ("", service) else sender

    async def fetch(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Fetch one message."""
        return self.rest.respond(self.message(request).to_json())

    async def list(self, request: web.Request, form: Form) -> web.StreamResponse:
        """List messages, newest first."""
        tests: list[Test] = []
        if to := form.get("To"):
            tests.append(lambda message: message.to == to)
        if from_ := form.get("From"):
            tests.append(lambda message: message.from_ == from_)
        tests += by_time(form, "DateSent", lambda message: message.sent)
        return self.rest.respond(page("messages", self.simulator.messages, tests, request.path, form))

    async def update(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Cancel a scheduled message, or redact the body of a finished one."""
        message = self.message(request)
        self.rest.note_unknown(check_all(form, UPDATE), f"Messages/{message.sid}.json")
        if form.get("Status"):
            if message.status != "scheduled":
                raise TwilioError(30409)
            message.cancel()
        elif form.has("Body"):
            if form.get("Body"):
                raise TwilioError(20001, "Body can only be set to an empty string")
            if not message.over:
                raise TwilioError(20009)
            message.body, message.updated = "", now()
        self.simulator.changes.tell()
        return self.rest.respond(message.to_json())

    async def delete(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Delete one message, which must be over."""
        message = self.message(request)
        if not message.over:
            raise TwilioError(20010, "delivery")
        del self.simulator.messages[message.sid]
        self.simulator.changes.tell()
        return web.Response(status=204)

    def message(self, request: web.Request) -> Message:
        """Return the message that the path names."""
        message = self.simulator.messages.get(request.match_info["sid"])
        if message is None:
            raise TwilioError(20404, request.path)
        return message
