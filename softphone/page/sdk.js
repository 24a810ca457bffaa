// Loads Twilio's Voice SDK, and connects it to the emulator in development.

/** Loads the SDK once; `signaling` is the emulator's host and port, if there is one. Returns the SDK's namespace. */
export async function loadSdk(signaling) {
  if (window.Twilio) return window.Twilio;
  // The SDK keeps the WebSocket that it finds when it is loaded, and always connects with TLS, which the emulator has not.
  if (signaling) useWithoutTls(signaling);
  const script = document.createElement("script");
  script.src = "softphone/twilio.min.js";
  await new Promise((resolve, reject) => {
    script.addEventListener("load", resolve);
    script.addEventListener("error", () =>
      reject(new Error("Twilio's Voice SDK is missing in the app: run `python3 -m dev pages` and deploy again.")),
    );
    document.head.append(script);
  });
  return window.Twilio;
}

function useWithoutTls(signaling) {
  const secure = `wss://${signaling}/`;
  window.WebSocket = class extends WebSocket {
    constructor(url, protocols) {
      super(String(url).startsWith(secure) ? `ws://${String(url).slice("wss://".length)}` : url, protocols);
    }
  };
}

/** The SDK's options that only the emulator needs: where to connect, and to publish no statistics. */
export function emulatorOptions(signaling) {
  return signaling ? { chunderw: signaling, publishEvents: false } : {};
}
