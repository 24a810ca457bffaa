"""Twilio Client: browsers and apps with Twilio's Voice SDK, which register, call and are called over a WebSocket.

The protocol is private to Twilio. What is here was read in the JavaScript SDK (npm @twilio/voice-sdk, 2.18.5), and a
test drives that SDK unchanged. It shows the SDK's side only: what else Twilio's own servers check or send is unknown.
"""
