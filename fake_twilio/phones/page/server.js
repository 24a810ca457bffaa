// The connection to the emulator: its state comes as server-sent events, actions on a phone are requests.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 4000;

/**
 * Receives the state for as long as the page is open. It reconnects by itself, because EventSource gives up permanently
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

/** Does something on a phone; throws an Error with a message for the person if it is not possible. */
export function act(number, action, body = {}) {
  return post(`/_phones/${encodeURIComponent(number)}/${action}`, body);
}

export function addPhone(number) {
  return post("/_phones", { number });
}

/** The address of a recording for the page: the one of the REST API needs a password. */
export function recordingAddress(sid) {
  return `/_phones/recordings/${encodeURIComponent(sid)}.wav`;
}

/** A webhook with its request and its answer. */
export async function webhookInFull(id) {
  const response = await request(`/_phones/webhooks/${id}`);
  return response.json();
}

export function replayWebhook(id) {
  return post(`/_phones/webhooks/${id}/replay`, {});
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
    throw new Error("The emulator does not answer");
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail ?? `The emulator answered ${response.status}`);
}

/** Sends keys in the order in which they were pressed; keys pressed during a request go with the next request. */
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
