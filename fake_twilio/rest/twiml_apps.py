"""`Applications` (https://www.twilio.com/docs/usage/api/applications)."""

from aiohttp import web

from fake_twilio.form import Form
from fake_twilio.model.twiml_app import TwimlApp
from fake_twilio.rest.base import ROOT, Rest
from fake_twilio.rest.checks import anything, at_most
from fake_twilio.rest.errors import TwilioError
from fake_twilio.rest.paging import page
from fake_twilio.rest.webhook_addresses import TEXTS, VOICE, address, update

UPDATE = {
    **VOICE,
    **TEXTS,
    "FriendlyName": at_most(20001, 64),
    "SmsStatusCallback": address,
    "MessageStatusCallback": address,
    "VoiceCallerIdLookup": anything,
    "PublicApplicationConnectEnabled": anything,
}


class TwimlApps:
    """The routes of TwiML Apps."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.simulator = rest.simulator

    def routes(self) -> list[web.RouteDef]:
        """Return the routes: create and list, fetch, update and delete."""
        many, one = f"{ROOT}/Applications.json", f"{ROOT}/Applications/{{sid}}.json"
        return [
            web.post(many, self.rest.route(self.create)),
            web.get(many, self.rest.route(self.list)),
            web.get(one, self.rest.route(self.fetch)),
            web.post(one, self.rest.route(self.update)),
            web.delete(one, self.rest.route(self.delete)),
        ]

    async def create(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Create a TwiML App."""
        app = TwimlApp(account_sid=self.simulator.account.sid)
        self.rest.note_unknown(update(app, form, UPDATE), "Applications.json")
        self.simulator.twiml_apps[app.sid] = app
        return self.rest.respond(app.to_json(), 201)

    async def list(self, request: web.Request, form: Form) -> web.StreamResponse:
        """List the TwiML Apps, or those with exactly this name."""
        name = form.get("FriendlyName")
        tests = [lambda app: not name or app.friendly_name == name]
        return self.rest.respond(page("applications", self.simulator.twiml_apps, tests, request.path, form))

    async def fetch(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Fetch one TwiML App."""
        return self.rest.respond(self.app(request).to_json())

    async def update(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Update one TwiML App."""
        app = self.app(request)
        self.rest.note_unknown(update(app, form, UPDATE), "Applications")
        return self.rest.respond(app.to_json())

    async def delete(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Delete one TwiML App."""
        del self.simulator.twiml_apps[self.app(request).sid]
        return web.Response(status=204)

    def app(self, request: web.Request) -> TwimlApp:
        """Return the TwiML App that the path names."""
        app = self.simulator.twiml_apps.get(request.match_info["sid"])
        if app is None:
            raise TwilioError(20404, request.path)
        return app
