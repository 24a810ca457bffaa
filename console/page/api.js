// Requests to the app's routes. The key is kept in this tab only, and sent as a header, never in an address.

const KEY = "console-key";

export const hasKey = () => sessionStorage.getItem(KEY) !== null;
export const setKey = (key) => sessionStorage.setItem(KEY, key);
export const forgetKey = () => sessionStorage.removeItem(KEY);

/** An answer that is no success: its status, and the app's problem. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? (status ? `The app answers ${status}.` : "The app cannot be reached. Check the network."));
    this.status = status;
    this.body = body;
  }

  /** Whether the same request may succeed later: the network or the app's storage is away. */
  get isTemporary() {
    return this.status === 0 || this.status >= 500;
  }
}

/** Sends a request to a route; returns `{body, headers}`, or throws a Problem. */
export async function request(route, { method = "GET", json, headers = {}, text = false } = {}) {
  const key = sessionStorage.getItem(KEY);
  const given = { ...headers, ...(key ? { "x-functions-key": key } : {}) };
  if (json !== undefined) given["content-type"] = "application/json";
  let answer;
  try {
    answer = await fetch(route, { method, headers: given, body: json === undefined ? undefined : JSON.stringify(json) });
  } catch {
    throw new Problem(0, {});
  }
  const body = text && answer.ok ? await answer.text() : await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(answer.status, body);
  return { body, headers: answer.headers };
}
