"""Idempotency-Key on make_call and send_sms."""

from __future__ import annotations

import hashlib
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import azure.functions as func
import pytest
from azure.data.tables import TableClient, UpdateMode

from fake_twilio.testing import FakeTwilio
from shared.clock import now
from shared.errors import ApiError, KeyInUse, KeyReused
from shared.sending.idempotency import free, noted_attempt, reservation_of_request, reserve, save, save_response
from shared.storage.tables import IDEMPOTENCY, upsert
from tests.support.app import App, Run, assert_problem, errors_of
from tests.support.creates import creates
from tests.support.lossy_storage import LossyStorage

BODY = {"to": "+15551234567", "body": "Hi"}


def new_key() -> dict[str, str]:
    """Return a header with an Idempotency-Key that no other test uses."""
    return {"Idempotency-Key": secrets.token_hex(8)}


@pytest.mark.parametrize("route", ["send_sms", "make_call"])
def test_a_repeated_request_gets_the_same_answer_and_nothing_is_sent_again(
    app: App, fake_twilio: FakeTwilio, route: str
) -> None:
    """The same status, body and Location, marked as a replay."""
    body = BODY if route == "send_sms" else {"to": "+15551234567"}
    key = new_key()
    first = app.post(route, body, headers=key)
    second = app.post(route, body, headers=key)

    assert first.status_code == second.status_code == 201
    assert second.content == first.content
    assert second.headers["location"] == first.headers["location"]
    assert second.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert len(creates(fake_twilio)) == 1


def test_concurrent_requests_with_one_key_send_once(app: App, fake_twilio: FakeTwilio) -> None:
    """One is processed; the others get a 409, or its answer."""
    key = new_key()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: app.post("send_sms", BODY, headers=key), range(32)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["sid"] for answer in answers if answer.status_code == 201}) == 1
    assert len(creates(fake_twilio)) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert_problem(answer, 409, "idempotency_key_in_use")


def test_the_same_key_with_another_body_is_an_error(app: App, fake_twilio: FakeTwilio) -> None:
    """A replay would hide that the second message was never sent."""
    key = new_key()
    app.post("send_sms", BODY, headers=key)

    assert_problem(app.post("send_sms", {**BODY, "body": "Bye"}, headers=key), 422, "idempotency_key_reused")
    assert len(creates(fake_twilio)) == 1


def test_the_same_key_on_another_route_is_another_key(app: App, fake_twilio: FakeTwilio) -> None:
    """A call is not a message."""
    key = new_key()

    assert app.post("send_sms", BODY, headers=key).status_code == 201
    assert app.post("make_call", {"to": "+15551234567"}, headers=key).status_code == 201


def test_an_error_frees_the_key(app: App, fake_twilio: FakeTwilio) -> None:
    """Nothing was sent, so the corrected request may use it."""
    key = new_key()

    assert list(errors_of(app.post("send_sms", {"to": "+15551234567"}, headers=key))) == ["body"]
    assert app.post("send_sms", {**BODY, "to": "+15005550004"}, headers=key).status_code == 422
    assert app.post("send_sms", BODY, headers=key).status_code == 201


def test_a_reservation_whose_answer_was_lost_is_valid(lossy: tuple[App, LossyStorage], fake_twilio: FakeTwilio) -> None:
    """The retried insert finds the request's own reservation; nothing has been sent yet."""
    app, storage = lossy
    key = new_key()
    storage.lose("POST", "idempotency", times=2)
    first = app.post("send_sms", BODY, headers=key)

    assert first.status_code == 201
    assert app.post("send_sms", BODY, headers=key).content == first.content
    assert len(creates(fake_twilio)) == 1


def test_a_reservation_without_any_answer_is_removed(lossy: tuple[App, LossyStorage], fake_twilio: FakeTwilio) -> None:
    """Nothing is sent, and a repeated request is processed."""
    app, storage = lossy
    key = new_key()
    storage.lose("POST", "idempotency", times=3)

    assert_problem(app.post("send_sms", BODY, headers=key), 503, "storage_unavailable")
    assert len(creates(fake_twilio)) == 0
    assert app.post("send_sms", BODY, headers=key).status_code == 201


def test_a_repeated_delete_does_not_free_another_requests_key(run_here: Run) -> None:
    """After a delete whose answer was lost, another request may have reserved the key."""

    async def story() -> None:
        key = secrets.token_hex(8)
        assert await reserve(key, "body", "first") is None
        await free(key, "first")
        assert await reserve(key, "body", "second") is None
        await free(key, "first")
        with pytest.raises(KeyInUse):
            await reserve(key, "body", "third")

    run_here(story())


def test_the_key_of_an_update_with_an_unknown_outcome_is_free(run_here: Run) -> None:
    """An update may be made again, so there is nothing to look up."""

    async def story() -> None:
        key = secrets.token_hex(8)
        assert await reserve(key, "body", "first") is None
        await save(key, {"ended": True})
        assert await reserve(key, "body", "second") is None

    run_here(story())


DAY = 24 * 3600


MINUTE = 60


@pytest.mark.parametrize(
    ("seconds", "left", "body", "outcome"),
    [
        (DAY - 1, "answered", "same", "replayed"),
        (DAY - 1, "answered", "another", KeyReused),
        (DAY - 1, "asked", "another", KeyReused),
        (DAY - 1, "reserved", "another", None),
        (DAY + 1, "answered", "same", None),
        (DAY + 1, "answered", "another", None),
        (DAY + 1, "asked", "same", None),
        (MINUTE - 1, "asked", "same", KeyInUse),
        (MINUTE - 1, "asked", "another", KeyReused),
        (0, "reserved", "same", KeyInUse),
        (0, "reserved", "another", KeyReused),
        (2, "reserved", "same", None),
        (2, "reserved", "another", None),
    ],
)
def test_a_response_is_stored_for_a_day_and_a_reservation_in_flight_is_in_use(
    run_here: Run, seconds: int, left: str, body: str, outcome: str | type[ApiError] | None
) -> None:
    """A request that died before it asked Twilio leaves the key free; one that asked is in flight for a minute."""

    async def story() -> None:
        key = secrets.token_hex(8)
        await reserve(key, "same", "first")
        if left == "answered":
            await save_response(key, func.HttpResponse("replayed"))
        asked = {"kind": "message", "to": "+1", "from": "", "started": str(now())} if left == "asked" else {}
        reserved = str(now() - seconds * 1_000_000)
        await upsert(IDEMPOTENCY, {"PartitionKey": key, "RowKey": "key", "reserved": reserved, **asked})
        if outcome is None:
            assert await reserve(key, body, "second") is None
            with pytest.raises(KeyInUse):
                await reserve(key, body, "third")
        elif isinstance(outcome, str):
            again = await reserve(key, body, "second")
            assert again is not None
            assert again.get_body().decode() == outcome
        else:
            with pytest.raises(outcome) as raised:
                await reserve(key, body, "second")
            assert ("Retry-After" in raised.value.headers) == (outcome is KeyInUse)

    run_here(story())


def test_a_request_that_lost_its_key_does_not_ask_twilio(run_here: Run) -> None:
    """It was so slow that another request took the key over."""

    async def story() -> None:
        key = secrets.token_hex(8)
        await reserve(key, "body", "slow")
        reserved = str(now() - 2_000_000)
        await upsert(IDEMPOTENCY, {"PartitionKey": key, "RowKey": "key", "reserved": reserved})
        assert await reserve(key, "body", "second") is None
        reservation_of_request.set((key, "slow"))
        with pytest.raises(KeyInUse):
            await noted_attempt("message", "+1", "")
        reservation_of_request.set((key, "second"))
        assert (await noted_attempt("message", "+1", "")).unique == "second"

    run_here(story())


def age(app: App, key: dict[str, str], seconds: int, *removed: str) -> None:
    """Make the reservation of a request older, and its attempt, and remove properties of it."""
    with TableClient.from_connection_string(app.settings["TABLES_CONNECTION_STRING"], IDEMPOTENCY) as table:
        entity = table.get_entity(partition_of(key), "key")
        for name in ("reserved", "started"):
            entity[name] = str(int(entity[name]) - seconds * 1_000_000)
        for name in removed:
            entity.pop(name, None)
        table.update_entity(entity, mode=UpdateMode.REPLACE)


ANSWER = ("status", "body", "mimetype", "location")


def test_a_request_that_died_after_it_was_sent_gets_its_first_answer(app: App, fake_twilio: FakeTwilio) -> None:
    """The process died before the answer was stored; the log has a row with the attempt's start."""
    key = new_key()
    first = app.post("send_sms", BODY, headers=key).json()
    with TableClient.from_connection_string(app.settings["TABLES_CONNECTION_STRING"], IDEMPOTENCY) as table:
        entity = table.get_entity(partition_of(key), "key")
        for name in ANSWER:
            entity.pop(name)
        entity["reserved"] = str(now() - 61_000_000)
        table.update_entity(entity, mode=UpdateMode.REPLACE)
    answers = [app.post("send_sms", BODY, headers=key) for _ in range(2)]

    for answer in answers:
        assert (answer.status_code, answer.headers["idempotent-replayed"]) == (201, "true")
        assert [answer.json()[name] for name in ("sid", "to", "from", "created")] == [
            first[name] for name in ("sid", "to", "from", "created")
        ]
    assert answers[0].content == answers[1].content
    assert len(creates(fake_twilio)) == 1


def test_a_request_that_died_before_it_was_sent_is_processed(app: App, fake_twilio: FakeTwilio) -> None:
    """Twilio has no message to this recipient of that time."""
    key, other = new_key(), {**BODY, "to": "+15551239876"}
    app.post("send_sms", other, headers=key)
    # Another time, at which nothing was sent.
    age(app, key, 3600, *ANSWER)
    answer = app.post("send_sms", other, headers=key)

    assert answer.status_code == 201
    assert "idempotent-replayed" not in answer.headers
    assert len(creates(fake_twilio)) == 2
    assert app.post("send_sms", other, headers=key).content == answer.content


@pytest.mark.parametrize("accepted", [True, False])
def test_an_unknown_outcome_settles_to_the_truth(app: App, fake_twilio: FakeTwilio, accepted: bool) -> None:
    """The answer of Twilio was lost: either the message exists, or it is sent when its time is over."""
    key, to = new_key(), f"+1555123{secrets.randbelow(9000) + 1000}"
    fake_twilio.inject("drop", accepted=accepted)
    assert_problem(app.post("send_sms", {**BODY, "to": to}, headers=key), 504, "outcome_unknown")
    fake_twilio.wait_until_quiet()
    if not accepted:
        unsettled = app.post("send_sms", {**BODY, "to": to}, headers=key)
        assert "/api/activity/unknown-" in assert_problem(unsettled, 504, "outcome_unknown")["detail"]
        assert "retry-after" in unsettled.headers
        age(app, key, 3600)
        # The row of the unknown outcome has the former start, so the outcome is looked up by the reservation.
        with TableClient.from_connection_string(app.settings["TABLES_CONNECTION_STRING"], "sids") as table:
            name = unsettled.json()["detail"].rpartition("/")[2]
            table.delete_entity(name, "row")
    settled = app.post("send_sms", {**BODY, "to": to}, headers=key)

    assert settled.status_code == 201
    assert app.post("send_sms", {**BODY, "to": to}, headers=key).json() == settled.json()
    assert len(creates(fake_twilio)) == (1 if accepted else 2)


def partition_of(key: dict[str, str]) -> str:
    """Return the PartitionKey of a key of send_sms."""
    return hashlib.sha256(f"send_sms {key['Idempotency-Key']}".encode()).hexdigest()


def test_a_key_that_is_freed_at_the_same_time_can_be_reserved(
    lossy: tuple[App, LossyStorage], fake_twilio: FakeTwilio
) -> None:
    """The request that had reserved it failed at that moment."""
    app, storage = lossy
    key = new_key()
    keys = {"PartitionKey": partition_of(key), "RowKey": "key"}
    with TableClient.from_connection_string(app.settings["TABLES_CONNECTION_STRING"], IDEMPOTENCY) as table:
        table.create_entity({**keys, "fingerprint": "another", "reserved": str(now()), "owner": "another"})
        storage.meanwhile("POST", "idempotency", lambda: table.delete_entity(keys))
        first = app.post("send_sms", BODY, headers=key)

    assert first.status_code == 201
    assert app.post("send_sms", BODY, headers=key).content == first.content
    assert len(creates(fake_twilio)) == 1


def test_the_reservation_of_an_old_key_whose_answer_was_lost_is_valid(
    lossy: tuple[App, LossyStorage], fake_twilio: FakeTwilio
) -> None:
    """The retried replacement finds the request's own reservation."""
    app, storage = lossy
    key = new_key()
    app.post("send_sms", BODY, headers=key)
    entity = {"PartitionKey": partition_of(key), "RowKey": "key", "reserved": str(now() - 2 * DAY * 1_000_000)}
    with TableClient.from_connection_string(app.settings["TABLES_CONNECTION_STRING"], IDEMPOTENCY) as table:
        table.update_entity(entity)
    storage.lose("PUT", "idempotency", times=2)

    assert app.post("send_sms", BODY, headers=key).status_code == 201
    assert len(creates(fake_twilio)) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there"])
def test_an_invalid_key_is_an_error(app: App, fake_twilio: FakeTwilio, key: str) -> None:
    """Nothing is sent."""
    assert list(errors_of(app.post("send_sms", BODY, headers={"Idempotency-Key": key}))) == ["Idempotency-Key"]
    assert len(creates(fake_twilio)) == 0


def test_without_storage_a_request_with_a_key_is_not_sent(app_without_storage: App, fake_twilio: FakeTwilio) -> None:
    """A repeated request could not be recognised. Without a key the message is sent, but not logged."""
    app = app_without_storage

    assert_problem(app.post("send_sms", BODY, headers=new_key()), 503, "storage_unavailable")
    assert len(creates(fake_twilio)) == 0
    began = time.monotonic()
    assert app.post("send_sms", BODY).status_code == 201
    assert time.monotonic() - began < 10
    app.wait_for_line("is placed, but could not be logged")
    fake_twilio.wait_until_quiet()
    faults = [fault.detail for fault in fake_twilio.faults]
    assert faults
    assert all("answered 503" in detail for detail in faults)
    fake_twilio.reset()
