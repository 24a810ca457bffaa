"""Every failure that a caller is told about.

    ApiError                    any of them; becomes an RFC 9457 problem (shared/responses.py)
    ├── InvalidRequest          400  the request is wrong; names each field
    ├── CountryNotAllowed       403  ALLOWED_COUNTRIES does not hold the number's country
    ├── NotFound                404  no such call, message or script
    ├── KeyInUse                409  a request with this Idempotency-Key is being worked on
    ├── PreconditionFailed      412  what If-Match names has changed since
    ├── KeyReused               422  this Idempotency-Key came before with another body
    ├── TwilioRefused           4xx  Twilio said no; carries Twilio's code and words
    │   └── RecipientOptedOut   422  the recipient has sent STOP
    ├── TwilioUnavailable       502, 503  Twilio cannot be reached, is busy, or does not know our credentials
    ├── OutcomeUnknown          504, 502  the request went out and no usable answer came back
    ├── NotConfigured           503  settings are missing or malformed; names them
    └── StorageUnavailable      503  the tables cannot be reached

`code` is ours and stable; callers may branch on it. `detail` is for people and may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field of a request."""

    field: str
    detail: str


class ApiError(Exception):
    """A failure with an HTTP status, a stable code and words for the caller."""

    status: int = 500
    code: ClassVar[str] = "internal_error"

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        """Keep `detail`, one or two sentences that hold no secret, and headers for the answer."""
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})

    def members(self) -> dict[str, object]:
        """Return what the problem holds beside type, title, status, detail and code."""
        return {}


class InvalidRequest(ApiError):
    """The request is wrong: `errors` holds every fault found, each with its field."""

    status = 400
    code = "invalid_request"

    def __init__(self, *errors: FieldError) -> None:
        """Take every fault found, at least one."""
        one = f"{errors[0].field}: {errors[0].detail}"
        super().__init__(one if len(errors) == 1 else f"The request has {len(errors)} faults; `errors` holds them.")
        self.errors = errors

    def members(self) -> dict[str, object]:
        """Return the faults, one object a field."""
        return {"errors": [{"field": error.field, "detail": error.detail} for error in self.errors]}


class CountryNotAllowed(ApiError):
    """The number belongs to a country that ALLOWED_COUNTRIES does not hold."""

    status = 403
    code = "country_not_allowed"


class NotFound(ApiError):
    """There is no such call or message in the log, or no such script."""

    status = 404
    code = "not_found"


class KeyInUse(ApiError):
    """Another request with the same Idempotency-Key has not been answered yet."""

    status = 409
    code = "idempotency_key_in_use"


class PreconditionFailed(ApiError):
    """What the request is about is not the version that it names."""

    status = 412
    code = "precondition_failed"


class KeyReused(ApiError):
    """The Idempotency-Key came before with a different body."""

    status = 422
    code = "idempotency_key_reused"


@dataclass(frozen=True, slots=True)
class TwilioError:
    """What Twilio said: its code (https://www.twilio.com/docs/api/errors), and its words."""

    code: int
    message: str

    @property
    def more_info(self) -> str:
        """The page that explains the code."""
        return f"https://www.twilio.com/docs/errors/{self.code}"


class TwilioFailure(ApiError):
    """Something that Twilio said or failed to say; carries Twilio's own code where there is one."""

    def __init__(
        self,
        detail: str,
        *,
        status: int | None = None,
        twilio: TwilioError | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Keep Twilio's answer beside our own words; `status` overrides the class's."""
        super().__init__(detail, headers=headers)
        self.status = status or type(self).status
        self.twilio = twilio

    def members(self) -> dict[str, object]:
        """Return Twilio's code, message and page."""
        if self.twilio is None:
            return {}
        return {
            "twilio": {
                "code": self.twilio.code,
                "message": self.twilio.message,
                "more_info": self.twilio.more_info,
            }
        }


class TwilioRefused(TwilioFailure):
    """Twilio said no to what was asked; asking the same again will not help."""

    status = 400
    code = "twilio_refused"


class RecipientOptedOut(TwilioRefused):
    """The recipient has sent STOP to this sender (Twilio's 21610); never try again."""

    status = 422
    code = "recipient_opted_out"


class TwilioUnavailable(TwilioFailure):
    """Twilio did not do what was asked, for no fault of the caller's; nothing was placed or sent."""

    status = 502
    code = "twilio_unavailable"


class OutcomeUnknown(TwilioFailure):
    """The request reached Twilio, or may have; whether a call or text came of it is not known."""

    status = 504
    code = "outcome_unknown"


class NotConfigured(ApiError):
    """Settings are missing or malformed; `problems` maps each name to what is wrong, never to its value."""

    status = 503
    code = "not_configured"

    def __init__(self, problems: Mapping[str, str]) -> None:
        """Take every problem found: the setting's name, and what is wrong with it."""
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in problems.items()))
        self.problems = dict(problems)

    def members(self) -> dict[str, object]:
        """Return the settings, one object each."""
        return {"settings": [{"name": name, "detail": problem} for name, problem in self.problems.items()]}


class StorageUnavailable(ApiError):
    """The tables cannot be reached or refuse us."""

    status = 503
    code = "storage_unavailable"
