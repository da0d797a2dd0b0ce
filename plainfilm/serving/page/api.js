// The server's answers. Every failure is one of two: the server does not answer (Away), or it says what is wrong (Problem).

import { addressOf } from "./address.js";

const PATIENCE_MS = 120000; // for one request; the server's own deadline is shorter
const POLL_PATIENCE_MS = 10000; // for one that is made again soon

let token = "";

/** The server did not answer at all. */
export class Away extends Error {}

/** The server says why there is no answer. */
export class Problem extends Error {
  constructor(status, content, retryAfterS) {
    super(content.detail ?? "");
    Object.assign(this, { status, code: content.code ?? `http-${status}`, prediction: content.prediction ?? null });
    this.retryAfterS = retryAfterS;
  }
}

export function setToken(given) {
  token = given.trim();
}

async function ask(path, language, options = {}) {
  const headers = { ...options.headers };
  if (language) headers["Accept-Language"] = language;
  if (token) headers.Authorization = `Bearer ${token}`;
  let answer;
  try {
    answer = await fetch(addressOf(path), { ...options, headers, signal: AbortSignal.timeout(options.patienceMs ?? PATIENCE_MS) });
    if (answer.ok) return { answer, content: await options.read(answer) };
  } catch (error) {
    throw new Away(String(error));
  }
  const content = await answer.json().catch(() => ({}));
  throw new Problem(answer.status, content, Number(answer.headers.get("retry-after")) || 1);
}

const asJson = (answer) => answer.json();
const asBlob = (answer) => answer.blob();

export async function fetchModels(language) {
  return (await ask("v1/models", language, { read: asJson })).content.models;
}

export async function fetchSamples() {
  return (await ask("v1/samples", "", { read: asJson })).content.samples;
}

export async function fetchSample(id) {
  return (await ask(`v1/samples/${encodeURIComponent(id)}`, "", { read: asBlob })).content;
}

/** What the training that is followed has done, from a step on. Throws Away or Problem. */
export async function fetchRun(after, language) {
  return (await ask(`v1/run?after=${after}`, language, { read: asJson, patienceMs: POLL_PATIENCE_MS })).content;
}

/**
 * The answer for one film, and what the films that the server sees say together (watched). A film that the input check refuses is answered too: its
 * prediction has no classes. Throws Away or Problem.
 */
export async function predict(blob, { model, language, isOverridden, withFilm }) {
  const query = new URLSearchParams({
    model,
    map: "array", // what is to be said of the map comes with it
    film: withFilm ? "png" : "none",
    override: isOverridden,
  });
  const options = { method: "POST", body: blob, headers: { "Content-Type": "application/octet-stream" }, read: asJson };
  try {
    const { content } = await ask(`v1/predictions?${query}`, language, options);
    return { ...content.predictions[0], watched: content.watched };
  } catch (error) {
    if (error instanceof Problem && error.prediction) return error.prediction;
    throw error;
  }
}

export async function isAlive() {
  try {
    return (await fetch(addressOf("healthz"), { cache: "no-store", signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false;
  }
}
