"""The verbs of voice TwiML that are simulated: one module and one function each.

A verb is `async def verb(session, element)`. It returns None to go on with the next verb, or the source of the document
that takes over; it raises `HangUp` to end the call.
"""

from fake_twilio.voice.session import Verb
from fake_twilio.voice.verbs.connect import connect
from fake_twilio.voice.verbs.dial.dial import dial
from fake_twilio.voice.verbs.dial.queue import queue
from fake_twilio.voice.verbs.echo import echo
from fake_twilio.voice.verbs.enqueue import enqueue
from fake_twilio.voice.verbs.gather import gather
from fake_twilio.voice.verbs.hangup import hangup
from fake_twilio.voice.verbs.leave import leave
from fake_twilio.voice.verbs.pause import pause
from fake_twilio.voice.verbs.play import play
from fake_twilio.voice.verbs.record import record
from fake_twilio.voice.verbs.redirect import redirect
from fake_twilio.voice.verbs.refer import refer
from fake_twilio.voice.verbs.reject import reject
from fake_twilio.voice.verbs.say import say
from fake_twilio.voice.verbs.sms import sms
from fake_twilio.voice.verbs.start import start
from fake_twilio.voice.verbs.stop import stop

VERBS: dict[str, Verb] = {
    "Connect": connect,
    "Dial": dial,
    "Echo": echo,
    "Enqueue": enqueue,
    "Gather": gather,
    "Hangup": hangup,
    "Leave": leave,
    "Pause": pause,
    "Play": play,
    "Queue": queue,
    "Record": record,
    "Redirect": redirect,
    "Refer": refer,
    "Reject": reject,
    "Say": say,
    "Sms": sms,
    "Start": start,
    "Stop": stop,
}
