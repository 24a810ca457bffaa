"""Gather (https://www.twilio.com/docs/voice/twiml/gather)."""

from xml.etree.ElementTree import Element

from fake_twilio.model.call_input import ALL_KEYS, SILENCE, CallInput
from fake_twilio.runtime.tasks import first
from fake_twilio.twiml.source import Source
from fake_twilio.voice.request_fields import call_fields
from fake_twilio.voice.session import Session
from fake_twilio.voice.verbs.attributes import flag, whole_number
from fake_twilio.webhooks.fields import Fields

MOST_PARTIAL_RESULTS = 10
CONFIDENCE = "0.95"


async def gather(session: Session, element: Element) -> Source | None:
    """Collect keys or words, and send them to the action. Without input, continue with the next verb."""
    result = await listen_for(session, element)
    if not (result or flag(element, "actionOnEmptyResult")):
        return None
    if not element.get("action", "").strip():
        if not session.document_url:
            session.fault(
                None, "Gather: no action, and the document came with the call: there is no address for the input"
            )
            return None
        return session.source(session.document_url, element.get("method", "POST"), result or (("Digits", ""),))
    return session.action(element, result or (("Digits", ""),))


async def listen_for(session: Session, element: Element) -> Fields:
    """Run the nested verbs, and return the parameters with the keys or words; none without input."""
    inputs = element.get("input", "dtmf").split()
    end = element.get("finishOnKey", "#")
    waiting_for = {
        "verb": "Gather",
        "input": inputs,
        "num_digits": whole_number(element, "numDigits", 0) or None,
        "finish_on_key": end,
        "timeout": whole_number(element, "timeout", 5),
    }
    call_input = CallInput(ALL_KEYS if "dtmf" in inputs else "", words="speech" in inputs)
    with (
        session.step("Gather", detail=describe_wait(element, inputs)) as step,
        session.listening(call_input, waiting_for),
    ):
        await prompt(session, element, call_input)
        result = await collect(session, element, call_input)
        step.about["detail"] = describe_result(result)
    return result


async def prompt(session: Session, element: Element, call_input: CallInput) -> None:
    """Run the nested verbs until there is input."""

    async def speak() -> None:
        for child in element:
            verb = session.verbs.get(child.tag)
            if verb and child.tag in ("Say", "Play", "Pause"):
                await verb(session, child)

    if flag(element, "bargeIn", True):
        await first(speak(), call_input.something.wait())
    else:
        await speak()


async def collect(session: Session, element: Element, call_input: CallInput) -> Fields:
    """Return the parameters with the keys or the words; none without input."""
    count, end = whole_number(element, "numDigits", 0), element.get("finishOnKey", "#")
    digits = ""
    while not count or len(digits) < count:
        heard = await session.listen(call_input, whole_number(element, "timeout", 5))
        if heard is None or heard == SILENCE:
            break
        if heard.words:
            post_partial_results(session, element, heard.words)
            return (("SpeechResult", heard.words), ("Confidence", CONFIDENCE), ("Language", language(element)))
        if heard.key == end:
            return gathered(digits, end)
        digits += heard.key
    return gathered(digits, "")


def gathered(digits: str, end: str) -> Fields:
    """Return the parameters with the keys and the finishing key."""
    return (("msg", "Gather End"), ("Digits", digits), ("FinishedOnKey", end)) if digits else ()


def post_partial_results(session: Session, element: Element, words: str) -> None:
    """Send partial results, word by word."""
    callback = session.callback(element, "partialResultCallback", "partial")
    if not callback.wants("partial"):
        return
    spoken = words.split()
    for count in range(1, min(len(spoken), MOST_PARTIAL_RESULTS) + 1):
        fields = (
            *call_fields(session.call),
            ("UnstableSpeechResult", spoken[count - 1]),
            ("StableSpeechResult", " ".join(spoken[: count - 1])),
            ("Stability", "0.8"),
            ("SequenceNumber", str(count - 1)),
            ("Language", language(element)),
        )
        session.post(callback, "partial result", fields)


def language(element: Element) -> str:
    """Return the language of the speech."""
    return element.get("language", "en-US")


def describe_wait(element: Element, inputs: list[str]) -> str:
    """Describe the input that is waited for."""
    words = " or ".join({"dtmf": "keys", "speech": "speech"}.get(kind, kind) for kind in inputs)
    ignored = [name for name in ("hints", "speechModel", "speechTimeout", "maxSpeechTime") if element.get(name)]
    return f"waits for {words}" + (f" ({', '.join(ignored)}: not simulated)" if ignored else "")


def describe_result(result: Fields) -> str:
    """Describe the input."""
    about = dict(result)
    if "SpeechResult" in about:
        return f"“{about['SpeechResult']}”"
    return f"keys {about['Digits']}" if result else "nothing was heard"
