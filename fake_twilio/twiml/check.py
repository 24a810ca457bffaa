"""Check a document against the rules: Twilio's warning 12200, Schema validation warning."""

import re
from collections.abc import Iterator
from typing import Literal
from xml.etree.ElementTree import Element

from fake_twilio.twiml.rules import ADDRESSES, DOCUMENTS, ELEMENTS, METHOD, NESTED, OWN_VALUES, VALUES, Rule
from fake_twilio.webhooks.webhook import place

Kind = Literal["voice", "messaging"]
XML_NAMESPACE = "{http://www.w3.org/XML/1998/namespace}"


def check(document: Element, kind: Kind) -> Iterator[str]:
    """Yield what is wrong with the document of a call or message, and where."""
    yield from check_element(document, DOCUMENTS[kind], "Response")


def check_element(element: Element, rule: Rule, path: str) -> Iterator[str]:
    """Check one element and everything in it."""
    for name, value in element.attrib.items():
        name = name.replace(XML_NAMESPACE, "xml:")
        if name not in rule.attributes:
            yield f"{path}: no attribute {name!r} here"
        elif not re.fullmatch(expected(element.tag, name), value, re.DOTALL):
            yield f"{path}: {name}={value!r} is not {expected(element.tag, name)}"
    if not rule.text and any((text or "").strip() for text in (element.text, *(child.tail for child in element))):
        yield f"{path}: no text here"
    for child in element:
        within = NESTED.get((element.tag, child.tag)) or ELEMENTS.get(child.tag)
        if within is None:
            yield f"{path}: there is no <{child.tag}> in TwiML"
        elif child.tag not in rule.children:
            yield f"{path}: no <{child.tag}> here"
        else:
            yield from check_element(child, within, f"{path} > {child.tag}")


def relative_addresses(document: Element) -> Iterator[str]:
    """Yield relative addresses; TwiML that came without an address cannot resolve them."""
    for element in document.iter():
        places = {name: value for name, value in element.attrib.items() if name in ADDRESSES}
        if element.tag in ("Play", "Redirect"):
            places["address"] = (element.text or "").strip()
        for name, value in places.items():
            if value and "://" not in value:
                yield f"{element.tag}: the relative {name} {place(value)!r}"


def expected(tag: str, attribute: str) -> str:
    """Return the pattern for the value of an attribute."""
    if attribute == "method" or attribute.endswith("Method"):
        # Twilio documents capital letters and accepts small ones.
        return f"(?i:{METHOD})"
    return OWN_VALUES.get((tag, attribute)) or VALUES.get(attribute, ".*")
