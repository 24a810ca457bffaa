"""The signature check of the routes that Twilio calls."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from shared.responses import Handler
from shared.settings import load
from shared.twilio.webhook import request_fields, twilio_callback, twilio_webhook, why_rejected
from tests.support.app import SETTINGS, App, StartApp, sign

FORM = "application/x-www-form-urlencoded"
BASE = "https://phone.example"
TOKEN = "12345"
TWO_TOKENS = load({**SETTINGS, "PUBLIC_BASE_URL": BASE, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_AUTH_TOKEN_NEXT": "67890"})


def webhook(
    form: dict[str, str] | list[tuple[str, str]],
    signature: str,
    url: str = f"{BASE}/api/twiml_hello",
    method: str = "POST",
    **headers: str,
) -> func.HttpRequest:
    """Return a request like the worker's; a header's name is a keyword argument."""
    given = {"x-twilio-signature": signature, "content-type": FORM}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    return func.HttpRequest(method, url, headers=given, body=urlencode(form).encode() if form else b"")


def accepted(request: func.HttpRequest, settings: Any = TWO_TOKENS) -> bool:
    """Return whether a request passes the signature check."""
    return why_rejected(request, settings, "route") is None


@pytest.mark.parametrize(
    ("base", "url", "form", "signature"),
    [
        # Twilio's own examples: https://www.twilio.com/docs/usage/security#validating-requests and its library's tests.
        (
            "https://mycompany.com",
            "https://mycompany.com/myapp.php?foo=1&bar=2",
            [
                ("CallSid", "CA1234567890ABCDE"),
                ("Digits", "1234"),
                ("From", "+14158675309"),
                ("To", "+18005551212"),
                ("Caller", "+14158675309"),
            ],
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        ),
        (
            "https://mycompany.com",
            "https://mycompany.com/myapp.php?foo=1&bar=2",
            [
                ("Sid", "CA123"),
                ("SidAccount", "AC123"),
                ("Digits", "5678"),
                ("Digits", "1234"),
                ("Digits", "1234"),
            ],
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
    ],
    ids=["plain", "repeated field"],
)
def test_twilios_published_signatures_are_accepted(
    base: str, url: str, form: list[tuple[str, str]], signature: str
) -> None:
    """From Twilio's documentation and its library's tests."""
    settings = load({**SETTINGS, "PUBLIC_BASE_URL": base, "TWILIO_AUTH_TOKEN": TOKEN})

    assert accepted(webhook(form, signature, url), settings)


FIELDS = st.lists(
    st.tuples(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12),
        st.one_of(st.just(""), st.text(st.characters(codec="utf-8"), max_size=20)),
    ),
    max_size=6,
)


@given(form=FIELDS, token=st.sampled_from([TOKEN, "67890"]), query=st.sampled_from(["", "?started=1", "?a=1&a=&b=%20"]))
def test_any_request_that_twilio_signs_with_either_token_is_accepted(
    form: list[tuple[str, str]], token: str, query: str
) -> None:
    """Blank and repeated fields, any text, any query, the current token and the next."""
    url = f"{BASE}/api/twiml_hello{query}"

    assert accepted(webhook(form, sign(url, form, token), url))


# A signature covers a repeated value only once, so repeated names would hide a change.
DISTINCT = FIELDS.filter(lambda form: len({name for name, _ in form}) == len(form))


@given(form=DISTINCT, data=st.data())
def test_a_change_of_any_part_is_rejected(form: list[tuple[str, str]], data: st.DataObject) -> None:
    """Another path, query or value, a field more or less, another signature."""
    url = f"{BASE}/api/twiml_hello?started=1"
    signature = sign(url, form, TOKEN)
    changed = data.draw(st.sampled_from(["path", "query", "more", "less", "value", "signature", "case"]))
    match changed:
        case "path":
            request = webhook(form, signature, url.replace("hello", "hellp"))
        case "query":
            request = webhook(form, signature, url + "0")
        case "more":
            request = webhook([*form, ("Extra\x7f", "1")], signature, url)
        case "less":
            others = [field for field in form if field[0] != form[0][0]] if form else [("A", "1")]
            request = webhook(others, signature, url)
        case "value":
            request = webhook([(form[0][0], form[0][1] + "1"), *form[1:]] if form else [("A", "1")], signature, url)
        case "signature":
            request = webhook(form, signature[:-2] + ("A=" if signature[-2] != "A" else "B="), url)
        case _:
            request = webhook(form, signature.swapcase(), url)

    assert not accepted(request)


@pytest.mark.parametrize("host", ["evil.example", "phone.example:8443", "127.0.0.1", ""])
def test_host_and_forwarded_headers_are_ignored(host: str) -> None:
    """They differ behind a proxy, and a client can send any. The signature covers PUBLIC_BASE_URL."""
    form = {"CallSid": "CA1"}
    signature = sign(f"{BASE}/api/twiml_hello", form, TOKEN)
    url = f"http://{host}/api/twiml_hello"
    request = webhook(form, signature, url, x_forwarded_host="evil.example", x_forwarded_proto="gopher")

    assert accepted(request)


@pytest.mark.parametrize("signature", ["", " ", "é", "=" * 28, "A" * 27 + "=", "A" * 43 + "=", "A" * 10_000, "\x00"])
def test_a_malformed_signature_is_rejected(signature: str) -> None:
    """Without an exception."""
    assert not accepted(webhook({"CallSid": "CA1"}, signature))


def test_the_signature_of_a_get_covers_the_query() -> None:
    """It contains the fields."""
    url = f"{BASE}/api/twiml_hello?CallSid=CA1&Digits="

    assert accepted(webhook({}, sign(url, {}, TOKEN), url, method="GET"))
    assert not accepted(webhook({}, sign(url, {}, TOKEN), url + "1", method="GET"))


QUERY = st.lists(
    st.tuples(st.sampled_from(["Body", "From", "x"]), st.text(st.characters(codec="utf-8"), max_size=12)),
    min_size=1,
    max_size=4,
)
LEAVES = ["!'()*", "!$'()*,:;@", "/?!$'()*,:;@", " !\"$'()*,/:;<>?@[\\]^`{|}"]


@pytest.mark.parametrize("kind", [FORM.upper(), "Application/X-WWW-Form-Urlencoded; Charset=UTF-8", f"{FORM} ;a=b"])
def test_a_form_is_recognised_in_upper_and_lower_case(kind: str) -> None:
    """The type of a body is not case-sensitive."""
    form = [("CallSid", "CA1"), ("Digits", ""), ("a", "1"), ("a", "2")]
    request = webhook(form, sign(f"{BASE}/api/twiml_hello", form, TOKEN), content_type=kind)

    assert accepted(request)
    assert request_fields(request)["CallSid"] == "CA1"


def signed_get(query: str, signed: str) -> func.HttpRequest:
    """Return a GET with a query whose signature covers another one."""
    url = f"{BASE}/api/receive_sms"
    return webhook({}, sign(f"{url}?{signed}", {}, TOKEN), f"{url}?{query}", "GET")


@given(fields=QUERY, leaves=st.sampled_from(LEAVES))
def test_a_get_is_accepted_though_its_query_is_more_escaped_than_the_signed_one(
    fields: list[tuple[str, str]], leaves: str
) -> None:
    """Twilio signs `it's` and sends `it%27s`."""
    sent, signed = urlencode(fields, quote_via=quote), urlencode(fields, quote_via=quote, safe=leaves)

    assert accepted(signed_get(sent, signed))
    assert accepted(signed_get(sent, sent))


@given(fields=QUERY, others=QUERY, leaves=st.sampled_from(LEAVES))
def test_a_signature_of_other_parameters_is_rejected_however_they_are_escaped(
    fields: list[tuple[str, str]], others: list[tuple[str, str]], leaves: str
) -> None:
    """Also if they contain what separates parameters."""
    sent, signed = urlencode(fields, quote_via=quote), urlencode(others, quote_via=quote, safe=leaves)
    split = urlencode(others, quote_via=quote, safe=leaves + "&=+%#")

    assert accepted(signed_get(sent, signed)) == (fields == others)
    assert not accepted(signed_get(sent + "%26", split))


@given(fields=QUERY, position=st.integers(0, 26), character=st.sampled_from("Az09+/"))
def test_no_changed_signature_of_a_get_is_accepted(
    fields: list[tuple[str, str]], position: int, character: str
) -> None:
    """None of the forms of the query makes up for it."""
    request = signed_get(urlencode(fields), urlencode(fields))
    signature = request.headers["x-twilio-signature"]
    changed = signature[:position] + character + signature[position + 1 :]

    assert accepted(webhook({}, changed, request.url, "GET")) == (changed == signature)


def json_webhook(body: bytes, digest: str | None) -> func.HttpRequest:
    """Return a signed JSON webhook with `digest` as the parameter bodySHA256."""
    url = f"{BASE}/api/twiml_hello" + (f"?bodySHA256={digest}" if digest is not None else "")
    headers = {
        "x-twilio-signature": str(RequestValidator(TOKEN).compute_signature(url, {})),
        "content-type": "application/json",
    }
    return func.HttpRequest("POST", url, headers=headers, body=body)


def test_a_json_body_is_accepted_only_with_its_hash_in_the_signed_url() -> None:
    """Without bodySHA256 the signature does not cover a JSON body."""
    body = b'{"a": "\xc3\xa9"}'
    digest = hashlib.sha256(body).hexdigest()

    assert accepted(json_webhook(body, digest))
    assert not accepted(json_webhook(body + b" ", digest))
    assert not accepted(json_webhook(body, None))
    assert not accepted(json_webhook(body, ""))
    assert not accepted(json_webhook(b"\xff\xfe", hashlib.sha256(b"").hexdigest()))


def test_a_form_with_another_content_type_is_rejected() -> None:
    """The signature would not cover its body."""
    url = f"{BASE}/api/twiml_hello"
    for content_type in ("text/plain", "multipart/form-data; boundary=x", ""):
        request = webhook({"CallSid": "CA1"}, sign(url, {}, TOKEN), url, content_type=content_type)

        assert not accepted(request), content_type


def test_a_signature_with_a_shared_key_has_its_own_line_in_the_log() -> None:
    """Twilio can sign with such a key instead of the auth token; the app does not support it."""
    key = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    request = webhook({"CallSid": "CA1"}, "x" * 43 + "=", x_twilio_webhooks_signature_settings=key)

    assert "shared key" in (why_rejected(request, TWO_TOKENS, "route") or "")


def test_a_huge_body_is_rejected_before_it_is_parsed(app: App) -> None:
    """To parse, sort and hash megabytes of fields would delay all other requests."""
    headers = {"X-Twilio-Signature": "A" * 27 + "=", "content-type": FORM}
    for body in (b"&".join(b"%x=" % number for number in range(1_000_000)), b"&" * 600, b"a=" + b"x" * 200_000):
        began = time.monotonic()
        answer = app.post("twiml_hello", data=body, headers=headers)

        assert answer.status_code == 403
        assert time.monotonic() - began < 1
        app.wait_for_line(f"the body is larger than any of Twilio's ({len(body):,} bytes)")


def test_a_url_with_a_fragment_is_rejected() -> None:
    """No signature covers a fragment, and Twilio sends none."""
    url = f"{BASE}/api/twiml_hello?"

    assert not accepted(webhook({}, sign(url, {}, TOKEN), f"{url}#&PhoneNumber=%2B1900", method="GET"))


def test_the_signed_url_may_contain_the_port_or_not() -> None:
    """Twilio is not consistent: https://github.com/twilio/twilio-python/issues/392 ."""
    settings = load({**SETTINGS, "PUBLIC_BASE_URL": "https://phone.example:443", "TWILIO_AUTH_TOKEN": TOKEN})
    form = {"CallSid": "CA1"}
    for signed in ("https://phone.example/api/twiml_hello", "https://phone.example:443/api/twiml_hello"):
        assert accepted(webhook(form, sign(signed, form, TOKEN)), settings)


def test_a_rejected_request_is_an_empty_403_and_one_line_in_the_log(app: App) -> None:
    """The line contains the URL that was checked, but no secret and no number."""
    secret = "+15558675309"
    answer = app.post("twiml_hello", headers={"X-Twilio-Signature": "wrong"}, data={"From": secret})

    assert (answer.status_code, answer.content) == (403, b"")
    line = app.wait_for_line("twiml_hello refused")
    assert app.settings["PUBLIC_BASE_URL"] in line
    assert secret not in line
    assert SETTINGS["TWILIO_AUTH_TOKEN"] not in app.log()


def test_both_tokens_are_accepted_during_a_rotation(start_app: StartApp) -> None:
    """The current one and the next one, but no other."""
    app = start_app(TWILIO_AUTH_TOKEN_NEXT="the-next-token")

    assert app.signed_post("twiml_hello", {"CallSid": "CA1"}).status_code == 200
    assert app.signed_post("twiml_hello", {"CallSid": "CA1"}, token="the-next-token").status_code == 200
    assert app.signed_post("twiml_hello", {"CallSid": "CA1"}, token="another").status_code == 403


@pytest.mark.parametrize(
    ("guard", "form", "status", "content"),
    [
        (twilio_webhook, {"CallSid": "CA1"}, 200, "<Say>We are sorry"),
        (twilio_webhook, {"MessageSid": "SM1"}, 200, "<Response/>"),
        (twilio_callback, {"CallSid": "CA1"}, 503, ""),
    ],
)
def test_a_webhook_that_fails_is_answered_with_twiml_and_a_callback_is_sent_again(
    example_settings: Callable[..., None],
    guard: Callable[[Handler], Handler],
    form: dict[str, str],
    status: int,
    content: str,
) -> None:
    """Whatever the handler raises: Twilio would read out its own error to the caller."""

    @guard
    async def broken(req: func.HttpRequest) -> func.HttpResponse:
        raise KeyError("anything")

    example_settings(PUBLIC_BASE_URL=BASE, TWILIO_AUTH_TOKEN=TOKEN)
    url = f"{BASE}/api/twiml_hello"
    answer = asyncio.run(broken(webhook(form, sign(url, form, TOKEN))))

    assert (answer.status_code, content in answer.get_body().decode()) == (status, True)


def test_behind_a_proxy_the_signature_covers_the_public_address(start_app: StartApp) -> None:
    """A reverse proxy such as Front Door calls the app by another name than Twilio does."""
    app, form = start_app(PUBLIC_BASE_URL="https://phone.example"), {"CallSid": "CA1"}

    assert app.signed_post("twiml_hello?a=1&b=", form).status_code == 200
    signature = sign(f"{app.url}/api/twiml_hello", form, SETTINGS["TWILIO_AUTH_TOKEN"])
    assert app.post("twiml_hello", data=form, headers={"X-Twilio-Signature": signature}).status_code == 403


def test_a_webhook_without_settings_is_an_empty_503(start_app: StartApp) -> None:
    """Twilio retries, or uses the fallback URL; a stranger learns nothing. The log names the setting."""
    app = start_app(TWILIO_AUTH_TOKEN="")
    answer = app.post("twiml_hello", headers={"X-Twilio-Signature": "x"})

    assert (answer.status_code, answer.content) == (503, b"")
    app.wait_for_line("TWILIO_AUTH_TOKEN")


def test_the_log_names_the_route_of_a_refused_webhook_and_not_its_path(app: App) -> None:
    """The name of a script may be a phone number, and a query may contain words."""
    answer = app.request(
        "POST",
        "twiml/call-15005550006?Message=words",
        data={"CallSid": "CA1"},
        headers={"X-Twilio-Signature": sign("https://other.example", {}, "x")},
    )

    assert answer.status_code == 403
    line = app.wait_for_line("twiml refused: the signature does not match")
    assert f"{app.url}/api/twiml and" in line
    assert "15005550006" not in line
    assert "words" not in line
