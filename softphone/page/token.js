// Access tokens from the app. The key is kept in this tab only, and sent as a header, never in an address.

const KEY = "softphone-key";
const IDENTITY = "softphone-identity";

export const remembered = () => ({
  identity: sessionStorage.getItem(IDENTITY) ?? "",
  key: sessionStorage.getItem(KEY) ?? "",
});

export function remember(identity, key) {
  sessionStorage.setItem(IDENTITY, identity);
  sessionStorage.setItem(KEY, key);
}

export function forget() {
  sessionStorage.removeItem(IDENTITY);
  sessionStorage.removeItem(KEY);
}

/** Asks for a token; returns the app's answer, or throws an error in words. */
export async function askForToken(identity, key) {
  const headers = { "content-type": "application/json", ...(key ? { "x-functions-key": key } : {}) };
  let answer;
  try {
    answer = await fetch("access_token", { method: "POST", headers, body: JSON.stringify({ identity }) });
  } catch {
    throw new Error("The app cannot be reached. Check the network.");
  }
  if (answer.status === 401) throw new Error("This function key is not accepted.");
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.detail ?? `The app answers ${answer.status}.`);
  return body;
}
