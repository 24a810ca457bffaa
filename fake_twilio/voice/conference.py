"""Participants join and leave a conference, and its status callbacks.

https://www.twilio.com/docs/voice/twiml/conference#statuscallback
"""

from fake_twilio.dates import now, rfc2822
from fake_twilio.model.conference import Conference, Participant
from fake_twilio.simulator import Simulator
from fake_twilio.voice.recording_callbacks import post_recording
from fake_twilio.webhooks.fields import Fields
from fake_twilio.webhooks.webhook import Webhook

WORDS = {
    "start": "conference-start",
    "end": "conference-end",
    "join": "participant-join",
    "leave": "participant-leave",
}


def arrive(simulator: Simulator, conference: Conference, participant: Participant) -> None:
    """Add a participant; the conference starts with the second one, if one of them may start it."""
    conference.participants.append(participant)
    participant.call.line.conference = conference.name
    post(simulator, conference, "join", participant_fields(participant))
    there = conference.participants
    if not conference.started and len(there) > 1 and any(one.starts for one in there):
        start(simulator, conference)
    if conference.started:
        participant.called_in.set()
    connect(simulator, conference)


def start(simulator: Simulator, conference: Conference) -> None:
    """Start the conference: the participants hear each other."""
    conference.started = True
    post(simulator, conference, "start")
    for one in conference.participants:
        one.called_in.set()
        one.call.wake()
    if recording := conference.recording:
        recording.started = now()
        first = conference.participants[0].call
        simulator.keep_recording(first, recording)
        post_recording(simulator, first, recording, conference.recording_callback)


def depart(simulator: Simulator, conference: Conference, participant: Participant) -> None:
    """Remove a participant; the conference ends with the last one, or with one that ends it."""
    if participant not in conference.participants:
        return
    conference.participants.remove(participant)
    participant.call.line.conference = None
    participant.call.line.connected_to = []
    about = (
        ("ParticipantCallStatus", "completed" if participant.call.control.ending else participant.call.status),
        ("ReasonParticipantLeft", reason_to_leave(conference, participant)),
    )
    post(simulator, conference, "leave", (*participant_fields(participant), *about))
    others = conference.participants
    if participant.ends:
        for other in others:
            if not other.sent_out.is_set():
                other.sent_out.set()
                other.call.wake()
    current = simulator.conferences.get(conference.name) is conference
    if current and (participant.ends or not others):
        del simulator.conferences[conference.name]
        end(simulator, conference, participant)
    connect(simulator, conference)


def reason_to_leave(conference: Conference, participant: Participant) -> str:
    """Return Twilio's word for why a participant has left."""
    if conference.ended_by_api:
        return "conference_ended_via_api"
    if participant.sent_out.is_set():
        return "moderator_ended_conference"
    updated = participant.call.control.updates > participant.updates
    return "participant_updated_via_api" if updated else "participant_hung_up"


def end(simulator: Simulator, conference: Conference, last: Participant) -> None:
    """Report the end of the conference."""
    why = "conference-ended-via-api" if conference.ended_by_api else reason_to_end(last)
    post(
        simulator,
        conference,
        "end",
        (
            ("CallSidEndingConference", last.call.sid),
            *((("ParticipantLabelEndingConference", last.label),) if last.label else ()),
            ("ReasonConferenceEnded", why),
            ("Reason", why),
        ),
    )
    if conference.started and conference.recording:
        conference.recording.end()
        post_recording(simulator, last.call, conference.recording, conference.recording_callback)


def reason_to_end(last: Participant) -> str:
    """Return Twilio's word for why a conference ends with this participant."""
    return "participant-with-end-conference-on-exit-left" if last.ends else "last-participant-left"


def connect(simulator: Simulator, conference: Conference) -> None:
    """Show on each phone who else is there."""
    for one in conference.participants:
        others = [other.call.person for other in conference.participants if other is not one]
        one.call.line.connected_to = others if conference.started else []
    simulator.changes.tell()


def participant_fields(participant: Participant) -> Fields:
    """Return the parameters about a participant."""
    return (
        ("CallSid", participant.call.sid),
        ("Muted", str(participant.muted).lower()),
        ("Hold", "false"),
        ("Coaching", str(participant.coaching).lower()),
        ("EndConferenceOnExit", str(participant.ends).lower()),
        ("StartConferenceOnEnter", str(participant.starts).lower()),
        *((("ParticipantLabel", participant.label),) if participant.label else ()),
    )


def post(simulator: Simulator, conference: Conference, event: str, about: Fields = ()) -> None:
    """Send a status callback if the app asked for this event."""
    conference.sequence += 1
    callback = conference.callback
    if not callback.wants(event):
        return
    fields = (
        ("ConferenceSid", conference.sid),
        ("FriendlyName", conference.name),
        ("AccountSid", simulator.account.sid),
        ("SequenceNumber", str(conference.sequence)),
        ("Timestamp", rfc2822(now()) or ""),
        ("StatusCallbackEvent", WORDS[event]),
        *about,
    )
    webhook = Webhook(conference.sid, "status", WORDS[event], callback.url, callback.method, fields)
    simulator.sender.post(webhook, conference.number, last=event == "end")
