// One device of Twilio's Voice SDK, with at most one call: https://www.twilio.com/docs/voice/sdks/javascript

import { emulatorOptions, loadSdk } from "./sdk.js";
import { sounds } from "./sounds.js";

export class Phone {
  device = null;
  call = null;
  incoming = null;
  /** When the call was answered. */
  since = null;
  /** Whether calls have no audio: the emulator relays none. */
  silent = false;

  /** `on` has `token`, which asks for a token, and the listeners `onState`, `onCall` and so on. */
  constructor(on) {
    this.on = on;
  }

  /** Registers; throws an error in words. */
  async start() {
    const { token, signaling } = await this.on.token();
    const { Device } = await loadSdk(signaling);
    this.silent = Boolean(signaling);
    this.device = new Device(token, {
      sounds: sounds(),
      tokenRefreshMs: 30_000,
      enableImprovedSignalingErrorPrecision: true,
      logLevel: "error",
      ...emulatorOptions(signaling),
    });
    for (const state of ["registering", "registered", "unregistered", "destroyed"])
      this.device.on(state, () => this.on.onState(state));
    this.device.on("error", (error) => this.on.onProblem(error));
    this.device.on("incoming", (call) => this.ring(call));
    this.device.on("tokenWillExpire", () => this.renew());
    this.device.audio.on("deviceChange", () => this.tellDevices());
    this.tellDevices();
    this.device.register();
  }

  async renew() {
    try {
      this.device.updateToken((await this.on.token()).token);
    } catch (error) {
      this.on.onProblem(`You will be signed out soon: ${error.message}`);
    }
  }

  stop() {
    this.device?.destroy();
  }

  async place(to) {
    if (this.call) return;
    try {
      this.follow(await this.device.connect({ params: { To: to } }), to);
    } catch (error) {
      this.on.onProblem(error);
    }
  }

  ring(call) {
    this.incoming = call;
    this.on.onIncoming(call);
    for (const end of ["cancel", "reject", "accept", "disconnect"]) call.on(end, () => this.ringingEnds(call));
    call.on("error", (error) => this.on.onProblem(error));
  }

  ringingEnds(call) {
    if (this.incoming !== call) return;
    this.incoming = null;
    this.on.onIncoming(null);
  }

  answer() {
    const call = this.incoming;
    this.follow(call, call.parameters.From);
    call.accept();
  }

  reject() {
    this.incoming.reject();
  }

  /** Shows a call until its end. */
  follow(call, who) {
    this.call = call;
    this.since = null;
    const show = () => this.call === call && this.on.onCall(call, call.status(), who);
    const end = () => {
      if (this.call !== call) return;
      this.call = this.since = null;
      this.on.onCall(null);
    };
    call.on("ringing", show);
    call.on("accept", () => {
      this.since ??= Date.now();
      show();
      this.tellDevices();
    });
    call.on("mute", show);
    call.on("reconnecting", show);
    call.on("reconnected", () => queueMicrotask(show)); // the SDK sets the status after it has told us
    call.on("error", (error) => {
      this.on.onProblem(error);
      if (call.status() === "closed") end();
    });
    call.on("volume", (input, output) => this.on.onLevels(input, output));
    call.on("warning", (name) => this.on.onWarning(name, true));
    call.on("warning-cleared", (name) => this.on.onWarning(name, false));
    for (const event of ["disconnect", "cancel", "reject"]) call.on(event, end);
    // Before the answer a call does not outlast its connection, and the device would stay busy for ever.
    call.on("transportClose", () => queueMicrotask(() => call.status() === "closed" && this.call === call && this.restart()));
    show();
  }

  async restart() {
    this.device.destroy();
    this.call = this.since = null;
    this.on.onCall(null);
    await this.start().catch((error) => this.on.onProblem(error.message));
    this.on.onProblem("The connection was lost, and the call with it.");
  }

  hangUp() {
    this.call?.disconnect();
  }

  mute() {
    this.call?.mute(!this.call.isMuted());
  }

  /** Presses a key in the call; returns whether there is one that can hear it. */
  press(key) {
    if (this.call?.status() !== "open") return false;
    this.call.sendDigits(key);
    return true;
  }

  tellDevices() {
    const { audio } = this.device;
    this.on.onDevices({
      microphones: [...audio.availableInputDevices.values()],
      speakers: [...audio.availableOutputDevices.values()],
      canChooseSpeaker: audio.isOutputSelectionSupported,
    });
  }

  async chooseMicrophone(id) {
    await this.device.audio.setInputDevice(id).catch((error) => this.on.onProblem(error));
  }

  async chooseSpeaker(id) {
    await this.device.audio.speakerDevices.set(id).catch((error) => this.on.onProblem(error));
  }

  async playTestTone() {
    await this.device.audio.speakerDevices.test().catch((error) => this.on.onProblem(error));
  }
}
