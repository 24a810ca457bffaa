"""The HTTP server of the fake: the REST API and the phones page on one port."""

from aiohttp import web
from aiohttp.typedefs import Handler

from .errors import TwilioError
from .exchange import Exchange
from .phones_api import PhonesApi
from .rest import Rest
from .rest_calls import Calls
from .rest_media import MediaOfTexts
from .rest_messages import Messages
from .rest_recordings import Recordings


class Server:
    """Listens for the app and for the page."""

    def __init__(self, exchange: Exchange, latency: float = 0.0) -> None:
        self.exchange = exchange
        self.rest = Rest(exchange, latency)

    async def open(self, port: int) -> str:
        """Start to listen; the URL."""
        self.phones = PhonesApi(self.exchange)
        app = web.Application(middlewares=[self.not_found], client_max_size=1024**2)
        for part in (Calls, Messages, Recordings, MediaOfTexts):
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
        if not request.path.startswith("/2010-04-01"):
            return await handler(request)
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return self.rest.refuse(TwilioError(20404, request.path))
        except web.HTTPMethodNotAllowed:
            return self.rest.refuse(TwilioError(20004))
