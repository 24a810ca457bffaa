"""`Conferences` and their participants (https://www.twilio.com/docs/voice/api/conference-resource)."""

from typing import Any

from aiohttp import web

from fake_twilio.dates import rfc2822
from fake_twilio.form import Form
from fake_twilio.model.conference import Conference, Participant
from fake_twilio.rest.base import ROOT, Rest
from fake_twilio.rest.checks import boolean, check_all, choice
from fake_twilio.rest.errors import TwilioError
from fake_twilio.rest.paging import Shown, Test, page


class Conferences:
    """The routes of conferences that are in progress: those that have ended are forgotten."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.simulator = rest.simulator

    def routes(self) -> list[web.RouteDef]:
        """Return the routes: list and fetch, end, mute and remove participants."""
        one = f"{ROOT}/Conferences/{{sid}}"
        participant = f"{one}/Participants/{{call}}.json"
        return [
            web.get(f"{ROOT}/Conferences.json", self.rest.route(self.list)),
            web.get(f"{one}.json", self.rest.route(self.fetch)),
            web.post(f"{one}.json", self.rest.route(self.update)),
            web.get(f"{one}/Participants.json", self.rest.route(self.list_participants)),
            web.get(participant, self.rest.route(self.fetch_participant)),
            web.post(participant, self.rest.route(self.update_participant)),
            web.delete(participant, self.rest.route(self.remove_participant)),
        ]

    async def list(self, request: web.Request, form: Form) -> web.StreamResponse:
        """List the conferences, filtered by name and status."""
        name, status = form.get("FriendlyName"), form.get("Status")
        shown = {one.sid: Shown(one.sid, self.shown(one)) for one in self.simulator.conferences.values()}
        tests: list[Test] = [
            lambda one: not name or one.body["friendly_name"] == name,
            lambda one: not status or one.body["status"] == status,
        ]
        return self.rest.respond(page("conferences", shown, tests, request.path, form))

    async def fetch(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Fetch one conference."""
        return self.rest.respond(self.shown(self.conference(request)))

    async def update(self, request: web.Request, form: Form) -> web.StreamResponse:
        """End a conference: its participants continue with their documents."""
        conference = self.conference(request)
        self.rest.note_unknown(check_all(form, {"Status": choice("completed")}), "Conferences")
        body = self.shown(conference)
        if form.get("Status"):
            body |= {"status": "completed", "reason_conference_ended": "conference-ended-via-api"}
            conference.ended_by_api = True
            for participant in conference.participants:
                participant.sent_out.set()
                participant.call.wake()
        return self.rest.respond(body)

    async def list_participants(self, request: web.Request, form: Form) -> web.StreamResponse:
        """List the participants."""
        conference = self.conference(request)
        shown = {
            one.call.sid: Shown(one.call.sid, shown_participant(conference, one)) for one in conference.participants
        }
        return self.rest.respond(page("participants", shown, [], request.path, form))

    async def fetch_participant(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Fetch one participant, by the SID of the call or by the label."""
        return self.rest.respond(shown_participant(*self.participant(request)))

    async def update_participant(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Mute a participant, or let them end the conference."""
        conference, participant = self.participant(request)
        checks = {"Muted": boolean, "EndConferenceOnExit": boolean}
        for name in check_all(form, checks):
            self.simulator.faults.add(None, None, f"Participants: the emulator has no {name!r}")
        participant.muted = (form.get("Muted") or str(participant.muted)).lower() == "true"
        participant.ends = (form.get("EndConferenceOnExit") or str(participant.ends)).lower() == "true"
        return self.rest.respond(shown_participant(conference, participant))

    async def remove_participant(self, request: web.Request, form: Form) -> web.StreamResponse:
        """End the call of a participant."""
        _, participant = self.participant(request)
        participant.call.control.updates += 1
        participant.call.interrupt(None)
        return web.Response(status=204)

    def conference(self, request: web.Request) -> Conference:
        """Return the conference that the path names."""
        for conference in self.simulator.conferences.values():
            if conference.sid == request.match_info["sid"]:
                return conference
        raise TwilioError(20404, request.path)

    def participant(self, request: web.Request) -> tuple[Conference, Participant]:
        """Return the conference and the participant that the path names."""
        conference, name = self.conference(request), request.match_info["call"]
        for one in conference.participants:
            if name in (one.call.sid, one.label):
                return conference, one
        raise TwilioError(20404, request.path)

    def shown(self, conference: Conference) -> dict[str, Any]:
        """Return the Conference resource."""
        path = f"/2010-04-01/Accounts/{self.simulator.account.sid}/Conferences/{conference.sid}"
        return {
            "account_sid": self.simulator.account.sid,
            "api_version": "2010-04-01",
            "call_sid_ending_conference": None,
            "date_created": rfc2822(conference.created),
            "date_updated": rfc2822(conference.created),
            "friendly_name": conference.name,
            "reason_conference_ended": None,
            "region": "us1",
            "sid": conference.sid,
            "status": "in-progress" if conference.started else "init",
            "subresource_uris": {"participants": f"{path}/Participants.json", "recordings": f"{path}/Recordings.json"},
            "uri": f"{path}.json",
        }


def shown_participant(conference: Conference, one: Participant) -> dict[str, Any]:
    """Return the Participant resource."""
    account = one.call.account_sid
    return {
        "account_sid": account,
        "call_sid": one.call.sid,
        "call_sid_to_coach": None,
        "coaching": one.coaching,
        "conference_sid": conference.sid,
        "date_created": rfc2822(one.joined),
        "date_updated": rfc2822(one.joined),
        "end_conference_on_exit": one.ends,
        "hold": False,
        "label": one.label or None,
        "muted": one.muted,
        "queue_time": None,
        "start_conference_on_enter": one.starts,
        "status": "connected",
        "uri": f"/2010-04-01/Accounts/{account}/Conferences/{conference.sid}/Participants/{one.call.sid}.json",
    }
