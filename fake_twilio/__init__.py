"""A local Twilio emulator: REST API, phones in the browser, TwiML and signed webhooks on 127.0.0.1.

It shares no code with the app. Start it with `python -m fake_twilio`; tests use `fake_twilio.testing`.
"""
