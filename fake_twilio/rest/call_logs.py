"""What Twilio logs of a call: `Events`, the requests that it made to the app, and `Notifications`, its errors.

https://www.twilio.com/docs/voice/api/call-event-resource
https://www.twilio.com/docs/voice/api/call-notification-resource
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from fake_twilio.dates import rfc2822
from fake_twilio.faults import Fault
from fake_twilio.form import Form
from fake_twilio.rest.base import ROOT, Rest
from fake_twilio.rest.errors import TwilioError
from fake_twilio.rest.paging import Shown, Test, by_time, page
from fake_twilio.rest.webhook_addresses import attribute
from fake_twilio.webhooks.webhook import Delivery

CALL = f"{ROOT}/Calls/{{call}}"
WARNINGS = frozenset({12200, 13214, 13223, 13520, 15003})
"""The codes that Twilio documents as warnings; other codes are errors."""


@dataclass(frozen=True)
class Notification:
    """An error of a call, and the request that caused it, if it was one."""

    account_sid: str
    fault: Fault
    request: Delivery | None

    @property
    def sid(self) -> str:
        """The SID."""
        return self.fault.notification

    @property
    def log(self) -> str:
        """The level: 0 is an error, 1 a warning."""
        return "1" if self.fault.code in WARNINGS else "0"

    def to_json(self) -> dict[str, Any]:
        """Return the resource as in a list."""
        call, at, request = self.fault.sid, rfc2822(self.fault.at), self.request
        return {
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "call_sid": call,
            "date_created": at,
            "date_updated": at,
            "error_code": str(self.fault.code),
            "log": self.log,
            "message_date": at,
            "message_text": self.fault.detail,
            "more_info": f"https://www.twilio.com/docs/errors/{self.fault.code}",
            "request_method": request.webhook.method if request else None,
            "request_url": request.webhook.url if request else None,
            "sid": self.sid,
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/Calls/{call}/Notifications/{self.sid}.json",
        }

    def in_full(self) -> dict[str, Any]:
        """Return the resource with the request and its answer."""
        request = self.request
        return {
            **self.to_json(),
            "request_variables": urlencode(request.webhook.form) if request else None,
            "response_headers": f"Content-Type={request.content_type}" if request and request.content_type else None,
            "response_body": request.text if request else None,
        }


class CallLogs:
    """The routes of a call's events and notifications."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.simulator = rest.simulator

    def routes(self) -> list[web.RouteDef]:
        """Return the routes: list events; list and fetch notifications."""
        return [
            web.get(f"{CALL}/Events.json", self.rest.route(self.list_events)),
            web.get(f"{CALL}/Notifications.json", self.rest.route(self.list_notifications)),
            web.get(f"{CALL}/Notifications/{{sid}}.json", self.rest.route(self.fetch)),
        ]

    async def list_events(self, request: web.Request, form: Form) -> web.StreamResponse:
        """List the requests to the app that were made so far; at Twilio they appear 15 minutes after the call."""
        shown = {str(one.id): Shown(str(one.id), event(one)) for one in self.requests(request)}
        return self.rest.respond(page("events", shown, [], request.path, form))

    async def list_notifications(self, request: web.Request, form: Form) -> web.StreamResponse:
        """List the notifications, filtered by their level and date."""
        level = form.get("Log")
        tests: list[Test] = [lambda notification: not level or notification.log == level]
        tests += by_time(form, "MessageDate", lambda notification: notification.fault.at)
        return self.rest.respond(page("notifications", self.notifications(request), tests, request.path, form))

    async def fetch(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Fetch one notification with its request."""
        found = self.notifications(request).get(request.match_info["sid"])
        if found is None:
            raise TwilioError(20404, request.path)
        return self.rest.respond(found.in_full())

    def requests(self, request: web.Request) -> list[Delivery]:
        """Return the requests that were made for the call in the path, without those that chaos has lost."""
        sid = request.match_info["call"]
        if sid not in self.simulator.calls:
            raise TwilioError(20404, request.path)
        return [one for one in self.simulator.sender.deliveries if one.webhook.sid == sid and one.attempt]

    def notifications(self, request: web.Request) -> dict[str, Notification]:
        """Return the notifications of the call in the path. A fault without a code is none: Twilio ignores it."""
        requests = self.requests(request)
        found = {}
        for fault in self.simulator.faults.seen:
            if fault.sid == request.match_info["call"] and fault.code:
                notification = Notification(self.simulator.account.sid, fault, cause(fault, requests))
                found[notification.sid] = notification
        return found


def cause(fault: Fault, requests: list[Delivery]) -> Delivery | None:
    """Return the request whose answer was wrong: the one that the fault names, else that of the running document."""
    if fault.request:
        return next((one for one in requests if one.id == fault.request), None)
    documents = [one for one in requests if one.webhook.kind == "twiml" and one.at <= fault.at]
    return documents[-1] if documents else None


def event(delivery: Delivery) -> dict[str, Any]:
    """Return an event: a request and its answer, of which the emulator keeps the first 4 kB."""
    webhook = delivery.webhook
    return {
        "request": {
            "method": webhook.method,
            "url": webhook.url,
            "parameters": {attribute(name): value for name, value in webhook.form},
        },
        "response": {
            "response_code": delivery.status,
            "request_duration": delivery.ms,
            "content_type": delivery.content_type or None,
            "response_body": delivery.text,
            "date_created": rfc2822(delivery.at),
        },
    }
