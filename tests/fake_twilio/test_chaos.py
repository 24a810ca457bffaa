"""Chaos: the same for the same seed, and every callback arrives."""

from __future__ import annotations

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest

from fake_twilio.testing import Chaos, Plan
from tests.support.fake_twilio_stage import ALL_EVENTS, Reply, Stage

STATUSES = ["initiated", "ringing", "in-progress", "completed"]


def plans(chaos: Chaos, order: list[int]) -> dict[tuple[int, str], object]:
    """Return the plans for some calls, requested in some order."""
    return {(number, event): chaos.plan(number, event) for number in order for event in STATUSES}


def test_the_same_seed_makes_the_same_plans_in_any_order() -> None:
    """A decision depends on the seed, the number of the call and the event only."""
    numbers = list(range(50))
    assert plans(Chaos("7"), numbers) == plans(Chaos("7"), numbers[::-1])
    assert plans(Chaos("7"), numbers) != plans(Chaos("8"), numbers)
    assert [Chaos("7").early(n) for n in numbers] == [Chaos("7").early(n) for n in numbers]


def test_every_kind_of_chaos_occurs() -> None:
    """Delayed, held, lost, unheard and duplicate callbacks, and undisturbed ones."""
    plan_list = [Chaos(1).plan(number, "ringing") for number in range(200)]
    for name in ("delay", "held", "lost", "unheard", "duplicate"):
        share = sum(bool(getattr(plan, name)) for plan in plan_list) / len(plan_list)
        assert 0.1 < share < 0.7, name
    assert 0.1 < sum(Chaos(1).early(number) for number in range(200)) / 200 < 0.6


@pytest.mark.parametrize("seed", ["a", "b"])
def test_every_event_arrives_at_least_once_and_some_out_of_order(seed: str) -> None:
    """Forty calls and messages in parallel: some events arrive twice, some out of order, some after a loss."""
    with Stage.ready(chaos=Chaos(seed, longest=0.1), autopilot=True) as stage:
        with ThreadPoolExecutor(8) as pool:
            calls = [pool.submit(stage.call, f"+1555000{number:04}") for number in range(20)]
            texts = [pool.submit(stage.text, f"+1555000{number:04}") for number in range(20)]
        sids = {future.result().sid for future in calls + texts}
        stage.fake.wait_until_quiet(30)
        told = defaultdict(list)
        for form in stage.app.forms():
            told[form.get("CallSid") or form["MessageSid"]].append(form.get("CallStatus") or form["MessageStatus"])
        assert told.keys() == sids
        for sid, statuses in told.items():
            expected = STATUSES if sid.startswith("CA") else ["sending", "sent", "delivered"]
            assert set(statuses) == set(expected), sid
        in_order = [
            list(dict.fromkeys(statuses)) in (STATUSES, ["sending", "sent", "delivered"]) for statuses in told.values()
        ]
        assert not all(in_order)
        assert any(max(Counter(statuses).values()) > 1 for statuses in told.values())
        assert any(hook.status is None for hook in stage.fake.webhooks)
        tokens = Counter(received.headers["I-Twilio-Idempotency-Token"] for received in stage.app.received)
        assert set(tokens.values()) == {1, 2}
        assert all(received.signed for received in stage.app.received)
        assert stage.fake.faults == []


def test_the_same_seed_loses_and_repeats_the_same_callbacks() -> None:
    """Two runs with the same calls give the same webhooks, whatever the timing."""

    def story() -> Counter[tuple[int, str, str]]:
        with Stage.ready(chaos=Chaos("again", longest=0.05)) as stage:
            numbers = {}
            for number in range(8):
                call = stage.call(f"+1555000{number:04}")
                numbers[call.sid] = number
                stage.fake.phone(f"+1555000{number:04}").wait_for_call().answer()
            stage.fake.wait_until_quiet(30)
            return Counter((numbers[hook.webhook.sid], hook.webhook.event, hook.note) for hook in stage.fake.webhooks)

    assert story() == story()


class OneKind(Chaos):
    """Chaos of one kind, for the ringing callback only."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("none", longest=1.0)
        self.only = plan

    def plan(self, number: int, event: str) -> Plan:
        """Return the one plan."""
        return self.only if event == "ringing" else Plan()

    def early(self, number: int) -> bool:
        """Return False."""
        return False


@pytest.mark.parametrize(
    ("plan", "told", "tokens"),
    [
        (Plan(), ["ringing", "in-progress", "completed"], 3),
        (Plan(held=True), ["in-progress", "ringing", "completed"], 3),
        (Plan(delay=0.1), ["in-progress", "completed", "ringing"], 3),
        (Plan(lost=0.1), ["in-progress", "completed", "ringing"], 3),
        (Plan(unheard=True), ["ringing", "ringing", "in-progress", "completed"], 3),
        (Plan(duplicate=0.1), ["ringing", "in-progress", "completed", "ringing"], 4),
    ],
)
def test_each_kind_of_chaos_does_what_it_says(plan: Plan, told: list[str], tokens: int) -> None:
    """Held until the next one, delayed, lost and sent again, answer lost, doubled; then a person hangs up."""
    with Stage.ready(chaos=OneKind(plan)) as stage:
        events = ["ringing", "answered", "completed"]
        stage.call(twiml='<Response><Say loop="0">x</Say></Response>', status_callback_event=events)
        phone_call = stage.fake.phone("+15551234567").wait_for_call()
        ringing = 0 if plan.held or plan.delay or plan.lost else 1 + plan.unheard
        stage.fake.wait_for(lambda: len(stage.app.received) == ringing, "the first callbacks", 5)
        phone_call.answer()
        stage.fake.wait_for(lambda: len(stage.app.received) == 1 + ringing + plan.held, "the answered one", 5)
        phone_call.hang_up()
        stage.fake.wait_until_quiet()
        assert [form["CallStatus"] for form in stage.app.forms()] == told
        assert len({received.headers["I-Twilio-Idempotency-Token"] for received in stage.app.received}) == tokens
        lost = [hook.webhook.event for hook in stage.fake.webhooks if hook.status is None]
        assert lost == ["ringing"] * (plan.lost is not None)


def test_some_callbacks_arrive_before_the_answer_to_the_create() -> None:
    """The app may get a SID that it does not know yet."""
    with Stage.ready(chaos=Chaos("early", longest=0.01)) as stage:
        before = 0
        for number in range(1, 13):
            told = len(stage.app.received)
            stage.text(f"+1555000{number:04}")
            early = len(stage.app.received) > told
            assert early or not Chaos("early").early(number)
            before += Chaos("early").early(number)
            stage.fake.wait_until_quiet(30)
        assert 0 < before < 12


def test_chaos_does_not_hide_faults_of_the_app() -> None:
    """A rejected callback is a fault with chaos too."""
    with Stage.ready(chaos=Chaos(3, longest=0.01), autopilot=True) as stage:
        stage.app.reply("/status", Reply(403))
        stage.call(status_callback_event=ALL_EVENTS)
        stage.fake.wait_until_quiet(30)
        assert {fault.code for fault in stage.fake.faults} == {15003}
