"""Code that the functions have in common. Nothing here imports a function folder."""

import logging

# At INFO these libraries log one line per request, as expensive as the request, with phone numbers in its URL.
for library in ("azure", "twilio", "aiohttp"):
    logging.getLogger(library).setLevel(logging.WARNING)
