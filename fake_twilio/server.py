"""The HTTP server: the REST API, the phones page and the signalling of Twilio Client on one port."""

from aiohttp import web
from aiohttp.typedefs import Handler

from fake_twilio.clients.signal import Signal
from fake_twilio.phones.api import PhonesApi
from fake_twilio.phones.same_origin import guard
from fake_twilio.rest.account import AccountRoutes
from fake_twilio.rest.base import Rest
from fake_twilio.rest.call_logs import CallLogs
from fake_twilio.rest.caller_ids import CallerIds
from fake_twilio.rest.calls import Calls
from fake_twilio.rest.conferences import Conferences
from fake_twilio.rest.errors import TwilioError
from fake_twilio.rest.media import MessageMedia
from fake_twilio.rest.messages import Messages
from fake_twilio.rest.numbers import Numbers
from fake_twilio.rest.recordings import Recordings
from fake_twilio.rest.services import Services
from fake_twilio.rest.twiml_apps import TwimlApps
from fake_twilio.simulator import Simulator


class Server:
    """Serves the app and the phones page."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.rest = Rest(simulator)

    async def open(self, port: int) -> str:
        """Start to listen; return the URL for programs on this machine."""
        bind = self.simulator.options.bind
        self.phones = PhonesApi(self.simulator)
        app = web.Application(
            middlewares=[guard(lambda: self.simulator.base_url), self.not_found], client_max_size=1024**2
        )
        for part in (
            AccountRoutes,
            Calls,
            CallLogs,
            CallerIds,
            Conferences,
            Messages,
            Recordings,
            MessageMedia,
            Numbers,
            Services,
            TwimlApps,
        ):
            app.add_routes(part(self.rest).routes())
        self.signal = Signal(self.simulator)
        app.add_routes(self.signal.routes())
        app.add_routes(self.phones.routes())
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self.runner.setup()
        await web.TCPSite(self.runner, bind, port).start()
        address = "127.0.0.1" if bind == "0.0.0.0" else bind
        self.simulator.base_url = f"http://{address}:{self.runner.addresses[0][1]}"
        return self.simulator.base_url

    async def close(self) -> None:
        """Stop listening."""
        self.simulator.rest_failures.end()
        self.phones.close()
        await self.signal.close()
        await self.runner.cleanup()

    @web.middleware
    async def not_found(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer unknown paths and methods of the API in JSON, as Twilio does."""
        if not request.path.startswith(("/2010-04-01", "/v1/")):
            return await handler(request)
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return self.rest.refuse(TwilioError(20404, request.path))
        except web.HTTPMethodNotAllowed:
            return self.rest.refuse(TwilioError(20004))
