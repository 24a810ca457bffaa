"""`messaging.twilio.com/v1/Services` (https://www.twilio.com/docs/messaging/api/service-resource)."""

from uuid import uuid4

from aiohttp import web

from fake_twilio.dates import iso_seconds
from fake_twilio.form import Form
from fake_twilio.model.messaging_service import MessagingService
from fake_twilio.rest.base import Rest
from fake_twilio.rest.checks import at_most, boolean
from fake_twilio.rest.errors import TwilioError
from fake_twilio.rest.paging import page
from fake_twilio.rest.webhook_addresses import address, method, update

UPDATE = {
    "FriendlyName": at_most(20001, 64),
    "InboundRequestUrl": address,
    "InboundMethod": method,
    "FallbackUrl": address,
    "FallbackMethod": method,
    "StatusCallback": address,
    "UseInboundWebhookOnNumber": boolean,
}

SERVICE = "/v1/Services/{service}"


class Services:
    """The routes of Messaging Services."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.simulator = rest.simulator

    def routes(self) -> list[web.RouteDef]:
        """Return the routes: list, create, fetch, update and delete services, fetch a sender number."""
        return [
            web.get("/v1/Services", self.rest.route(self.list)),
            web.post("/v1/Services", self.rest.route(self.create)),
            web.delete(SERVICE, self.rest.route(self.delete)),
            web.get(SERVICE, self.rest.route(self.fetch)),
            web.post(SERVICE, self.rest.route(self.update)),
            web.get(f"{SERVICE}/PhoneNumbers/{{sid}}", self.rest.route(self.fetch_number)),
        ]

    async def list(self, request: web.Request, form: Form) -> web.StreamResponse:
        """List the services. This API puts what it says about the page into `meta`, with whole URLs."""
        found = page("services", self.simulator.services, [], request.path, form)
        origin = request.url.origin()
        urls = {"first_page_url": "first_page_uri", "next_page_url": "next_page_uri", "url": "uri"}
        urls["previous_page_url"] = "previous_page_uri"
        meta = {name: found[uri] and f"{origin}{found[uri]}" for name, uri in urls.items()}
        meta |= {"key": "services", "page": found["page"], "page_size": found["page_size"]}
        return self.rest.respond({"services": found["services"], "meta": meta})

    async def create(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Create a service without senders."""
        if not form.get("FriendlyName"):
            raise TwilioError(20001, "Missing required parameter FriendlyName in the post body")
        service = MessagingService(f"MG{uuid4().hex}", self.simulator.account.sid)
        self.rest.note_unknown(update(service, form, UPDATE), "Services")
        self.simulator.services[service.sid] = service
        return self.rest.respond(service.to_json(), 201)

    async def delete(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Delete one service; its numbers stay in the account."""
        del self.simulator.services[self.service(request).sid]
        return web.Response(status=204)

    async def fetch(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Fetch one service."""
        return self.rest.respond(self.service(request).to_json())

    async def update(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Update one service."""
        service = self.service(request)
        self.rest.note_unknown(update(service, form, UPDATE), "Services")
        return self.rest.respond(service.to_json())

    async def fetch_number(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Fetch one sender number."""
        service, sid = self.service(request), request.match_info["sid"]
        for number in self.simulator.numbers.values():
            if number.sid == sid and sid in service.number_sids:
                return self.rest.respond(
                    {
                        "account_sid": service.account_sid,
                        "capabilities": [
                            name for name, able in (("Voice", number.can_call), ("SMS", number.can_text)) if able
                        ],
                        "country_code": "US",
                        "date_created": iso_seconds(number.created),
                        "date_updated": iso_seconds(number.created),
                        "phone_number": number.number,
                        "service_sid": service.sid,
                        "sid": sid,
                        "url": f"https://messaging.twilio.com/v1/Services/{service.sid}/PhoneNumbers/{sid}",
                    }
                )
        raise TwilioError(20404, request.path)

    def service(self, request: web.Request) -> MessagingService:
        """Return the service that the path names."""
        service = self.simulator.services.get(request.match_info["service"])
        if service is None:
            raise TwilioError(20404, request.path)
        return service
