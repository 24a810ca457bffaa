"""`Recordings`, as resources and as audio (https://www.twilio.com/docs/voice/api/recording)."""

from aiohttp import web

from fake_twilio.addresses import sid_pattern
from fake_twilio.form import Form
from fake_twilio.model.recording import Recording
from fake_twilio.rest.base import ROOT, Rest
from fake_twilio.rest.errors import TwilioError
from fake_twilio.rest.paging import Test, by_time, page


class Recordings:
    """The routes of recordings. The audio needs basic authentication, an option at Twilio."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.simulator = rest.simulator

    def routes(self) -> list[web.RouteDef]:
        """Return the routes: list, fetch, download, delete."""
        one = f"{ROOT}/Recordings/{{sid:{sid_pattern('RE')}}}"
        return [
            web.get(f"{ROOT}/Recordings.json", self.rest.route(self.list)),
            web.get(f"{ROOT}/Calls/{{call}}/Recordings.json", self.rest.route(self.list)),
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
        recording = self.simulator.recordings.get(request.match_info["sid"])
        if recording is None:
            raise TwilioError(20404, request.path)
        return recording
