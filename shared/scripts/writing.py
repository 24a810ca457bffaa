"""Write a script as TwiML, with Twilio's own builder."""

from __future__ import annotations

from collections.abc import Iterable

from twilio.twiml import TwiML
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import VoiceResponse

from shared.scripts.reading import Family, Script
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.shape import shape_of

# If there are Parameters, the callee is in a child element: https://www.twilio.com/docs/voice/twiml/client#parameter
NAMED_BY_CHILD = {"Client": "Identity", "Application": "ApplicationSid"}


def write_twiml(script: Script, family: Family) -> TwiML:
    """Return the document of a script that `read_script` has returned."""
    document = VoiceResponse() if family == "voice" else MessagingResponse()
    add(document, script)
    return document


def add(parent: TwiML, elements: Iterable[Element | str]) -> None:
    """Append elements and the text between them."""
    for element in elements:
        if isinstance(element, str):
            parent.append(element)
            continue
        shape = shape_of(type(element))
        attributes = {
            info.name: as_attribute(value)
            for info in shape.attributes.values()
            if (value := getattr(element, info.name)) is not None
        }
        content = getattr(element, shape.content.name) if shape.content else None
        children = getattr(element, shape.children.name) if shape.children else None
        made = TwiML(**attributes)
        made.name = shape.name
        if children and shape.name in NAMED_BY_CHILD:
            made.add_child(NAMED_BY_CHILD[shape.name], content)
        else:
            made.value = content
        parent.append(made)
        add(made, children or [])


def as_attribute(value: object) -> object:
    """Return a value for the builder, which would write a list in Python's notation."""
    return " ".join(value) if isinstance(value, list) else value
