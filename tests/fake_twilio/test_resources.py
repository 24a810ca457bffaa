"""The resources of the REST API against Twilio's public OpenAPI: names, types, enums and patterns of their fields."""

from __future__ import annotations

import re

import pytest
import requests

from tests.support.fake_twilio_stage import OURS, THEIRS, Stage, refused, routes, twiml
from tests.support.twilio_resources import SID, get, problems

SERVICE = "MG00000000000000000000000000000001"
AUTH = (SID, "local-auth-token")
ERROR = {"code": int, "message": str, "more_info": str, "status": int}


@pytest.fixture
def busy(stage: Stage) -> Stage:
    """A stage with a resource of every kind."""
    stage.call(record=True)
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.text(media_url=["https://example.com/a.png"])
    stage.text(messaging_service_sid=SERVICE)
    stage.fake.phone(THEIRS).call(OURS)
    stage.fake.phone(THEIRS).text(OURS, "Hi")
    stage.client.applications.create(friendly_name="app")
    code = stage.client.validation_requests.create(phone_number="+15550001111").validation_code
    verifying = stage.fake.phone("+15550001111").wait_for_call()
    verifying.answer()
    verifying.wait_until_listening()
    verifying.press(code)
    stage.fake.wait_until_quiet()
    return stage


@pytest.mark.parametrize(
    ("path", "key", "kind"),
    [
        ("Calls.json", "calls", "call"),
        ("Messages.json", "messages", "message"),
        ("Recordings.json", "recordings", "recording"),
        ("IncomingPhoneNumbers.json", "incoming_phone_numbers", "incoming_phone_number"),
        ("Applications.json", "applications", "application"),
        ("OutgoingCallerIds.json", "outgoing_caller_ids", "outgoing_caller_id"),
        ("/v1/Services", "services", "service"),
        (f"/2010-04-01/Accounts/{SID}.json", "", "account"),
        ("Balance.json", "", "balance"),
        ("/v1/DialingPermissions/Countries/US", "", "dialing_permissions_country-instance"),
        ("/v1/DialingPermissions/Countries/TV", "", "dialing_permissions_country-instance"),
    ],
)
def test_a_resource_has_the_fields_that_twilio_describes(busy: Stage, path: str, key: str, kind: str) -> None:
    """Every one of a list, and each that can be fetched alone."""
    answer = get(busy, path)
    resources = answer[key] if key else [answer]
    assert resources
    assert [problem for one in resources for problem in problems(one, kind)] == []


def test_a_part_of_a_resource_has_the_fields_that_twilio_describes(busy: Stage) -> None:
    """The media of a message, the recordings of a call, and a sender of a Messaging Service."""
    (message,) = [one for one in get(busy, "Messages.json")["messages"] if one["num_media"] == "1"]
    (media,) = get(busy, f"Messages/{message['sid']}/Media.json")["media_list"]
    (recording,) = get(busy, "Recordings.json")["recordings"]
    (call_recording,) = get(busy, f"Calls/{recording['call_sid']}/Recordings.json")["recordings"]
    number = get(busy, "IncomingPhoneNumbers.json")["incoming_phone_numbers"][0]
    sender = get(busy, f"/v1/Services/{SERVICE}/PhoneNumbers/{number['sid']}")
    parts = {"media": media, "call_recording": call_recording, "phone_number": sender}
    assert [problem for kind, part in parts.items() for problem in problems(part, kind)] == []


def test_the_answer_to_a_request_to_verify_a_number_is_as_twilio_describes_it(stage: Stage) -> None:
    """Its status is 200, although a call is created."""
    answer = stage.post("OutgoingCallerIds.json", {"PhoneNumber": THEIRS})
    assert (answer.status_code, problems(answer.json(), "validation_request")) == (200, [])


def test_a_conference_and_its_participants_have_the_fields_that_twilio_describes(stage: Stage) -> None:
    """While it waits for a second participant."""
    stage.fake.number(OURS).voice_url = stage.app.reply(
        "/voice", twiml("<Dial><Conference participantLabel='ann'>room</Conference></Dial>")
    )
    stage.fake.phone(THEIRS).call(OURS).wait_until_in_conference("room")
    (conference,) = get(stage, "Conferences.json")["conferences"]
    (participant,) = get(stage, f"Conferences/{conference['sid']}/Participants.json")["participants"]
    assert problems(conference, "conference") + problems(participant, "participant") == []


def test_a_messaging_service_can_be_created_and_deleted(stage: Stage) -> None:
    """It needs a name, and has all fields."""
    stage.client.messaging.base_url = stage.fake.url
    services = stage.client.messaging.v1.services
    made = services.create(friendly_name="News", inbound_request_url="https://example.com/in")
    assert problems(get(stage, f"/v1/Services/{made.sid}"), "service") == []
    assert services(made.sid).fetch().inbound_request_url == "https://example.com/in"
    assert services(made.sid).delete() is True
    with refused(20404):
        services(made.sid).fetch()
    with refused(20001):
        services.create(friendly_name="")


def test_numbers_are_filtered_by_their_exact_name(stage: Stage) -> None:
    """A number without a name of its own has the number as its name."""
    (number,) = stage.client.incoming_phone_numbers.list()
    number.update(friendly_name="Front desk")
    found = [len(stage.client.incoming_phone_numbers.list(friendly_name=name)) for name in ("Front desk", "Front")]
    assert found == [1, 0]


def test_a_call_and_a_message_can_be_deleted_once_they_are_over(stage: Stage) -> None:
    """Before, it is a conflict."""
    call = stage.call()
    answer = requests.delete(f"{stage.fake.url}{call.uri}", auth=(SID, stage.fake.account.auth_token), timeout=10)
    assert answer.status_code == 409
    stage.fake.phone(THEIRS).wait_for_call().decline()
    message = stage.text()
    stage.fake.wait_until_quiet()
    assert (call.delete(), message.delete()) == (True, True)
    assert (stage.client.calls.list(), stage.client.messages.list()) == ([], [])


PAGE = {
    **dict.fromkeys(("end", "page", "page_size", "start"), int),
    **dict.fromkeys(("first_page_uri", "next_page_uri", "previous_page_uri", "uri"), str),
}
META = {
    **dict.fromkeys(("first_page_url", "key", "next_page_url", "previous_page_url", "url"), str),
    **dict.fromkeys(("page", "page_size"), int),
}


def test_every_list_says_where_its_pages_are_as_twilio_does(busy: Stage) -> None:
    """See https://www.twilio.com/docs/usage/twilios-response#pagination."""
    (recording,) = get(busy, "Recordings.json")["recordings"]
    message = get(busy, "Messages.json")["messages"][0]["sid"]
    named = {"{account}": SID, "{call}": recording["call_sid"], "{message}": message}
    lists = [path for method, path in routes(busy) if method == "GET" and is_list(path)]
    assert len(lists) > 8

    for path in lists:
        answer = get(busy, f"{re.sub('{.*?}', lambda name: named[name[0]], path)}?PageSize=1")
        (key,) = [name for name, value in answer.items() if isinstance(value, list)]
        described, about = (META, answer["meta"]) if "meta" in answer else (PAGE, answer)
        found = {name: value for name, value in about.items() if name != key or described is META}
        assert found.keys() == described.keys(), path
        assert all(value is None or type(value) is described[name] for name, value in found.items()), path
        assert found["page_size"] == 1


def is_list(path: str) -> bool:
    """Tell whether a path of the REST API is that of a list; participants need a conference."""
    last = path.rpartition("/")[2]
    return path == "/v1/Services" or (last.endswith(("s.json", "Media.json")) and last != "Participants.json")


def unknown(path: str) -> str:
    """Return a path with SIDs that do not exist."""
    zeros = "0" * 32
    names = {"{account}": SID, "{message}": f"SM{zeros}", "{suffix}": "wav"}
    sid = f"ME{zeros}" if "/Media/" in path else f"RE{zeros}"
    return re.sub("{.*?}", lambda name: names.get(name[0], sid), path)


def test_every_error_has_the_body_that_twilio_describes(stage: Stage) -> None:
    """For each route: without a password, with a method that it lacks, and with an unknown SID.

    The file of a message needs no password, as at Twilio by default.
    """
    for method, path in routes(stage):
        if not path.startswith(("/2010", "/v1")):
            continue
        url = stage.fake.url + unknown(path)
        answers = [requests.request(method, url, timeout=10), requests.put(url, auth=AUTH, timeout=10)]
        if "{sid}" in path:
            answers.append(requests.request(method, url, auth=AUTH, timeout=10))
        without_password = 404 if path.endswith("/Media/{sid}") else 401
        for answer, status in zip(answers, (without_password, 405, 404), strict=False):
            body = answer.json()
            assert (answer.status_code, body["status"]) == (status, status), (method, url)
            assert {name: type(value) for name, value in body.items()} == ERROR
            assert body["more_info"].endswith(f"/errors/{body['code']}")
