// The SDK's fifteen sounds, made here: no request leaves for them. Frequencies of keys: ITU-T Q.23.

const RATE = 8000;
const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477];
export const KEYS = "123456789*0#";

/** A WAV file as the address of a blob: for each part `[frequencies, seconds]`, and a pause without frequencies. */
function wav(...parts) {
  const samples = parts.flatMap(([frequencies, seconds]) => tone(frequencies, Math.round(seconds * RATE)));
  const view = new DataView(new ArrayBuffer(44 + samples.length));
  const text = (at, letters) => [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  text(36, "data");
  view.setUint32(40, samples.length, true);
  samples.forEach((sample, i) => view.setUint8(44 + i, sample));
  return URL.createObjectURL(new Blob([view], { type: "audio/wav" }));
}

/** Samples of 8 bits; the ends fade, so that they do not click. */
function tone(frequencies, length) {
  return Array.from({ length }, (_, i) => {
    const fade = Math.min(1, i / 80, (length - 1 - i) / 80);
    const sum = frequencies.reduce((wave, hertz) => wave + Math.sin((2 * Math.PI * hertz * i) / RATE), 0);
    return Math.round(128 + (frequencies.length ? (40 * fade * sum) / frequencies.length : 0));
  });
}

/** The option `sounds` of the SDK. */
export function sounds() {
  const names = { "*": "dtmfs", "#": "dtmfh" };
  const keys = [...KEYS].map((key, place) => [
    names[key] ?? `dtmf${key}`,
    wav([[ROWS[Math.floor(place / 3)], COLUMNS[place % 3]], 0.12]),
  ]);
  return {
    incoming: wav([[440, 480], 1], [[], 2]),
    outgoing: wav([[523], 0.12], [[659], 0.16]),
    disconnect: wav([[659], 0.12], [[523], 0.16]),
    ...Object.fromEntries(keys),
  };
}
