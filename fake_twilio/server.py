"""The HTTP server of the fake: the REST API and the phones page on one port."""

from aiohttp import web
from aiohttp.typedefs import Handler

from .errors import TwilioError
from .exchange import Exchange
from .phones_api import PhonesApi
from .phones_guard import guard
from .rest import Rest
from .rest_account import AccountItself
from .rest_calls import Calls
from .rest_media import MediaOfTexts
from .rest_messages import Messages
from .rest_numbers import Numbers
from .rest_recordings import Recordings
from .rest_services import Services
from .rest_twiml_apps import TwimlApps


class Server:
    """Listens for the app and for the page."""

    def __init__(self, exchange: Exchange, latency: float = 0.0, app_key: str = "") -> None:
        self.exchange = exchange
        self.rest = Rest(exchange, latency)
        self.app_key = app_key

    async def open(self, port: int) -> str:
        """Start to listen; the URL."""
        self.phones = PhonesApi(self.exchange, self.app_key)
        app = web.Application(
            middlewares=[guard(lambda: self.exchange.base_url), self.not_found], client_max_size=1024**2
        )
        for part in (AccountItself, Calls, Messages, Recordings, MediaOfTexts, Numbers, Services, TwimlApps):
            app.add_routes(part(self.rest).routes())
        app.add_routes(self.phones.routes())
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", port).start()
        self.exchange.base_url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        return self.exchange.base_url

    async def close(self) -> None:
        """Stop to listen."""
        self.exchange.troubles.end()
        self.phones.close()
        await self.runner.cleanup()

    @web.middleware
    async def not_found(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Twilio says in JSON that a path, or a method on it, does not exist."""
        if not request.path.startswith(("/2010-04-01", "/v1/")):
            return await handler(request)
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return self.rest.refuse(TwilioError(20404, request.path))
        except web.HTTPMethodNotAllowed:
            return self.rest.refuse(TwilioError(20004))
