"""Run messaging TwiML, the app's answer to a message (https://www.twilio.com/docs/messaging/twiml)."""

from dataclasses import dataclass
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from fake_twilio.messaging.sent_by_twiml import Draft, send
from fake_twilio.model.message import Message
from fake_twilio.simulator import Simulator
from fake_twilio.twiml.check import Kind
from fake_twilio.twiml.fetch import NoDocument, fetch_or_fallback
from fake_twilio.twiml.source import Source
from fake_twilio.webhooks.callback_settings import CallbackSettings
from fake_twilio.webhooks.fields import Fields
from fake_twilio.webhooks.webhook import Answer, Webhook

MOST_DOCUMENTS = 50


@dataclass(frozen=True)
class TextRoute:
    """The address that gets an inbound message, and the fallback address."""

    url: str
    method: str
    fallback_url: str
    fallback_method: str


class TextSession:
    """An inbound message while the app answers it."""

    kind: Kind = "messaging"

    def __init__(self, simulator: Simulator, message: Message, route: TextRoute, fields: Fields) -> None:
        self.simulator = simulator
        self.message = message
        self.route = route
        self.fields = fields
        self.document_url = ""

    @property
    def fallback(self) -> Source:
        """The source of the fallback document."""
        return Source(self.route.fallback_url, self.route.fallback_method)

    def fault(self, code: int | None, detail: str) -> None:
        """Report that the document, or the app's answer, was wrong."""
        self.simulator.faults.add(self.message.sid, code, detail)

    async def request(self, source: Source, extra: Fields = ()) -> Answer:
        """Request a document from the app."""
        fields = (*self.fields, *extra)
        webhook = Webhook(self.message.sid, "twiml", "received", source.url, source.method, fields)
        return await self.simulator.sender.send(webhook)

    async def run(self) -> None:
        """Request the documents and run them."""
        source: Source | None = Source(self.route.url, self.route.method)
        for _ in range(MOST_DOCUMENTS):
            if source is None or not source.url:
                return
            try:
                document = await fetch_or_fallback(self, source)
            except NoDocument:
                return
            source = self.do(document)
        self.fault(None, f"{MOST_DOCUMENTS} documents for one message: they redirect in a circle")

    def do(self, document: Element) -> Source | None:
        """Send the messages of a document; return the target of its Redirect, if any."""
        for element in document:
            if element.tag == "Message":
                self.reply(element)
            elif element.tag == "Redirect":
                url = (element.text or "").strip()
                return Source(urljoin(self.document_url, url), element.get("method", "POST").upper())
        return None

    def reply(self, element: Element) -> None:
        """Send one message, by default to the sender of the inbound one."""
        bodies = [(body.text or "").strip() for body in element.findall("Body")] or [(element.text or "").strip()]
        media = tuple(urljoin(self.document_url, (one.text or "").strip()) for one in element.findall("Media"))
        told = element.get("action") or element.get("statusCallback") or ""
        callback = CallbackSettings(
            urljoin(self.document_url, told) if told else "", element.get("method", "POST").upper()
        )

        def fault(code: int | None, detail: str) -> None:
            self.fault(code, f"Message: {detail}")

        to, from_ = element.get("to") or self.message.from_ or "", element.get("from") or self.message.to
        send(self.simulator, Draft(to, from_, "".join(bodies), media, callback), fault)
