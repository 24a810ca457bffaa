// The way to the fake Twilio: its state as server-sent events, and what a person does on a phone as requests.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 4000;

/**
 * Follows the state for as long as the page is open. The waiting is ours, not EventSource's own: that gives up for good
 * when the server answers with an error.
 */
export function follow({ onState, onLost }) {
  let wait = FIRST_WAIT;
  const open = () => {
    const source = new EventSource("/_phones/events");
    source.addEventListener("message", (event) => {
      wait = FIRST_WAIT;
      onState(JSON.parse(event.data));
    });
    source.addEventListener("error", () => {
      source.close();
      onLost();
      setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
  };
  open();
}

/** Does something on a phone; throws an Error with words for a person when it cannot be done. */
export function act(number, action, body = {}) {
  return post(`/_phones/${encodeURIComponent(number)}/${action}`, body);
}

export function addPhone(number) {
  return post("/_phones", { number });
}

/** Where the page itself can hear a recording: Twilio's own address asks for a password. */
export function recordingAddress(sid) {
  return `/_phones/recordings/${encodeURIComponent(sid)}.wav`;
}

/** A webhook with what was sent and what came back. */
export async function webhookInFull(id) {
  const response = await request(`/_phones/webhooks/${id}`);
  return response.json();
}

function post(path, body) {
  return request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The fake Twilio does not answer");
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail ?? `The fake Twilio answered ${response.status}`);
}

/** Sends keys in the order in which they were pressed: what is pressed during a request goes with the next one. */
export function keySender(number, onProblem) {
  const waiting = new Map();
  let sending = false;
  return async function press(sid, key) {
    waiting.set(sid, (waiting.get(sid) ?? "") + key);
    if (sending) return;
    sending = true;
    for (let [next] = waiting; next; [next] = waiting) {
      const [call, digits] = next;
      waiting.delete(call);
      await act(number, "digits", { digits, sid: call }).catch(onProblem);
    }
    sending = false;
  };
}
