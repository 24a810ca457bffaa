"""The turning points of a call: its status changes, and the app is told."""

from .call import Call
from .callbacks import post_call_event, post_machine_detection
from .exchange import Exchange
from .formats import now


def become(exchange: Exchange, call: Call, status: str) -> None:
    """Change the status."""
    call.status = status
    call.updated = now()
    exchange.changes.tell()


def pick_up(exchange: Exchange, call: Call) -> None:
    """The call is answered, unless it has been already."""
    if call.answered:
        return
    call.answered = now()
    become(exchange, call, "in-progress")
    post_call_event(exchange, call, "answered")


def detect_machine(exchange: Exchange, call: Call) -> None:
    """People answer these phones, not machines."""
    if call.parameters.get("MachineDetection") and not call.parameters.get("SendDigits"):
        call.answered_by = "human"
        if call.parameters.get("AsyncAmd").lower() == "true":
            post_machine_detection(exchange, call)


def finish(exchange: Exchange, call: Call, status: str) -> None:
    """The end, which is told as the event `completed` whatever it was."""
    line = call.line
    for tap in line.taps:
        tap.stop()
    if call.recording:
        call.recording.end()
    line.taps, line.ears, line.waiting_for = [], None, None
    call.ended = now()
    become(exchange, call, status)
    post_call_event(exchange, call, "completed")
    for say_goodbye in line.farewells:
        say_goodbye()
    line.farewells = []
