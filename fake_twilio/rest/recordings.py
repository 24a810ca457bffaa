"""`Recordings`, as resources and as audio, and those of a call (https://www.twilio.com/docs/voice/api/recording)."""

from aiohttp import web

from fake_twilio.addresses import sid_pattern
from fake_twilio.form import Form
from fake_twilio.model.line import Tap
from fake_twilio.model.recording import Recording
from fake_twilio.rest.base import ROOT, Rest
from fake_twilio.rest.checks import check_all, choice
from fake_twilio.rest.errors import TwilioError
from fake_twilio.rest.paging import Test, by_time, page
from fake_twilio.rest.webhook_addresses import address
from fake_twilio.voice.recording_callbacks import post_recording
from fake_twilio.webhooks.callback_settings import CallbackSettings

CREATE = {
    "RecordingStatusCallback": address,
    "RecordingStatusCallbackMethod": choice("get", "post"),
    "RecordingStatusCallbackEvent": choice("in-progress", "completed", "absent"),
    "RecordingChannels": choice("mono", "dual"),
    "RecordingTrack": choice("inbound", "outbound", "both"),
    "Trim": choice("trim-silence", "do-not-trim"),
}
UPDATE = {"Status": choice("in-progress", "paused", "stopped"), "PauseBehavior": choice("skip", "silence")}


class Recordings:
    """The routes of recordings. The audio needs basic authentication, an option at Twilio."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.simulator = rest.simulator

    def routes(self) -> list[web.RouteDef]:
        """Return the routes: list, fetch, download, delete; of a call also start, pause and stop."""
        one = f"{ROOT}/Recordings/{{sid:{sid_pattern('RE')}}}"
        of_call = f"{ROOT}/Calls/{{call}}/Recordings"
        return [
            web.get(f"{ROOT}/Recordings.json", self.rest.route(self.list)),
            web.get(f"{of_call}.json", self.rest.route(self.list)),
            web.post(f"{of_call}.json", self.rest.route(self.start)),
            web.get(f"{of_call}/{{sid}}.json", self.rest.route(self.fetch)),
            web.post(f"{of_call}/{{sid}}.json", self.rest.route(self.update)),
            web.delete(f"{of_call}/{{sid}}.json", self.rest.route(self.delete)),
            web.get(f"{one}.json", self.rest.route(self.fetch)),
            web.delete(f"{one}.json", self.rest.route(self.delete)),
            web.get(one, self.rest.route(self.download)),
            web.get(f"{one}.{{suffix:wav|mp3}}", self.rest.route(self.download)),
        ]

    async def list(self, request: web.Request, form: Form) -> web.StreamResponse:
        """List recordings, newest first."""
        call = request.match_info.get("call") or form.get("CallSid")
        tests: list[Test] = [lambda recording: not call or recording.call_sid == call]
        tests += by_time(form, "DateCreated", lambda recording: recording.started)
        return self.rest.respond(page("recordings", self.simulator.recordings, tests, request.path, form))

    async def fetch(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Fetch one recording."""
        return self.rest.respond(self.recording(request).to_json())

    async def delete(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Delete one recording."""
        recording = self.recording(request)
        self.simulator.drop_recording(recording)
        return web.Response(status=204)

    async def start(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Record a call that is in progress, until it ends or the recording is stopped."""
        call = self.simulator.calls.get(request.match_info["call"])
        if call is None:
            raise TwilioError(20404, request.path)
        self.rest.note_unknown(check_all(form, CREATE), "Recordings.json")
        if call.status != "in-progress":
            raise TwilioError(21220)
        channels = 2 if form.get("RecordingChannels").lower() == "dual" else 1
        recording = Recording(call.account_sid, call.sid, "StartCallRecordingAPI", channels=channels)
        callback = CallbackSettings.of(form, "RecordingStatusCallback", "completed")
        self.simulator.keep_recording(call, recording)
        post_recording(self.simulator, call, recording, callback)

        def stop() -> None:
            recording.end()
            post_recording(self.simulator, call, recording, callback)

        call.line.taps.append(Tap("Recording", recording.sid, stop=stop))
        return self.rest.respond(recording.to_json(), 201)

    async def update(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Pause, resume or stop a recording of a call; `Twilio.CURRENT` is the one that was started last."""
        recording = self.recording(request)
        self.rest.note_unknown(check_all(form, UPDATE), "Recordings")
        if recording.ended:
            raise TwilioError(21220)
        status, line = form.get("Status").lower(), self.simulator.calls[recording.call_sid].line
        recording.paused = status == "paused"
        if status == "stopped":
            for tap in [tap for tap in line.taps if tap.name == recording.sid]:
                line.taps.remove(tap)
                tap.stop()
        self.simulator.changes.tell()
        return self.rest.respond(recording.to_json())

    async def download(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Serve the WAV file. There is no MP3: the emulator has no encoder."""
        recording = self.recording(request)
        if request.match_info.get("suffix") == "mp3":
            raise TwilioError(20404, f"{request.path} (the emulator has recordings as .wav only)")
        if not recording.ended:
            raise TwilioError(20404, request.path)
        return web.Response(body=recording.audio(), content_type="audio/x-wav")

    def recording(self, request: web.Request) -> Recording:
        """Return the recording that the path names."""
        sid, call = request.match_info["sid"], request.match_info.get("call")
        recording = self.simulator.recordings.get(sid)
        if sid == "Twilio.CURRENT":
            there = [one for one in self.simulator.recordings.values() if one.call_sid == call and not one.ended]
            recording = there[-1] if there else None
        if recording is None or call not in (None, recording.call_sid):
            raise TwilioError(20404, request.path)
        return recording
