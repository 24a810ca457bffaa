"""The verbs of voice TwiML that are simulated: one module each, one function each.

A verb is `async def verb(session, element)`. It returns None to go on with the next verb, or the source of the document
that takes over; it raises `HangUp` to end the call.
"""

from ..session import Verb
from .connect import connect
from .dial import dial
from .echo import echo
from .enqueue import enqueue
from .gather import gather
from .hangup import hangup
from .leave import leave
from .pause import pause
from .play import play
from .queue import queue
from .record import record
from .redirect import redirect
from .refer import refer
from .reject import reject
from .say import say
from .sms import sms
from .start import start
from .stop import stop

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
