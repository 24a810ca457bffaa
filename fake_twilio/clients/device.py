"""One registered browser or app: what it asks for, and what it is told about its calls."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import time
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fake_twilio.clients import sdp
from fake_twilio.clients.tokens import InvalidToken, Token, part, read
from fake_twilio.model.call import Call
from fake_twilio.model.phone import Phone
from fake_twilio.phones.actions import rings
from fake_twilio.simulator import Simulator
from fake_twilio.voice.inbound import call_from_client

DECLINED = 31002
NOT_ALLOWED = 31201
EXPIRED = 31205
MOST_DEVICES = 10
"""How many devices of one identity ring: https://www.twilio.com/docs/voice/twiml/client."""
PATIENCE_SECONDS = 15.0
"""How long a call outlasts the connection to its device."""

Payload = dict[str, Any]
Send = Callable[[str, Payload], None]


@dataclass(eq=False)
class Leg:
    """A device's part in a call. `known_as` is the SID that the device knows it by."""

    call: Call
    known_as: str
    placed: bool
    """Whether the device has placed the call."""
    offer: str = ""
    open: bool = False


class Device:
    """One device. `send` sends a message to it; `others` are all devices, this one included."""

    def __init__(self, simulator: Simulator, others: "list[Device]", send: Send) -> None:
        self.simulator = simulator
        self.others = others
        self.send = send
        self.token: Token | None = None
        self.registered = False
        self.expiry: asyncio.TimerHandle | None = None
        self.legs: dict[str, Leg] = {}
        """By the call's SID."""
        self.offered: set[str] = set()
        """The SIDs of the calls that have rung here."""

    def receive(self, kind: str, payload: Payload) -> None:
        """Do what the device asks for; what is unknown is ignored."""
        handle = getattr(self, f"on_{kind}", None)
        if handle and (self.token or kind == "listen"):
            handle(payload)

    # What the device asks for

    def on_listen(self, payload: Payload) -> None:
        """Accept a token, the first or a new one."""
        try:
            token = read(payload.get("token"), self.simulator.account)
        except InvalidToken as error:
            self.refuse(error.code, error.message)
            return
        self.token = token
        seconds = max(0.0, token.expires - time())
        if self.expiry:
            self.expiry.cancel()
        self.expiry = asyncio.get_running_loop().call_later(seconds, self.expire)
        known = {"identity": token.identity, "ttl": round(seconds)}
        self.send("connected", {"region": "US_EAST_VIRGINIA", "edge": "ashburn", "home": "us1", "token": known})

    def expire(self) -> None:
        """Drop the registration; calls go on."""
        self.refuse(EXPIRED, "Access Token expired or expiration date invalid")
        if self.registered:
            # Without it the SDK believes that it is registered, and does not register again with its next token.
            self.send("offline", {})
        self.registered = False
        self.simulator.changes.tell()

    def on_register(self, payload: Payload) -> None:
        """Register for calls, or end that."""
        assert self.token is not None
        if not part(payload, "media").get("audio"):
            self.registered = False
            self.send("offline", {})
        elif not self.token.incoming:
            self.refuse(NOT_ALLOWED, "The token does not allow incoming calls")
        elif self.token.expired:
            self.expire()
        else:
            self.registered = True
            self.phone.named = True
            self.send("ready", {})
        self.simulator.changes.tell()

    def on_invite(self, payload: Payload) -> None:
        """Place a call, or return to one after the connection was lost."""
        assert self.token is not None
        if payload.get("reconnect"):
            self.reconnect(str(payload["reconnect"]))
            return
        known_as, twiml_app = str(payload.get("callsid")), self.simulator.twiml_apps.get(self.token.application_sid)
        if self.token.expired:
            self.decline(known_as, EXPIRED, "Access Token expired or expiration date invalid")
            return
        if twiml_app is None:
            words = "The token does not allow outgoing calls, or to a TwiML App that does not exist"
            self.simulator.faults.add(known_as, DECLINED, words)
            self.decline(known_as, DECLINED, words)
            return
        page = dict(parse_qsl(str(part(payload, "twilio").get("params") or ""), keep_blank_values=True))
        call = call_from_client(self.simulator, self.address, twiml_app, {**page, **self.token.parameters})
        self.legs[call.sid] = Leg(call, known_as, placed=True, offer=str(payload.get("sdp", "")))
        self.send("ringing", {"callsid": call.sid})

    def reconnect(self, sid: str) -> None:
        """Return to a call whose reconnect token is its SID."""
        call = self.simulator.calls.get(sid)
        if call is None or call.over or call.person != self.address:
            self.send("hangup", {"callsid": sid})
            return
        for device in self.others:
            device.legs.pop(sid, None)
        self.legs[sid] = Leg(call, sid, placed=call.direction == "inbound", open=True)
        self.send("answer", {"callsid": sid, "reconnect": sid})

    def on_answer(self, payload: Payload) -> None:
        """Answer a call that rings."""
        leg = self.leg_of(payload)
        if leg and not leg.placed and leg.call.decide("in-progress"):
            leg.open = True

    def on_reject(self, payload: Payload) -> None:
        """Decline a call that rings; the call ends as busy when no other device rings."""
        leg = self.leg_of(payload)
        if leg and not leg.open:
            del self.legs[leg.call.sid]
            if not any(leg.call.sid in device.legs for device in self.others):
                leg.call.decide("busy")

    def on_hangup(self, payload: Payload) -> None:
        """End a call."""
        leg = self.leg_of(payload)
        if leg and not leg.placed and not leg.open:
            self.on_reject(payload)
        elif leg:
            del self.legs[leg.call.sid]
            if not leg.call.over:
                leg.call.interrupt(None)

    def on_dtmf(self, payload: Payload) -> None:
        """Press keys; `w` is a pause."""
        leg = self.leg_of(payload)
        if leg and leg.call.status == "in-progress":
            leg.call.press(str(payload.get("dtmf", "")).replace("w", ""))
            self.simulator.changes.tell()

    def on_reinvite(self, payload: Payload) -> None:
        """Renew the media of a call."""
        if leg := self.leg_of(payload):
            self.send("answer", {"callsid": leg.call.sid, "sdp": sdp.answer_to(str(payload.get("sdp", "")))})

    def on_message(self, payload: Payload) -> None:
        """Acknowledge a message to the app; its text is not passed on."""
        if leg := self.leg_of(payload):
            known = {"acktype": "message", "voiceeventsid": payload.get("voiceeventsid")}
            self.send("ack", {**known, "callsid": leg.call.sid})

    def leg_of(self, payload: Payload) -> Leg | None:
        """Return the leg that a message is about, by the SID of either side."""
        sid = str(payload.get("callsid"))
        return next((leg for leg in self.legs.values() if sid in (leg.call.sid, leg.known_as)), None)

    def decline(self, known_as: str, code: int, message: str) -> None:
        """End a call that was not placed; the device does not know a SID of ours yet."""
        self.send("hangup", {"callsid": known_as, "error": {"code": code, "message": message}})

    def refuse(self, code: int, message: str) -> None:
        """Report an error."""
        self.send("error", {"error": {"code": code, "message": message}})

    # What the device is told

    def tell_changes(self) -> None:
        """Tell the device what has changed in its calls, and let new calls ring."""
        for leg in list(self.legs.values()):
            self.tell_change(leg)
        if self.registered and self in self.ringing_devices():
            for call in self.phone.calls:
                if rings(call, self.address) and call.sid not in self.offered:
                    self.ring(call)

    def tell_change(self, leg: Leg) -> None:
        """Tell the device that a call was answered or has ended."""
        call = leg.call
        gone = call.over or call.sid not in self.simulator.calls
        if leg.placed and call.answered and not leg.open and not gone:
            leg.open = True
            self.send("answer", {"callsid": call.sid, "sdp": sdp.answer_to(leg.offer), "reconnect": call.sid})
        elif gone or (not leg.open and not leg.placed and call.control.decided.is_set()):
            # A call that rings is ended by `cancel`; `hangup` would be ignored.
            self.send("hangup" if leg.open or leg.placed else "cancel", {"callsid": call.sid})
            self.legs.pop(call.sid, None)

    def ringing_devices(self) -> "list[Device]":
        """Return the devices that ring for this identity: those that registered first."""
        same = [device for device in self.others if device.registered and device.address == self.address]
        return same[:MOST_DEVICES]

    def ring(self, call: Call) -> None:
        """Offer a call."""
        self.offered.add(call.sid)
        self.legs[call.sid] = Leg(call, call.sid, placed=False)
        custom = {**dict(parse_qsl(call.to.partition("?")[2])), **call.client_parameters}
        parameters = {
            "From": call.from_,
            "To": self.address,
            "CallSid": call.sid,
            "AccountSid": call.account_sid,
            "ApiVersion": "2010-04-01",
            "Params": urlencode(custom),
        }
        self.send("invite", {"callsid": call.sid, "sdp": sdp.offer(), "parameters": parameters, "reconnect": call.sid})

    @property
    def address(self) -> str:
        """The address of the device's phone: `client:` and its identity."""
        return f"client:{self.token.identity}" if self.token else ""

    @property
    def phone(self) -> Phone:
        """The device's phone, which the phones page shows too."""
        return self.simulator.phones.at(self.address)

    def leave(self) -> None:
        """Forget the device, whose connection has ended. Its calls go on for a while, in case it comes back."""
        if self.expiry:
            self.expiry.cancel()
        self.others.remove(self)
        for leg in self.legs.values():
            if leg.open or leg.placed:
                self.simulator.tasks.spawn(self.give_up(leg.call))
        self.simulator.changes.tell()

    async def give_up(self, call: Call) -> None:
        """Hang up unless a device has returned to the call in time."""
        returned = lambda: call.over or any(call.sid in device.legs for device in self.others)  # noqa: E731
        if not await self.simulator.changes.until(returned, self.simulator.pace.patience(PATIENCE_SECONDS)):
            call.interrupt(None)
