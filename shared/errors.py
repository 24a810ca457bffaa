"""Every error that a caller can get.

    ApiError                    the base class; becomes an RFC 9457 problem (shared/responses.py)
    ├── InternalError           500  an error that nobody expected
    ├── InvalidRequest          400  the request is wrong; names each field
    ├── CountryNotAllowed       403  The settings do not allow the number's country or type, or the SIP host
    ├── NotFound                404  no such call, message, script or caller ID
    ├── KeyInUse                409  a request with this Idempotency-Key is being processed
    ├── VerificationOpen        409  a request to verify this caller ID has not ended yet
    ├── WrongState              409  the state of the call or message does not allow the change
    ├── PreconditionFailed      412  the version that If-Match names is not the current one
    ├── KeyReused               422  this Idempotency-Key was used before with another body
    ├── TwilioRefused           4xx  Twilio rejected the request; carries Twilio's code and message
    │   └── RecipientOptedOut   422  the recipient has sent STOP
    ├── TwilioUnavailable       502, 503  Twilio cannot be reached, is busy, or rejects the app's credentials
    ├── OutcomeUnknown          504, 502  the request was sent and no usable answer came back
    ├── NotConfigured           503  settings are missing or malformed; names them
    └── StorageUnavailable      503  the tables cannot be reached

`code` is stable; callers may branch on it. `detail` is for people and may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

# The most errors of one request that are reported.
MOST_ERRORS = 50


class FieldIssue(msgspec.Struct, frozen=True):
    """What is wrong with one field of a request.

    field   its name or its place, like `$[1].num_digits`; `$` is the whole body
    detail  what is wrong, what was expected and what was received
    """

    field: str
    detail: str


class TwilioReason(msgspec.Struct, frozen=True):
    """Why Twilio rejected a request or failed to deliver.

    code       Twilio's error code
    message    what it means
    more_info  the page about the code
    """

    code: int
    message: str
    more_info: str


class SettingIssue(msgspec.Struct, frozen=True):
    """What is wrong with one setting; never its value.

    name    the name of the setting
    detail  what is wrong
    """

    name: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of an error's answer (https://www.rfc-editor.org/rfc/rfc9457).

    type      about:blank
    title     the words for the status
    status    the HTTP status
    detail    what is wrong, for people; it may change
    code      the stable name of the error; branch on it
    errors    of invalid_request: what is wrong with each field
    twilio    Twilio's code and message, if Twilio gave them
    settings  of not_configured: what is wrong with each setting
    state     of wrong_state: the state of the call or message
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: tuple[FieldIssue, ...] = ()
    twilio: TwilioReason | None = None
    settings: tuple[SettingIssue, ...] = ()
    state: str = ""


class ApiError(Exception):
    """An error with an HTTP status, a stable code and a message for the caller."""

    status: int = 500
    code: ClassVar[str] = "internal_error"
    # The other statuses that an error of this class can have.
    more_statuses: ClassVar[tuple[int, ...]] = ()

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        """Set `detail`, one or two sentences without secrets, and headers of the response."""
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})

    def members(self) -> dict[str, Any]:
        """Return the problem's members besides type, title, status, detail and code."""
        return {}


class InternalError(ApiError):
    """An error that nobody expected; the app's log has its cause."""


class InvalidRequest(ApiError):
    """The request is wrong: `errors` lists everything that was found, each with its field."""

    status = 400
    code = "invalid_request"

    def __init__(self, *errors: FieldIssue) -> None:
        """Set the errors that were found, at least one."""
        one = f"{errors[0].field}: {errors[0].detail}"
        which = "see `errors`" if len(errors) <= MOST_ERRORS else f"the first {MOST_ERRORS} are in `errors`"
        super().__init__(one if len(errors) == 1 else f"The request has {len(errors):,} errors; {which}.")
        self.errors = errors[:MOST_ERRORS]

    def members(self) -> dict[str, Any]:
        """Return the errors, one object per field."""
        return {"errors": self.errors}


class CountryNotAllowed(ApiError):
    """The settings do not allow the number's country or type, or the SIP host."""

    status = 403
    code = "country_not_allowed"


class NotFound(ApiError):
    """The log has no such call or message, or there is no such script or caller ID."""

    status = 404
    code = "not_found"


class KeyInUse(ApiError):
    """Another request with the same Idempotency-Key has not been answered yet."""

    status = 409
    code = "idempotency_key_in_use"


class VerificationOpen(ApiError):
    """An earlier request to verify this number as a caller ID has not ended yet."""

    status = 409
    code = "verification_open"


class WrongState(ApiError):
    """The state of the call or message does not allow the change."""

    status = 409
    code = "wrong_state"

    def __init__(self, detail: str, state: str) -> None:
        """Set the state, as Twilio names it."""
        super().__init__(detail)
        self.state = state

    def members(self) -> dict[str, Any]:
        """Return the state."""
        return {"state": self.state}


class PreconditionFailed(ApiError):
    """The version that the request names is not the current one."""

    status = 412
    code = "precondition_failed"


class KeyReused(ApiError):
    """The Idempotency-Key was used before with another body."""

    status = 422
    code = "idempotency_key_reused"


class TwilioFailure(ApiError):
    """Twilio rejected a request, or gave no usable answer; carries Twilio's own code if there is one."""

    def __init__(
        self,
        detail: str,
        *,
        status: int | None = None,
        twilio: TwilioReason | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Set Twilio's reason beside the app's own `detail`; `status` overrides the class's."""
        super().__init__(detail, headers=headers)
        self.status = status or type(self).status
        self.twilio = twilio

    def members(self) -> dict[str, Any]:
        """Return Twilio's code, message and page."""
        return {"twilio": self.twilio} if self.twilio else {}


class TwilioRefused(TwilioFailure):
    """Twilio rejected the request; the same request will be rejected again."""

    status = 400
    code = "twilio_refused"
    more_statuses: ClassVar[tuple[int, ...]] = (403, 422)


class RecipientOptedOut(TwilioRefused):
    """The recipient has sent STOP to this sender (Twilio's error 21610); do not try again."""

    status = 422
    code = "recipient_opted_out"
    more_statuses = ()


class TwilioUnavailable(TwilioFailure):
    """Twilio did not process the request, which is not the caller's error; nothing was placed or sent."""

    status = 502
    code = "twilio_unavailable"
    more_statuses = (503,)


class OutcomeUnknown(TwilioFailure):
    """The request reached Twilio, or may have; whether a call was placed or a message sent is not known."""

    status = 504
    code = "outcome_unknown"
    more_statuses = (502,)


class NotConfigured(ApiError):
    """Settings are missing or malformed; `settings` in the answer names each, without its value."""

    status = 503
    code = "not_configured"

    def __init__(self, problems: Mapping[str, str]) -> None:
        """Set the problems that were found: the setting's name, and what is wrong with it."""
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in problems.items()))
        self.problems = dict(problems)

    def members(self) -> dict[str, Any]:
        """Return the wrong settings, one object each."""
        return {"settings": tuple(SettingIssue(name, problem) for name, problem in self.problems.items())}


class StorageUnavailable(ApiError):
    """The tables cannot be reached, or reject the app's credentials."""

    status = 503
    code = "storage_unavailable"


def statuses_of(kind: type[ApiError]) -> tuple[int, ...]:
    """Return the statuses that errors of a class can have, the usual one first."""
    return (kind.status, *kind.more_statuses)
