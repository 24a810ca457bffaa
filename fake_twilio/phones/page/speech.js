// Speaks the words of Say with the browser's voices; without voices, the words are only shown.

const synth = window.speechSynthesis ?? null;
const LAST_WORDS = 4000; // a call that ended by itself may finish its sentence

const started = new Set();
const ending = new Set();
let queue = [];
let current = null;
let aloud = true;

export function allowSpeech(allowed) {
  aloud = allowed;
  if (!allowed) silence(() => true);
}

/** Speaks each running Say once, and stops when its call is over. */
export function speakFor(phones) {
  const live = new Set();
  for (const phone of phones) {
    for (const call of phone.calls) {
      if (call.status !== "in-progress") continue;
      live.add(call.sid);
      for (const step of call.steps) {
        const key = `${call.sid}/${step.at}`;
        if (step.verb !== "Say" || step.state !== "now" || started.has(key)) continue;
        started.add(key);
        say(call.sid, step);
      }
    }
  }
  for (const { sid } of current ? [current, ...queue] : queue) {
    if (live.has(sid) || ending.has(sid)) continue;
    ending.add(sid);
    setTimeout(() => stopSpeaking(sid), LAST_WORDS);
  }
}

/** Stops speaking immediately, because the person has hung up. */
export function stopSpeaking(sid) {
  silence((line) => line.sid === sid);
}

function say(sid, step) {
  if (!synth || !aloud || synth.getVoices().length === 0) return;
  const times = step.loop === 0 ? 1000 : Math.max(1, step.loop ?? 1);
  queue.push({ sid, text: step.text, language: step.language, times });
  if (!current) next();
}

function next() {
  current = queue.shift() ?? null;
  if (!current) return;
  const line = current;
  const utterance = new SpeechSynthesisUtterance(line.text);
  utterance.lang = line.language || "en-US";
  utterance.voice = voiceFor(utterance.lang);
  const over = () => {
    if (current !== line) return;
    line.times -= 1;
    if (line.times > 0) queue.unshift(line);
    next();
  };
  utterance.addEventListener("end", over);
  utterance.addEventListener("error", () => {
    line.times = 0;
    over();
  });
  synth.speak(utterance);
}

function silence(which) {
  queue = queue.filter((line) => !which(line));
  if (!current || !which(current)) return;
  current = null;
  synth.cancel();
  next();
}

/** The voice for exactly this language and region, else for the language, else the browser's own choice. */
function voiceFor(language) {
  const wanted = language.toLowerCase();
  const voices = synth.getVoices().map((voice) => [voice.lang.toLowerCase().replace("_", "-"), voice]);
  const exact = voices.find(([lang]) => lang === wanted);
  const near = voices.find(([lang]) => lang.split("-")[0] === wanted.split("-")[0]);
  return (exact ?? near)?.[1] ?? null;
}

// Browsers load their voices when first asked.
synth?.getVoices();
