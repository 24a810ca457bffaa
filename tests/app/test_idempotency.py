"""Idempotency-Key on make_call and send_sms."""

from __future__ import annotations

import hashlib
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import azure.functions as func
import pytest
from azure.data.tables import TableClient

from dev.azurite import connection_string
from dev.processes import free_port
from fake_twilio.testing import FakeTwilio
from shared.clock import now
from shared.errors import ApiError, KeyInUse, KeyReused, OutcomeUnknown
from shared.sending.idempotency import forget, keep, reserve
from shared.storage.tables import IDEMPOTENCY, upsert
from tests.support.app import App, Run, StartApp, assert_problem, errors_of
from tests.support.lossy_storage import LossyStorage

BODY = {"to": "+15551234567", "body": "Hi"}


def new_key() -> dict[str, str]:
    """Return a header with a key that no other test uses."""
    return {"Idempotency-Key": secrets.token_hex(8)}


def creates(fake_twilio: FakeTwilio) -> int:
    """Return how many times Twilio was asked to place or send something."""
    return len([request for request in fake_twilio.requests if request.method == "POST"])


@pytest.mark.parametrize("route", ["send_sms", "make_call"])
def test_a_repeated_request_gets_the_same_answer_and_nothing_is_sent_again(
    app: App, fake_twilio: FakeTwilio, route: str
) -> None:
    """Status, body and Location; marked as a replay."""
    body = BODY if route == "send_sms" else {"to": "+15551234567"}
    key = new_key()
    first = app.post(route, body, headers=key)
    second = app.post(route, body, headers=key)

    assert first.status_code == second.status_code == 201
    assert second.content == first.content
    assert second.headers["location"] == first.headers["location"]
    assert second.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert creates(fake_twilio) == 1


def test_many_at_once_with_one_key_send_once(app: App, fake_twilio: FakeTwilio) -> None:
    """One gets through; the others are told to wait, or get its answer."""
    key = new_key()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: app.post("send_sms", BODY, headers=key), range(32)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["sid"] for answer in answers if answer.status_code == 201}) == 1
    assert creates(fake_twilio) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert_problem(answer, 409, "idempotency_key_in_use")


def test_the_same_key_with_another_body_is_refused(app: App, fake_twilio: FakeTwilio) -> None:
    """It is a mistake of the caller's, and would hide a text that was never sent."""
    key = new_key()
    app.post("send_sms", BODY, headers=key)

    assert_problem(app.post("send_sms", {**BODY, "body": "Bye"}, headers=key), 422, "idempotency_key_reused")
    assert creates(fake_twilio) == 1


def test_one_key_on_two_routes_is_two_keys(app: App, fake_twilio: FakeTwilio) -> None:
    """A call is not a text."""
    key = new_key()

    assert app.post("send_sms", BODY, headers=key).status_code == 201
    assert app.post("make_call", {"to": "+15551234567"}, headers=key).status_code == 201


def test_a_refused_request_frees_its_key(app: App, fake_twilio: FakeTwilio) -> None:
    """Nothing was sent, so the corrected request may use it."""
    key = new_key()

    assert list(errors_of(app.post("send_sms", {"to": "+15551234567"}, headers=key))) == ["body"]
    assert app.post("send_sms", {**BODY, "to": "+15005550004"}, headers=key).status_code == 422
    assert app.post("send_sms", BODY, headers=key).status_code == 201


def test_a_key_whose_reservation_was_not_confirmed_is_reserved(
    lossy: tuple[App, LossyStorage], fake_twilio: FakeTwilio
) -> None:
    """Where the storage's answer was lost, the key that is there is the request's own; nothing has been sent yet."""
    app, storage = lossy
    key = new_key()
    storage.lose("POST", "idempotency", times=2)
    first = app.post("send_sms", BODY, headers=key)

    assert first.status_code == 201
    assert app.post("send_sms", BODY, headers=key).content == first.content
    assert creates(fake_twilio) == 1


def test_a_key_that_may_be_reserved_is_free_again(lossy: tuple[App, LossyStorage], fake_twilio: FakeTwilio) -> None:
    """Where no answer of the storage comes, nothing is sent, and who sends the request again is heard."""
    app, storage = lossy
    key = new_key()
    storage.lose("POST", "idempotency", times=3)

    assert_problem(app.post("send_sms", BODY, headers=key), 503, "storage_unavailable")
    assert creates(fake_twilio) == 0
    assert app.post("send_sms", BODY, headers=key).status_code == 201


def test_a_delete_that_is_repeated_frees_nobody_elses_key(run_here: Run) -> None:
    """Where the storage did a delete and its answer was lost, the key may be another request's by now."""

    async def story() -> None:
        key = secrets.token_hex(8)
        assert await reserve(key, "body", "first") is None
        await forget(key, "first")
        assert await reserve(key, "body", "second") is None
        await forget(key, "first")
        with pytest.raises(KeyInUse):
            await reserve(key, "body", "third")

    run_here(story())


DAY = 24 * 3600


@pytest.mark.parametrize(
    ("seconds", "answered", "body", "outcome"),
    [
        (DAY - 1, True, "same", "replayed"),
        (DAY - 1, True, "another", KeyReused),
        (DAY - 1, False, "same", OutcomeUnknown),
        (DAY + 1, True, "same", None),
        (DAY + 1, True, "another", None),
        (DAY + 1, False, "same", None),
        (119, False, "same", KeyInUse),
        (119, False, "another", KeyReused),
        (121, False, "same", OutcomeUnknown),
    ],
)
def test_a_key_is_kept_for_a_day_and_waited_for_two_minutes(
    run_here: Run, seconds: int, answered: bool, body: str, outcome: str | type[ApiError] | None
) -> None:
    """By then no request is still at work: without an answer its outcome is unknown, until the key is new again."""

    async def story() -> None:
        key = secrets.token_hex(8)
        await reserve(key, "same", "first")
        if answered:
            await keep(key, func.HttpResponse("replayed"))
        reserved = str(now() - seconds * 1_000_000)
        await upsert(IDEMPOTENCY, {"PartitionKey": key, "RowKey": "key", "reserved": reserved})
        if outcome is None:
            assert await reserve(key, body, "second") is None
            with pytest.raises(KeyInUse):
                await reserve(key, body, "third")
        elif isinstance(outcome, str):
            again = await reserve(key, body, "second")
            assert again is not None
            assert again.get_body().decode() == outcome
        else:
            with pytest.raises(outcome):
                await reserve(key, body, "second")

    run_here(story())


def partition_of(key: dict[str, str]) -> str:
    """Return where send_sms reserves a key."""
    return hashlib.sha256(f"send_sms {key['Idempotency-Key']}".encode()).hexdigest()


def test_a_key_that_is_freed_while_it_is_looked_at_is_reserved(
    lossy: tuple[App, LossyStorage], fake_twilio: FakeTwilio
) -> None:
    """The request that had it was refused just then."""
    app, storage = lossy
    key = new_key()
    keys = {"PartitionKey": partition_of(key), "RowKey": "key"}
    with TableClient.from_connection_string(app.settings["TABLES_CONNECTION_STRING"], IDEMPOTENCY) as table:
        table.create_entity({**keys, "fingerprint": "another", "reserved": str(now()), "owner": "another"})
        storage.meanwhile("POST", "idempotency", lambda: table.delete_entity(keys))
        first = app.post("send_sms", BODY, headers=key)

    assert first.status_code == 201
    assert app.post("send_sms", BODY, headers=key).content == first.content
    assert creates(fake_twilio) == 1


def test_an_old_key_whose_renewal_was_not_confirmed_is_reserved(
    lossy: tuple[App, LossyStorage], fake_twilio: FakeTwilio
) -> None:
    """Where the storage's answer was lost, the key that is there is the request's own."""
    app, storage = lossy
    key = new_key()
    app.post("send_sms", BODY, headers=key)
    entity = {"PartitionKey": partition_of(key), "RowKey": "key", "reserved": str(now() - 2 * DAY * 1_000_000)}
    with TableClient.from_connection_string(app.settings["TABLES_CONNECTION_STRING"], IDEMPOTENCY) as table:
        table.update_entity(entity)
    storage.lose("PUT", "idempotency", times=2)

    assert app.post("send_sms", BODY, headers=key).status_code == 201
    assert creates(fake_twilio) == 2


def test_an_unknown_outcome_is_kept_and_never_sent_again(app: App, fake_twilio: FakeTwilio) -> None:
    """The one case in which a second try could send twice."""
    key = new_key()
    fake_twilio.inject("drop", accepted=True)
    first = assert_problem(app.post("send_sms", BODY, headers=key), 504, "outcome_unknown")

    assert assert_problem(app.post("send_sms", BODY, headers=key), 504, "outcome_unknown") == first
    assert creates(fake_twilio) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there"])
def test_an_odd_key_is_refused(app: App, fake_twilio: FakeTwilio, key: str) -> None:
    """Before anything is done."""
    assert list(errors_of(app.post("send_sms", BODY, headers={"Idempotency-Key": key}))) == ["Idempotency-Key"]
    assert creates(fake_twilio) == 0


def test_without_storage_a_request_with_a_key_is_not_sent(start_app: StartApp, fake_twilio: FakeTwilio) -> None:
    """The promise could not be kept. Without a key the text is sent, and its log is what suffers."""
    app = start_app(TABLES_CONNECTION_STRING=connection_string(free_port()))

    assert_problem(app.post("send_sms", BODY, headers=new_key()), 503, "storage_unavailable")
    assert creates(fake_twilio) == 0
    began = time.monotonic()
    assert app.post("send_sms", BODY).status_code == 201
    assert time.monotonic() - began < 10
    app.wait_for_line("is placed, but could not be logged")
    fake_twilio.wait_until_quiet()
    faults = [fault.detail for fault in fake_twilio.faults]
    assert faults
    assert all("answered 503" in detail for detail in faults)
    fake_twilio.reset()
