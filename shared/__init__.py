"""What the functions have in common; one idea a module. Nothing here imports a function folder."""

import logging

# At INFO these libraries write a line a request: as costly as the request itself, and with phone numbers in its URL.
for library in ("azure", "twilio", "aiohttp"):
    logging.getLogger(library).setLevel(logging.WARNING)
