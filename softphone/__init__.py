"""GET /api/softphone: a page that makes and receives calls in the browser. GET /api/softphone/{file}: its files.

The page and its files are public and contain no data; it asks access_token for a token, with the function key that the
user types. Its scripts come from this app only. Twilio's Voice SDK is not in the repository: `python3 -m dev` copies it
from npm into `softphone/page/vendor`, which is deployed with the app.

https://www.twilio.com/docs/voice/sdks/javascript
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import azure.functions as func

from shared.contract.operation import page_operations
from shared.errors import NotConfigured
from shared.settings import settings
from shared.static_page import StaticPage

bp = func.Blueprint()

# https://www.npmjs.com/package/@twilio/voice-sdk, "Content Security Policy"
TWILIO = (
    "https://eventgw.twilio.com https://eventgw.us1.twilio.com wss://voice-js.roaming.twilio.com"
    " https://media.twiliocdn.com https://sdk.twilio.com"
)
OPERATIONS = page_operations("Softphone")
PAGE = StaticPage(Path(__file__).parent / "page")


@bp.route(route="softphone/{file?}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def softphone(req: func.HttpRequest) -> func.HttpResponse:
    """Serve a file of the page."""
    # The page makes its sounds itself, so they are blobs.
    sources = {"connect-src": f"'self' blob: {signaling()}", "media-src": "blob: mediastream:"}
    return PAGE.serve(req, sources)


def signaling() -> str:
    """Return where the SDK connects to: Twilio, or the emulator."""
    try:
        emulator = urlsplit(settings().twilio_api_base_url).netloc
    except NotConfigured:
        return TWILIO
    return f"ws://{emulator}" if emulator else TWILIO
