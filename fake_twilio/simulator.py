"""The simulator: the whole state of the emulator at one moment, on one event loop."""

import traceback
from collections import deque
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from fake_twilio.faults import Fault, Faults
from fake_twilio.model.account import AccountStatus
from fake_twilio.model.call import Call
from fake_twilio.model.call_queue import CallQueue
from fake_twilio.model.caller_id import CallerId
from fake_twilio.model.conference import Conference
from fake_twilio.model.media import Media
from fake_twilio.model.message import Message
from fake_twilio.model.messaging_service import MessagingService
from fake_twilio.model.opt_outs import OptOuts
from fake_twilio.model.owned_number import OwnedNumber
from fake_twilio.model.phone import Phones
from fake_twilio.model.recording import Recording
from fake_twilio.model.twiml_app import TwimlApp
from fake_twilio.options import Options
from fake_twilio.rest_failures import RestFailures
from fake_twilio.runtime.changes import Changes
from fake_twilio.runtime.idle_tracker import IdleTracker
from fake_twilio.runtime.pace import Pace
from fake_twilio.runtime.tasks import Tasks
from fake_twilio.twiml.audio import Audio, fetch_audio
from fake_twilio.webhooks.sender import Sender


class Simulator:
    """State and tasks of one emulator. Everything happens on one event loop."""

    def __init__(self, options: Options, on_fault: Callable[[Fault], None] = lambda fault: None) -> None:
        self.options = options
        self.account = options.account
        self.pace = Pace(options.pace)
        self.limit = 100_000 if options.life else 1000
        self.on_fault = on_fault
        self.base_url = ""
        self.changes = Changes()
        self.rest_failures = RestFailures()
        self.set_up_account()
        self.tasks = Tasks(IdleTracker(self.changes), self.note_error)
        self.sender = Sender(
            options.account.auth_token, self.tasks, options.chaos, options.slow, self.report, self.changes.tell
        )
        self.forget()

    def set_up_account(self) -> None:
        """Set up what was bought and configured at Twilio; `forget` keeps it."""
        sid, service = self.account.sid, self.account.messaging_service_sid
        self.account_status = AccountStatus()
        self.numbers = {number: OwnedNumber(number=number, account_sid=sid) for number in self.account.numbers}
        owned = [number.sid for number in self.numbers.values()]
        self.services = {service: MessagingService(service, sid, number_sids=owned)}
        self.twiml_apps: dict[str, TwimlApp] = {}
        if app := self.account.twiml_app_sid:
            self.twiml_apps[app] = TwimlApp(account_sid=sid, friendly_name="calls from browsers", sid=app)

    def forget(self) -> None:
        """Start over: stop all tasks, and forget calls, messages, phones and faults."""
        self.idle = IdleTracker(self.changes)
        self.tasks.start_over(self.idle)
        self.sender.forget()
        self.phones = Phones(self.options.autopilot)
        self.faults = Faults(self.note_fault)
        self.rest_failures.end()
        self.calls: dict[str, Call] = {}
        self.messages: dict[str, Message] = {}
        self.recordings: dict[str, Recording] = {}
        self.caller_ids: dict[str, CallerId] = {}
        self.opt_outs = OptOuts()
        self.queues: dict[str, CallQueue] = {}
        self.conferences: dict[str, Conference] = {}
        self.audio_cache: dict[str, Audio] = {}
        self.requests: deque[Any] = deque(maxlen=10_000 if self.options.life else 100)
        self.created = 0
        self.changes.tell()

    async def open(self) -> None:
        """Get ready to send webhooks."""
        await self.sender.open()

    async def close(self) -> None:
        """Stop all tasks and close the connections."""
        await self.tasks.close()
        await self.sender.close()

    @property
    def callers(self) -> tuple[str, ...]:
        """The numbers that calls may come from: the account's and the verified ones."""
        return (*self.account.numbers, *self.caller_ids)

    def queue(self, name: str) -> CallQueue:
        """Return the queue with this name; create it if there is none."""
        return self.queues.setdefault(name, CallQueue(name))

    def keep(self, kept: dict[str, Any], sid: str, resource: Call | Message) -> None:
        """Keep a resource, and forget the oldest of its kind above the limit."""
        kept[sid] = resource
        if len(kept) > self.limit:
            oldest = next(iter(kept))
            del kept[oldest]
            self.sender.queues.pop(oldest, None)

    def new_message(self, to: str, from_: str | None, body: str, media: list[str], **more: Any) -> Message:
        """Create a message and keep it. One with media has another kind of SID."""
        message = Message(
            sid=f"{'MM' if media else 'SM'}{uuid4().hex}",
            account_sid=self.account.sid,
            to=to,
            from_=from_,
            body=body,
            media=media,
            number=self.next_number(),
            **more,
        )
        message.attachments = [Media(message.account_sid, message.sid, address) for address in media]
        self.keep(self.messages, message.sid, message)
        return message

    def keep_recording(self, call: Call, recording: Recording) -> None:
        """Keep a recording, also with its call."""
        call.line.recordings.append(recording)
        self.recordings[recording.sid] = recording
        if len(self.recordings) > 10_000:
            del self.recordings[next(iter(self.recordings))]
        self.changes.tell()

    def drop_recording(self, recording: Recording) -> None:
        """Forget a recording, also at its call."""
        self.recordings.pop(recording.sid, None)
        for call in self.calls.values():
            if recording in call.line.recordings:
                call.line.recordings.remove(recording)
        self.changes.tell()

    async def audio(self, url: str) -> Audio:
        """Return the audio that a Play names. Like Twilio, fetch the same address only once."""
        if url not in self.audio_cache:
            audio = await fetch_audio(self.sender.session, url)
            if audio.problem:
                return audio
            self.audio_cache[url] = audio
        return self.audio_cache[url]

    def next_number(self) -> int:
        """Return the next number: calls and messages are numbered in order of creation, which chaos depends on."""
        self.created += 1
        return self.created

    def note_error(self, error: Exception) -> None:
        """Report an error of the simulator's own."""
        traceback.print_exception(error)
        self.faults.add(None, None, f"the emulator itself failed: {error!r}")

    def report(self, sid: str | None, code: int | None, detail: str, request: int) -> None:
        """Report something that the app did wrong in its answer to an attempt of a webhook."""
        self.faults.add(sid, code, detail, request)

    def note_fault(self, fault: Fault) -> None:
        """Pass on a fault that was recorded."""
        self.on_fault(fault)
        self.changes.tell()
