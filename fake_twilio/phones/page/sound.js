// The ring tone and the tones of the keys, made by the browser.

const RING_EVERY = 2800;
const MELODY = [
  [0, 659.3],
  [0.13, 784],
  [0.26, 987.8],
  [0.39, 1318.5],
  [0.65, 987.8],
  [0.78, 1318.5],
];
const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477];
const KEYS = "123456789*0#";

let context = null;
let ringTone = true;
let ringing = false;
let timer = null;

// A browser lets a page make sounds only after the first click or key.
for (const gesture of ["pointerdown", "keydown"]) {
  addEventListener(gesture, () => {
    if (!context && "AudioContext" in window) {
      context = new AudioContext();
      renew();
    }
    if (context?.state === "suspended") context.resume().catch(() => {});
  });
}

export function allowRingTone(allowed) {
  ringTone = allowed;
  renew();
}

export function ring(isRinging) {
  if (ringing === isRinging) return;
  ringing = isRinging;
  renew();
}

/** The two tones of a key of the keypad. */
export function keyTone(key) {
  const place = KEYS.indexOf(key);
  if (place < 0) return;
  for (const frequency of [ROWS[Math.floor(place / 3)], COLUMNS[place % 3]]) note(frequency, 0, 0.14, 0.06, "sine");
}

/** Before a recording begins. */
export function beep() {
  note(1000, 0, 0.35, 0.07, "sine");
}

function renew() {
  const wanted = ringing && ringTone && context !== null;
  if (wanted && timer === null) {
    playMelody();
    timer = setInterval(playMelody, RING_EVERY);
  } else if (!wanted && timer !== null) {
    clearInterval(timer);
    timer = null;
  }
}

function playMelody() {
  for (const [after, frequency] of MELODY) note(frequency, after, 0.5, 0.08, "triangle");
}

function note(frequency, after, seconds, loudness, shape) {
  if (context?.state !== "running") return;
  const start = context.currentTime + after;
  const oscillator = new OscillatorNode(context, { frequency, type: shape });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(loudness, start + 0.01);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + seconds);
  oscillator.connect(volume).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + seconds);
}
