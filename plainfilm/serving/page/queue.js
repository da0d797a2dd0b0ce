// Sending films: each by itself, two at a time. What the server does not take stays waiting and is sent again.

import { Away, Problem, isAlive, predict } from "./api.js";
import { changed, isAnswered, visit } from "./films.js";
import { currentLanguage } from "./words.js";

const AT_ONCE = 2;
const POLL_MS = 2000;
const LONGEST_WAIT_S = 30;
const [TOO_FEW, ABROAD] = ["too-few", "abroad"]; // places, as the server calls them
const TRIES = 3; // of a film whose connection breaks although the server is alive

export const line = { isAway: false, wantsToken: false };
const places = new Map(); // model -> {place, seen}: where its films come from, told after so many
let underWay = 0;
let pausedUntil = 0;
let returned = async () => true;

/** Call `listener` when the server is back, before it is sent anything; it tells whether the page can go on. */
export function onReturn(listener) {
  returned = listener;
}

/** Send what waits; then ask for the sentences that are missing in the language shown. */
export function pump() {
  if (line.isAway || line.wantsToken || !visit.models.length) return;
  const pauseMs = pausedUntil - Date.now();
  if (pauseMs > 0) {
    setTimeout(pump, pauseMs);
    return;
  }
  while (underWay < AT_ONCE) {
    const film = visit.films.find((entry) => entry.state === "waiting") ?? visit.films.find(isMute);
    if (!film) return;
    underWay += 1;
    (film.state === "waiting" ? send(film) : translate(film)).finally(() => {
      underWay -= 1;
      changed(film);
      pump();
    });
  }
}

/** Whether a film was answered, but what was said of it is not up to date, and nobody asks for that. */
function isMute(film) {
  const isDone = isAnswered(film) || film.state === "failed";
  return isDone && !film.isAsked && film.problem?.code !== "connection-broke" && (!film.words[currentLanguage()] || isEarly(film));
}

/** Whether what films that came later said of their place is not told of this one; who is told "abroad" is not asked again. */
function isEarly(film) {
  const [then, now] = [film.answer?.watched?.verdict, places.get(film.model)?.place];
  return Boolean(then && now) && ![now, ABROAD].includes(then) && film.askedAt !== now;
}

/** Keep what an answer says of the place of its model's films, unless a later one has said it. */
function learn(model, watched) {
  if (!watched || watched.verdict === TOO_FEW || watched.films_seen < places.get(model)?.seen) return;
  places.set(model, { place: watched.verdict, seen: watched.films_seen });
}

async function send(film) {
  const language = currentLanguage();
  film.state = "sending";
  film.tries += 1;
  changed(film);
  const { model, isOverridden } = film;
  try {
    const { film: picture, ...answer } = await predict(film.blob, { model, language, isOverridden, withFilm: true });
    film.picture = new Blob([decoded(picture.png)], { type: "image/png" });
    film.answer = answer;
    learn(model, answer.watched);
    film.words[language] = sentences(answer);
    film.state = "answered";
  } catch (error) {
    film.state = "waiting";
    if (await mustWait(error)) return;
    film.problem = error instanceof Problem ? error : { code: "connection-broke" };
    if (error instanceof Problem) film.words[language] = { problem: error.message };
    if (error instanceof Problem || film.tries >= TRIES) film.state = "failed";
  }
}

/** Ask again for what is said of a film: in the language shown, and by what is known of its place by now. */
async function translate(film) {
  const language = currentLanguage();
  const { model, isOverridden, words, askedAt } = film;
  film.isAsked = true;
  film.askedAt = places.get(model)?.place; // once for each place, whatever the server says then
  try {
    const answer = await predict(film.blob, { model, language, isOverridden, withFilm: false });
    if (film.words !== words) return; // it was sent anew meanwhile
    learn(model, answer.watched);
    film.words = { ...(isSame(answer, film.answer) ? words : {}), [language]: sentences(answer) };
    film.answer = answer;
  } catch (error) {
    if (await mustWait(error)) {
      film.askedAt = askedAt;
      return;
    }
    const isSaid = error instanceof Problem && film.state === "failed";
    words[language] = isSaid ? { problem: error.message } : Object.values(words)[0];
  } finally {
    film.isAsked = false;
  }
}

/** Whether two answers for a film say the same. */
function isSame(one, other) {
  const said = (answer) => JSON.stringify([answer?.stance, answer?.promised, answer?.watched?.verdict]);
  return said(one) === said(other);
}

/** Whether a failure says nothing about the film: the server is busy, away, or wants a token. */
async function mustWait(error) {
  if (error instanceof Problem && error.status === 503) {
    pausedUntil = Date.now() + 1000 * Math.min(error.retryAfterS, LONGEST_WAIT_S);
    return true;
  }
  if (error instanceof Problem && error.status === 401) {
    line.wantsToken = true;
    return true;
  }
  if (!(error instanceof Away)) {
    if (error instanceof Problem) return false;
    throw error;
  }
  if (await isAlive()) return false;
  goAway();
  return true;
}

/** The server is gone: say so, and look for it until it is back. */
export function goAway() {
  if (line.isAway) return;
  line.isAway = true;
  changed();
  setTimeout(look, POLL_MS);
}

async function look() {
  if (!(await isAlive()) || !(await returned())) {
    setTimeout(look, POLL_MS);
    return;
  }
  line.isAway = false;
  changed();
}

/** Go on with a token. */
export function resume() {
  line.wantsToken = false;
  changed();
  pump();
}

function decoded(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function sentences(answer) {
  return {
    headline: answer.headline,
    watched: answer.watched?.verdict === "abroad" ? answer.watched.message : "",
    reasons: (answer.gate?.reasons ?? []).map((reason) => reason.message),
    warnings: answer.warnings.map((warning) => warning.message),
    states: Object.fromEntries((answer.findings ?? []).map((one) => [one.name, one.state_words])),
    map: answer.map_warning,
    problem: null,
  };
}
