"""Regular expressions for SIDs, phone numbers, SIP addresses and client names; the one definition of each."""

from __future__ import annotations

HEX_32 = "[0-9a-fA-F]{32}"
SID = f"[A-Z]{{2}}{HEX_32}"
ACCOUNT_SID = f"AC{HEX_32}"
API_KEY_SID = f"SK{HEX_32}"
CALL_SID = f"CA{HEX_32}"
MESSAGE_SID = f"(SM|MM){HEX_32}"
MESSAGING_SERVICE_SID = f"MG{HEX_32}"
TWIML_APP_SID = f"AP{HEX_32}"

# https://www.twilio.com/docs/glossary/what-e164
E164 = r"\+[1-9][0-9]{1,14}"
SHORT_CODE = "[0-9]{3,8}"
# https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id
ALPHANUMERIC_SENDER = "(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}"
# The same characters, but too many.
LONG_SENDER = "(?=.*[A-Za-z]{2})[A-Za-z0-9 &+_-]{12,64}"

# No braces: in a script they begin a placeholder.
SIP = r"(?i:sips?):[^\s@<>\"{}]+@[^\s@<>\"{}]+"
IDENTITY = r"[^\s,;{}\x00-\x1f]{1,256}"
CLIENT = f"client:{IDENTITY}"
# Custom parameters: https://www.twilio.com/docs/voice/api/conference-participant-resource#create-a-participant
CLIENT_WITH_PARAMETERS = r"client:[^\s,;?{}\x00-\x1f]{1,256}(\?[^\s\x00-\x1f]{1,800})?"
# What an access token may have: https://www.twilio.com/docs/voice/sdks/javascript/twiliodevice
TOKEN_IDENTITY = "[A-Za-z0-9_]{1,121}"
# What a SIP or client leg may show as its caller.
CALLER_NAME = "[A-Za-z][A-Za-z0-9._+-]{0,63}"
