"""The REST API: credentials, resources, lists and updates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from tests.support.fake_twilio_stage import OURS, THEIRS, Stage, refused


def messages_url(fake_url: str, account: str) -> str:
    """Return the address of an account's messages."""
    return f"{fake_url}/2010-04-01/Accounts/{account}/Messages.json"


@pytest.mark.parametrize("auth", [None, ("SKwrong", "x"), ("AC00000000000000000000000000000001", "wrong")])
def test_wrong_credentials_are_rejected_as_by_twilio(stage: Stage, auth: Any) -> None:
    """401 and code 20003, and nothing is sent."""
    answer = requests.post(
        messages_url(stage.fake.url, stage.fake.account.sid), data={"To": THEIRS, "From": OURS, "Body": "x"}, auth=auth
    )
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert answer.json() == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }
    assert stage.client.messages.list() == []


def test_the_auth_token_is_accepted_like_the_api_key(stage: Stage) -> None:
    """Account SID and auth token are credentials too."""
    account = stage.fake.account
    answer = requests.get(messages_url(stage.fake.url, account.sid), auth=(account.sid, account.auth_token))
    assert answer.status_code == 200


def test_another_account_is_not_found(stage: Stage) -> None:
    """The right key for the wrong account: 404 and code 20404."""
    account = stage.fake.account
    answer = requests.get(messages_url(stage.fake.url, "AC" + "f" * 32), auth=(account.api_key, account.api_secret))
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "Calls/CA" + "0" * 32 + ".json", 404, 20404),
        ("POST", "Calls/CA" + "0" * 32 + ".json", 404, 20404),
        ("GET", "Messages/SM" + "0" * 32 + ".json", 404, 20404),
        ("GET", "Nothing.json", 404, 20404),
        ("PUT", "Calls.json", 405, 20004),
    ],
)
def test_unknown_resources_are_answered_in_twilios_json(
    stage: Stage, method: str, path: str, status: int, code: int
) -> None:
    """Unknown SIDs, paths and methods."""
    account = stage.fake.account
    url = f"{stage.fake.url}/2010-04-01/Accounts/{account.sid}/{path}"
    answer = requests.request(method, url, auth=(account.api_key, account.api_secret))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_new_call_has_every_field_of_twilios_resource(stage: Stage) -> None:
    """In Twilio's form."""
    answer = stage.post("Calls.json", {"To": THEIRS, "From": OURS, "Twiml": "<Response/>"})
    call = answer.json()
    uri = f"/2010-04-01/Accounts/{stage.fake.account.sid}/Calls/{call['sid']}"
    assert answer.status_code == 201
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers["Twilio-Request-Id"].startswith("RQ")
    assert answer.headers["Twilio-Concurrent-Requests"] == "1"
    assert (call["sid"][:2], len(call["sid"])) == ("CA", 34)
    assert datetime.strptime(call["date_created"], "%a, %d %b %Y %H:%M:%S %z").tzinfo is not None
    assert call["subresource_uris"]["recordings"] == f"{uri}/Recordings.json"
    expected = {
        "account_sid": stage.fake.account.sid,
        "answered_by": None,
        "api_version": "2010-04-01",
        "direction": "outbound-api",
        "duration": None,
        "end_time": None,
        "from": OURS,
        "from_formatted": "(500) 555-0006",
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "start_time": None,
        "status": "queued",
        "to": THEIRS,
        "to_formatted": "(555) 123-4567",
        "uri": f"{uri}.json",
    }
    assert {name: call[name] for name in expected} == expected


def test_a_new_message_has_every_field_of_twilios_resource(stage: Stage) -> None:
    """In Twilio's form."""
    text = stage.post("Messages.json", {"To": THEIRS, "From": OURS, "Body": "héllo"}).json()
    uri = f"/2010-04-01/Accounts/{stage.fake.account.sid}/Messages/{text['sid']}"
    assert text.pop("date_created") == text.pop("date_updated")
    assert text == {
        "account_sid": stage.fake.account.sid,
        "api_version": "2010-04-01",
        "body": "héllo",
        "date_sent": None,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": OURS,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "sid": text["sid"],
        "status": "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": THEIRS,
        "uri": f"{uri}.json",
    }


def test_twilios_library_can_fetch_what_it_created(stage: Stage) -> None:
    """By SID."""
    call, text = stage.call(), stage.text(body="once")
    assert stage.client.calls(call.sid).fetch().to == THEIRS
    assert stage.client.messages(text.sid).fetch().body == "once"


def test_twilios_library_raises_its_own_exception(stage: Stage) -> None:
    """With code, message and status."""
    with pytest.raises(TwilioRestException) as caught:
        stage.text(to="12")
    assert (caught.value.code, caught.value.status) == (21211, 400)
    assert "Invalid 'To' Phone Number" in caught.value.msg


def test_a_list_goes_through_its_pages_newest_first(stage: Stage) -> None:
    """The library follows next_page_uri to the end and gets each message once, though others are sent meanwhile."""
    sids = [stage.text(body=str(number)).sid for number in range(7)]
    seen = []
    for text in stage.client.messages.stream(page_size=3):
        seen.append(text.sid)
        if len(seen) == 2:
            stage.text(body="later")
    assert seen == list(reversed(sids))


def test_a_page_links_to_its_neighbours(stage: Stage) -> None:
    """In the form that Twilio uses."""
    for number in range(3):
        stage.text(body=str(number))
    account = stage.fake.account
    url = f"{messages_url(stage.fake.url, account.sid)}?PageSize=2&Page=1&To=%2B15551234567"
    page = requests.get(url, auth=(account.api_key, account.api_secret)).json()
    path = f"/2010-04-01/Accounts/{account.sid}/Messages.json?To=%2B15551234567&PageSize=2"
    assert [text["body"] for text in page.pop("messages")] == ["0"]
    assert page == {
        "end": 2,
        "first_page_uri": f"{path}&Page=0",
        "next_page_uri": None,
        "page": 1,
        "page_size": 2,
        "previous_page_uri": f"{path}&Page=0",
        "start": 2,
        "uri": f"{path}&Page=1",
    }


def test_messages_are_filtered_as_by_twilio(stage: Stage) -> None:
    """By recipient, by sender, and by the time they were sent."""
    first, second = stage.text(body="1"), stage.text(to="+15557654321", body="2")
    stage.fake.wait_until_quiet()
    now = datetime.now(UTC)
    hour = timedelta(hours=1)

    def found(**filters: Any) -> set[str]:
        return {text.sid for text in stage.client.messages.list(**filters)}

    both = {first.sid, second.sid}
    assert found(to="+15557654321") == {second.sid}
    assert found(from_=OURS) == both
    assert found(from_=THEIRS) == set()
    assert found(date_sent_after=now - hour) == both
    assert found(date_sent_after=now + hour) == set()
    assert found(date_sent_before=now - hour) == set()
    assert found(date_sent_before=now + hour, to=THEIRS) == {first.sid}
    assert found(date_sent=now.date()) in (both, set())  # midnight may have come between


def test_calls_are_filtered_as_by_twilio(stage: Stage) -> None:
    """By To and From, by status, and by the time they started."""
    ended, ringing = stage.call(), stage.call(to="+15557654321")
    stage.fake.phone(THEIRS).wait_for_call().decline()
    stage.fake.phone("+15557654321").wait_for_call()
    stage.fake.wait_until_quiet()
    hour_ago = datetime.now(UTC) - timedelta(hours=1)

    def found(**filters: Any) -> set[str]:
        return {call.sid for call in stage.client.calls.list(**filters)}

    assert found(status="busy") == {ended.sid}
    assert found(status="ringing") == {ringing.sid}
    assert found(to=THEIRS, from_=OURS) == {ended.sid}
    assert found(start_time_after=hour_ago) == {ended.sid, ringing.sid}
    assert found(start_time_before=hour_ago) == set()
    assert found(end_time_after=hour_ago) == {ended.sid}
    assert found(parent_call_sid="CA" + "0" * 32) == set()


@pytest.mark.parametrize("query", ["Page=x", "PageSize=-1", "DateSent=yesterday"])
def test_invalid_filters_are_rejected(stage: Stage, query: str) -> None:
    """With 400."""
    account = stage.fake.account
    url = f"{messages_url(stage.fake.url, account.sid)}?{query}"
    answer = requests.get(url, auth=(account.api_key, account.api_secret))
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)


@pytest.mark.parametrize("status", ["canceled", "completed"])
def test_a_ringing_call_can_be_ended(stage: Stage, status: str) -> None:
    """By `canceled` and `completed`; it ends as canceled."""
    call = stage.call()
    ringing = stage.fake.phone(THEIRS).wait_for_call()
    stage.client.calls(call.sid).update(status=status)
    ringing.wait_until("canceled")
    stage.fake.wait_until_quiet()
    assert stage.app.forms()[-1]["CallStatus"] == "canceled"


def test_a_call_in_progress_can_be_ended_but_not_canceled(stage: Stage) -> None:
    """`canceled` is rejected with 21220, `completed` ends it; afterwards no update is possible."""
    call = stage.call(twiml='<Response><Play loop="0">https://example.com/a.mp3</Play></Response>')
    talking = stage.fake.phone(THEIRS).wait_for_call()
    talking.answer()
    talking.wait_until("in-progress")
    with refused(21220):
        stage.client.calls(call.sid).update(status="canceled")
    stage.client.calls(call.sid).update(status="completed")
    talking.wait_until("completed")
    with refused(21220):
        stage.client.calls(call.sid).update(status="completed")


def test_a_call_in_progress_can_get_another_document(stage: Stage) -> None:
    """It replaces the running one; before the answer that is not possible."""
    call = stage.call(twiml='<Response><Say loop="0">Please hold</Say></Response>')
    talking = stage.fake.phone(THEIRS).wait_for_call()
    with refused(21220):
        stage.client.calls(call.sid).update(twiml="<Response/>")
    talking.answer()
    talking.wait_until_heard("Please hold")
    stage.client.calls(call.sid).update(twiml="<Response><Say>Thank you</Say></Response>")
    talking.wait_until("completed")
    assert talking.heard() == "Please hold Thank you"


def test_only_the_body_of_a_finished_message_can_be_redacted(stage: Stage) -> None:
    """And only to an empty body."""
    later = datetime.now(UTC) + timedelta(hours=1)
    service = stage.fake.account.messaging_service_sid
    waiting = stage.text(messaging_service_sid=service, schedule_type="fixed", send_at=later)
    done = stage.text(body="secret")
    stage.fake.wait_until_quiet()
    with refused(20009):
        stage.client.messages(waiting.sid).update(body="")
    with refused(20001):
        stage.client.messages(done.sid).update(body="other")
    assert stage.client.messages(done.sid).update(body="").body == ""
    assert stage.client.messages(done.sid).fetch().body == ""
