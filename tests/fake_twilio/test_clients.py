"""Twilio Client without a browser: registering, calling and being called over the WebSocket."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import aiohttp
import jwt
import pytest
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from fake_twilio.testing import Account, Softphone
from tests.support.fake_twilio_stage import ALL_EVENTS, OURS, THEIRS, Stage, refused, twiml

ACCOUNT = Account(twiml_app_sid="AP00000000000000000000000000000001")
Connect = Callable[..., Softphone]


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A stage whose app answers the TwiML App of browsers."""
    with Stage.ready(account=ACCOUNT) as stage:
        [app] = stage.fake.simulator.twiml_apps.values()
        app.voice_url, app.status_callback = stage.app.url("/client_call"), stage.app.url()
        yield stage


def token(identity: str = "alice", incoming: bool = True, outgoing: str = ACCOUNT.twiml_app_sid, **more: Any) -> str:
    """Return a token as the app makes them, by Twilio's library."""
    grant = VoiceGrant(
        incoming_allow=incoming,
        outgoing_application_sid=outgoing or None,
        outgoing_application_params=more.pop("params", None),
    )
    values = {"ttl": 600, **more}
    keys = [values.pop(name, default) for name, default in KEYS]
    return str(AccessToken(*keys, identity=identity, grants=[grant], **values).to_jwt())


KEYS = [("account", ACCOUNT.sid), ("key", ACCOUNT.api_key), ("secret", ACCOUNT.api_secret)]


@pytest.fixture
def connect(stage: Stage) -> Iterator[Connect]:
    """A function that connects a device; all are closed in the end."""
    devices: list[Softphone] = []

    def connect(identity: str = "alice", **options: Any) -> Softphone:
        devices.append(stage.fake.softphone(token(identity, **options)))
        return devices[-1]

    yield connect
    for device in devices:
        device.close()


def claims(**changed: Any) -> str:
    """Return a token with some claims changed."""
    made = jwt.decode(token(), ACCOUNT.api_secret, algorithms=["HS256"])
    header = {"typ": "JWT", "cty": changed.pop("cty", "twilio-fpa;v=1")}
    return jwt.encode({**made, **changed}, ACCOUNT.api_secret, headers=header)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("", 31204),
        ("a.b.c", 31204),
        (token(secret="not the key's secret, but as long"), 31202),
        (token(key="SK" + "9" * 32), 31204),
        (token(account="AC" + "9" * 32), 31204),
        (claims(exp=int(time.time()) - 5), 31205),
        (claims(exp=int(time.time()) + 25 * 3600), 31204),
        (claims(exp=str(int(time.time()) + 3600)), 31204),
        (claims(nbf="1"), 31204),
        (claims(cty="other"), 31204),
        (claims(grants={"identity": "alice"}), 31204),
        (claims(grants={"voice": {}}), 31204),
        (claims(grants="voice"), 31204),
    ],
)
def test_a_token_that_twilio_would_reject_is_rejected(stage: Stage, wrong: str, code: int) -> None:
    """By the code that the SDK translates into its own."""
    with closing(stage.fake.softphone(wrong)) as device:
        assert device.wait_for("error")["error"]["code"] == code


def test_a_device_learns_who_it_is_and_registers(connect: Connect, stage: Stage) -> None:
    """The phones page shows it as a phone. A frame that is no message does no harm."""
    device = connect("alice")
    known = device.wait_for("connected")["token"]
    stage.fake.wait(device.socket.send_str("\n"))
    stage.fake.wait(device.socket.send_str('{"type": "register", "payload": 5}'))
    device.register()

    assert (known["identity"], 590 < known["ttl"] <= 600) == ("alice", True)
    assert stage.fake.simulator.phones.by_number["client:alice"].named
    device.send("register", media={"audio": False})
    device.wait_for("offline")


def test_a_token_without_a_grant_can_neither_register_nor_call(connect: Connect) -> None:
    """The SDK does not know a SID of the call yet, so the refusal has its own."""
    device = connect(incoming=False, outgoing="")
    device.send("register", media={"audio": True})
    assert device.wait_for("error")["error"]["code"] == 31201

    device.call(THEIRS)
    own = device.call_sid
    refusal = device.wait_for("hangup")
    assert (refusal["callsid"], refusal["error"]["code"]) == (own, 31002)


def test_a_token_ends_and_can_be_replaced(connect: Connect) -> None:
    """A device that does not replace it is no longer called."""
    device = connect(ttl=1)
    device.register()
    device.listen(token(ttl=600))
    assert device.wait_for("connected")["token"]["ttl"] > 500

    device.listen(token(ttl=1))
    assert device.wait_for("error", 5)["error"]["code"] == 31205


def test_a_device_whose_token_has_ended_is_offline_and_cannot_call_until_it_has_a_new_one(connect: Connect) -> None:
    """The SDK registers again only after `offline`; a call is refused by the SID that the device knows."""
    device = connect(ttl=1).register()
    assert device.wait_for("error")["error"]["code"] == 31205
    device.wait_for("offline", 1)
    device.call(THEIRS)
    own = device.call_sid
    refusal = device.wait_for("hangup")
    assert (refusal["callsid"], refusal["error"]["code"]) == (own, 31205)

    device.listen(token())
    device.wait_for("connected")
    device.register()


@pytest.mark.parametrize(
    "frame",
    [
        "x",
        "null",
        "[" * 100_000,
        '{"type": "register", "payload": null}',
        '{"type": "register", "payload": {"media": null}}',
        '{"type": "register", "payload": {"media": "x"}}',
        '{"type": "invite", "payload": {"twilio": null}}',
        '{"type": "invite", "payload": {"twilio": {"params": 5}}}',
        '{"type": "invite", "payload": {"twilio": {"params": ["a"]}}}',
        '{"type": "listen", "payload": {"token": null}}',
    ],
)
def test_a_frame_with_the_wrong_shape_does_not_end_the_connection(stage: Stage, connect: Connect, frame: str) -> None:
    """The device can go on."""
    device = connect()
    stage.fake.wait(device.socket.send_str(frame))
    device.register()


def test_a_call_asks_the_twiml_app_with_the_parameters_of_page_and_token(stage: Stage, connect: Connect) -> None:
    """The token's win over the page's; neither replaces one of Twilio's."""
    stage.app.reply("/client_call", twiml("<Say>hello</Say>"))
    device = connect(params={"plan": "gold"})
    page = {"plan": "free", "color": "a b&c", "From": "+19995550000", "CallSid": "CA1", "AccountSid": "AC1"}
    device.call("+442079460018", **page, ApplicationSid="AP1", CallStatus="completed", Direction="x", Caller="y")
    device.wait_for("hangup")

    [form] = stage.app.forms("/client_call")
    assert (form["From"], form["Caller"], form["To"]) == ("client:alice", "client:alice", "+442079460018")
    assert (form["CallSid"], form["AccountSid"]) == (device.call_sid, ACCOUNT.sid)
    assert (form["ApplicationSid"], form["CallStatus"]) == (ACCOUNT.twiml_app_sid, "ringing")
    assert (form["Direction"], form["plan"], form["color"]) == ("inbound", "gold", "a b&c")
    assert stage.app.received[0].signed


def test_a_call_is_answered_by_the_first_verb_that_answers_and_keys_reach_it(stage: Stage, connect: Connect) -> None:
    """The answer has no candidates and no telephone-event, so that keys are signals; it can be reconnected."""
    stage.app.reply("/client_call", twiml("<Gather numDigits='2' action='/keys'><Say>Press</Say></Gather>"))
    stage.app.reply("/keys", twiml("<Hangup/>"))
    device = connect()
    device.call("script:menu")
    ringing = device.wait_for("ringing")
    answered = device.wait_for("answer")
    device.press("1w2")
    ended = device.wait_for("hangup")

    assert {ringing["callsid"], answered["callsid"], ended["callsid"]} == {answered["reconnect"]}
    assert "candidate" not in answered["sdp"]
    assert "telephone-event" not in answered["sdp"]
    assert [form["Digits"] for form in stage.app.forms("/keys")] == ["12"]


def test_with_answer_on_bridge_the_caller_rings_until_the_callee_answers(stage: Stage, connect: Connect) -> None:
    """Either side ends the call; here the caller."""
    stage.app.reply("/client_call", twiml(f"<Dial callerId='{OURS}' answerOnBridge='true'>{THEIRS}</Dial>"))
    device = connect()
    device.call(THEIRS)
    device.wait_for("ringing")
    phone_call = stage.fake.phone(THEIRS).wait_for_call()
    with pytest.raises(AssertionError):
        device.wait_for("answer", 0.2)
    phone_call.answer()
    device.wait_for("answer")
    phone_call.wait_until_connected_to("client:alice")
    device.hang_up()

    phone_call.wait_until("completed")
    stage.fake.wait_until_quiet()
    assert stage.app.forms()[-1]["CallStatus"] == "completed"


def test_a_client_is_called_with_custom_parameters_and_answers(stage: Stage, connect: Connect) -> None:
    """By Dial and by REST; each device of the identity rings, and the first to answer ends the ringing of the rest."""
    first, second = connect("bob").register(), connect("bob").register()
    body = "<Dial><Client><Identity>bob</Identity><Parameter name='order' value='7 &amp; 8'/></Client></Dial>"
    stage.call(twiml=f"<Response>{body}</Response>")
    stage.fake.phone(THEIRS).wait_for_call().answer()
    offered = first.wait_for_call()
    assert offered["parameters"] == second.wait_for_call()["parameters"]
    assert (offered["parameters"]["To"], offered["parameters"]["Params"]) == ("client:bob", "order=7+%26+8")
    second.answer()
    assert first.wait_for("cancel")["callsid"] == offered["callsid"]
    second.hang_up()
    stage.fake.wait_until_quiet()

    stage.call(to="client:bob?order=9", twiml="<Response><Say>Hi</Say></Response>")
    again = first.wait_for_call()
    assert again["parameters"]["Params"] == "order=9"
    first.answer()
    assert first.wait_for("hangup")["callsid"] == again["callsid"]


def test_a_call_is_busy_when_all_devices_have_declined(stage: Stage, connect: Connect) -> None:
    """One that declines does not end the ringing of another."""
    first, second = connect("bob").register(), connect("bob").register()
    call = stage.call(to="client:bob")
    first.wait_for_call()
    second.wait_for_call()
    first.reject()
    stage.fake.wait(first.socket.ping())
    assert call.fetch().status == "ringing"
    second.reject()
    stage.fake.wait_until_quiet()

    assert [form["CallStatus"] for form in stage.app.forms()] == ["initiated", "ringing", "busy"]


def test_ten_devices_of_an_identity_ring(stage: Stage, connect: Connect) -> None:
    """As Twilio does; the eleventh rings when another has left."""
    devices = [connect("bob").register() for _ in range(11)]
    stage.call(to="client:bob", status_callback_event=ALL_EVENTS)
    for device in devices[:10]:
        device.wait_for_call()
    with pytest.raises(AssertionError):
        devices[10].wait_for("invite", 0.2)
    devices[0].send("register", media={"audio": False})
    devices[10].wait_for_call()


def test_a_caller_who_gives_up_ends_the_ringing(stage: Stage, connect: Connect) -> None:
    """By `cancel`, since a device that rings ignores `hangup`. Without an answer in time, too."""
    device = connect("bob").register()
    call = stage.call(to="client:bob")
    device.wait_for_call()
    call.update(status="canceled")
    assert device.wait_for("cancel")["callsid"] == call.sid

    stage.call(to="client:bob", timeout=1)
    device.wait_for_call()
    device.wait_for("cancel")


def test_a_lost_connection_is_returned_to(stage: Stage, connect: Connect) -> None:
    """By the reconnect token, with a new connection; the call goes on."""
    stage.app.reply("/client_call", twiml("<Gather numDigits='1' action='/keys' timeout='30'/>"))
    stage.app.reply("/keys", twiml("<Hangup/>"))
    device = connect()
    device.call()
    reconnect = device.wait_for("answer")["reconnect"]
    device.close()
    device.connect()
    device.listen(device.token)
    device.send("invite", callsid=device.call_sid, reconnect=reconnect, twilio={}, sdp="")
    assert device.wait_for("answer")["callsid"] == reconnect
    device.press("5")
    device.wait_for("hangup")

    assert [form["Digits"] for form in stage.app.forms("/keys")] == ["5"]


def test_a_device_that_does_not_come_back_has_hung_up(
    stage: Stage, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while. Nobody else can return to the call in its place."""
    monkeypatch.setattr("fake_twilio.clients.device.PATIENCE_SECONDS", 0.3)
    stage.app.reply("/client_call", twiml("<Pause length='600'/><Gather timeout='600'/>"))
    device = connect()
    device.call()
    sid = device.wait_for("answer")["callsid"]
    device.close()
    other = connect("mallory")
    other.send("invite", callsid=sid, reconnect=sid, twilio={}, sdp="")
    assert other.wait_for("hangup")["callsid"] == sid

    stage.fake.wait_until_quiet()
    assert stage.client.calls(sid).fetch().status == "completed"


def test_a_message_to_the_app_is_acknowledged_and_media_is_renewed(stage: Stage, connect: Connect) -> None:
    """Twilio passes messages on by its own API, which is not emulated."""
    stage.app.reply("/client_call", twiml("<Gather timeout='30'/>"))
    device = connect()
    device.call()
    sid = device.wait_for("answer")["callsid"]
    device.send("message", callsid=sid, content="{}", voiceeventsid="KX1")
    assert device.wait_for("ack") == {"acktype": "message", "callsid": sid, "voiceeventsid": "KX1"}
    device.send("reinvite", callsid=sid, sdp="v=0\r\na=mid:audio1\r\n")
    assert "a=mid:audio1\r\n" in device.wait_for("answer")["sdp"]


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:7071", 101),
        ("http://localhost", 101),
        ("https://evil.example", 403),
        ("http://127.0.0.1.evil.example:7071", 403),
        ("http://127.0.0.1:x", 403),
        ("null", 403),
    ],
)
def test_pages_of_this_machine_may_connect_and_no_others(stage: Stage, origin: str, status: int) -> None:
    """Any website can open a WebSocket to this machine."""

    async def handshake() -> int:
        async with aiohttp.ClientSession() as session:
            try:
                async with session.ws_connect(f"{stage.fake.url}/signal", headers={"Origin": origin}):
                    return 101
            except aiohttp.WSServerHandshakeError as error:
                return error.status

    assert stage.fake.wait(handshake()) == status
    with refused(20404):
        stage.client.calls("CA" + "0" * 32).fetch()
