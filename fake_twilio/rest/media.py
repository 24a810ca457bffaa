"""`Messages/{sid}/Media` (https://www.twilio.com/docs/messaging/api/media-resource)."""

from aiohttp import web

from fake_twilio.addresses import sid_pattern
from fake_twilio.form import Form
from fake_twilio.model.media import Media
from fake_twilio.rest.base import ROOT, Rest
from fake_twilio.rest.errors import TwilioError
from fake_twilio.rest.paging import page


class MessageMedia:
    """The routes of media. As at Twilio, the pictures themselves need no authorization."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.simulator = rest.simulator

    def routes(self) -> list[web.RouteDef]:
        """Return the routes: list, fetch, view."""
        many = f"{ROOT}/Messages/{{message}}/Media"
        one = f"{many}/{{sid:{sid_pattern('ME')}}}"
        return [
            web.get(f"{many}.json", self.rest.route(self.list)),
            web.get(f"{one}.json", self.rest.route(self.fetch)),
            web.get(one, self.download),
        ]

    async def list(self, request: web.Request, form: Form) -> web.StreamResponse:
        """List the media of one message."""
        return self.rest.respond(page("media_list", self.media(request), [], request.path, form))

    async def fetch(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Fetch one of the media."""
        found = self.media(request).get(request.match_info["sid"])
        if found is None:
            raise TwilioError(20404, request.path)
        return self.rest.respond(found.to_json())

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Serve the picture."""
        found = self.media(request).get(request.match_info["sid"])
        if found is None:
            return self.rest.refuse(TwilioError(20404, request.path))
        return web.Response(body=found.content(), content_type=found.content_type)

    def media(self, request: web.Request) -> dict[str, Media]:
        """Return the media of the message that the path names."""
        message = self.simulator.messages.get(request.match_info["message"])
        return {one.sid: one for one in message.attachments} if message else {}
