"""Twilio's errors: code, message and HTTP status (https://www.twilio.com/docs/api/errors)."""

from typing import Any

WORDS: dict[int, tuple[int, str]] = {
    20001: (400, "{}"),
    20003: (401, "Authenticate"),
    20004: (405, "Method not allowed"),
    20009: (409, "Message cannot be redacted because delivery is not finished"),
    20010: (409, "Could not delete the resource because its {} has not finished"),
    20404: (404, "The requested resource {} was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service is unavailable. Please try again"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url is not a valid URL: {}"),
    21206: (400, "SendDigits is not valid: {}"),
    21208: (400, "Timeout is not valid: {}"),
    21209: (400, "Invalid HTTP method: {}"),
    21210: (
        400,
        "The source phone number provided, {}, is not yet verified for your account. You may only make calls from "
        "phone numbers that you've verified or purchased from Twilio.",
    ),
    21211: (400, "Invalid 'To' Phone Number: {}"),
    21212: (400, "Invalid 'From' Phone Number: {}"),
    21213: (400, "No 'From' number is specified"),
    21214: (400, "'To' phone number cannot be reached: {}"),
    21215: (400, "Account not authorized to call {}. Perhaps you need to enable some international permissions."),
    21216: (400, "Account not allowed to call {}"),
    21217: (400, "Phone number does not appear to be valid: {}"),
    21220: (400, "Call is not in-progress. Cannot redirect."),
    21234: (400, "Invalid Machine Detection configuration value: {}"),
    21401: (400, "Invalid Phone Number: {}"),
    21402: (400, "Invalid Url: {}"),
    21403: (400, "Invalid Method: {}"),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {}"),
    21450: (400, "Phone number already validated for your account: {}"),
    21454: (400, "CallDelay must be between 0 and 60: {}"),
    21456: (400, "The StatusCallback URL {} is not a valid URL."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (
        400,
        "The 'From' phone number provided ({}) is not a valid message-capable Twilio phone number for this destination",
    ),
    21609: (400, "The StatusCallback URL {} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number has exceeded the maximum number of queued messages: {}"),
    21612: (400, "The 'To' phone number: {}, is not currently reachable using the 'From' phone number"),
    21614: (400, "'To' number: {}, is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21620: (400, "Invalid media URL(s): {}"),
    21623: (400, "Number of media files exceeds allowed limit"),
    21624: (400, "Invalid validity period value: {}"),
    21626: (400, "Invalid 'StatusCallbackEvent': {}"),
    21701: (400, "The Messaging Service does not exist: {}"),
    13216: (400, "Invalid TimeLimit value ({})"),
    30409: (409, "The message cannot be canceled because it is not scheduled"),
    32018: (400, "Twiml size exceeded maximum allowed value of 4000 characters"),
    35111: (400, "SendAt timestamp is missing"),
    35114: (400, "SendAt time must be between 300 seconds and 35 days (3024000 seconds) in the future, inclusive: {}"),
    35118: (400, "MessagingServiceSid is required to schedule a message"),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
}


class TwilioError(Exception):
    """An error answer of the REST API."""

    def __init__(self, code: int, about: object = "") -> None:
        self.code = code
        self.status, words = WORDS[code]
        self.message = words.format(about)
        super().__init__(f"{code}: {self.message}")

    def body(self) -> dict[str, Any]:
        """Return the JSON that Twilio sends."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
