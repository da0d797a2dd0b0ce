// Sentences in every language, from the catalogues that the server hands out, and numbers as they are written.

import { addressOf } from "./address.js";

let catalogues = {};
let language;

/** Fetch the catalogues, and choose the language: the one that is asked for, else the browser's. */
export async function loadWords(asked) {
  const answer = await fetch(addressOf("words.json"));
  if (!answer.ok) throw new Error(`words.json: ${answer.status}`);
  catalogues = await answer.json();
  const liked = navigator.languages.map((name) => name.split("-")[0]).find((name) => name in catalogues);
  setLanguage(asked in catalogues ? asked : (liked ?? Object.keys(catalogues)[0]));
}

export function currentLanguage() {
  return language;
}

/** The language that the button goes to. */
export function otherLanguage() {
  const names = Object.keys(catalogues);
  return names[(names.indexOf(language) + 1) % names.length];
}

export function setLanguage(name) {
  language = name;
  document.documentElement.lang = say("language.tag");
  const button = document.getElementById("language");
  button.lang = catalogues[otherLanguage()]["language.tag"];
  button.textContent = catalogues[otherLanguage()]["language.name"];
  fill(document);
}

/** A text whose control and format characters (bidirectional overrides) are shown as escapes. */
export function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (hidden) =>
    hidden === "\n" ? hidden : `\\u${hidden.codePointAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The sentence of a key; {name} in it is replaced by the parameter of that name. */
export function say(key, parameters = {}) {
  const sentence = catalogues[language][key];
  if (sentence === undefined) throw new Error(`no sentence ${key}`);
  const filled = sentence.replace(/\{(\w+)\}/g, (_, name) => visible(String(parameters[name])));
  return filled.replace(/(\d) %/g, "$1\u00a0%"); // a number is not parted from its unit
}

/** Put the sentences into elements with data-say (their text) and data-name (their accessible name and tooltip). */
export function fill(root) {
  for (const target of root.querySelectorAll("[data-say]")) target.textContent = say(target.dataset.say);
  for (const target of root.querySelectorAll("[data-name]")) {
    target.setAttribute("aria-label", say(target.dataset.name));
    target.title = target.getAttribute("aria-label");
  }
}

/** A sentence with a capital at its start. */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The name of a class of a model, or of several, in the language that is shown. */
export function className(model, name) {
  const found = model?.classes.find((entry) => entry.name === name);
  return visible(found?.names?.[language] ?? found?.[language] ?? name);
}

export function listed(names) {
  return names.join(say("comma"));
}

/** A share as percent with so many decimals; never 0 % or 100 % for what is not exactly that. */
export function percent(share, digits = 1) {
  const least = 10 ** -digits; // percent
  if (share > 0 && 100 * share < least / 2) return `< ${least.toFixed(digits)}\u00a0%`;
  if (share < 1 && 100 * share >= 100 - least / 2) return `> ${(100 - least).toFixed(digits)}\u00a0%`;
  return `${(100 * share).toFixed(digits)}\u00a0%`;
}

/** A share with its 95 % interval and n. */
export function figure(entry) {
  if (entry.value === null) return say("figure.not-estimable", { n: entry.n });
  const [value, low, high] = [entry.value, entry.low, entry.high].map((share) => (100 * share).toFixed(1));
  return say("figure.with-interval", { value, low, high, n: entry.n });
}

/** An area under a curve with its 95 % interval and n. */
export function area(entry) {
  if (entry.value === null) return say("figure.not-estimable", { n: entry.n });
  const [value, low, high] = [entry.value, entry.low, entry.high].map((share) => share.toFixed(3));
  return say("figure.with-interval-plain", { value, low, high, n: entry.n });
}

/** A number with decimals and a real minus sign. */
export function decimal(value, digits) {
  return value.toFixed(digits).replace(/^-(?=.*[1-9])/, "−").replace(/^-/, "");
}
