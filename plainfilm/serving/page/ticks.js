// Reader mode with findings: the reader ticks what is there; agreement is counted for each finding by itself.
//
// A film's answer of the reader is the list of the findings ticked, none of them where there is none.

import { agreement, FEWEST_FOR_INTERVAL } from "./agreement.js";
import { element } from "./dom.js";
import { hasOwnAnswer, isAnswered, modelOf, UNDECIDED, visit } from "./films.js";
import { className, decimal, listed, say } from "./words.js";

const NONE = ""; // ticked: there is no finding

/** The question: a box for each finding, and one for none; `onDone` gets the names that are ticked, `onUndecided` nothing. */
export function tickForm(film, onDone, onUndecided) {
  const model = modelOf(film);
  const done = element("button", { class: "primary" }, say("reader.done"));
  const boxes = [...model.classes.map(({ name }) => name), NONE].map((name, place, all) => {
    const isLast = place === all.length - 1;
    const box = element("input", { type: "checkbox", value: name, checked: film.ticked.includes(name) });
    const words = isLast ? say("reader.no-finding") : className(model, name);
    const key = element("kbd", { "aria-hidden": "true" }, place < 9 && !isLast ? String(place + 1) : "");
    return element("label", { class: "tick-box" }, box, key, element("span", {}, words));
  });
  const undecided = element("button", { type: "button" }, element("kbd", { "aria-hidden": "true" }, "U"), say("reader.undecided"));
  const form = element("form", { class: "ticks" }, boxes, element("div", { class: "actions" }, done, undecided));
  done.disabled = !film.ticked.length;
  form.addEventListener("change", (event) => {
    film.ticked = ticked(form, event.target);
    for (const box of form.querySelectorAll("input")) box.checked = film.ticked.includes(box.value);
    done.disabled = !film.ticked.length;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    onDone(film.ticked.filter((name) => name !== NONE));
  });
  undecided.addEventListener("click", onUndecided);
  return form;
}

/** What is ticked after a change: findings and "no finding" shut each other out. */
function ticked(form, changed) {
  const all = [...form.querySelectorAll("input:checked")].map((box) => box.value);
  if (!changed.checked) return all;
  return changed.value === NONE ? [NONE] : all.filter((name) => name !== NONE);
}

/** Press the box at a place, from 1. */
export function pressBox(number) {
  const box = document.querySelectorAll(".ticks input")[number - 1];
  if (!box || box.value === NONE) return;
  box.focus();
  box.click();
}

/** The reader's findings in words. */
export function tickedWords(film) {
  if (film.own === UNDECIDED) return say("reader.undecided");
  return film.own.length ? listed(film.own.map((name) => className(modelOf(film), name))) : say("reader.no-finding");
}

const isDecided = (state) => ["present", "absent"].includes(state);

/** Where the reader and the model differ on a film that both judged; what the model leaves undecided is apart. */
export function comparedWords(film) {
  const called = (state) => film.answer.findings.filter((one) => one.state === state).map((one) => one.name);
  const names = (some) => listed(some.map((name) => className(modelOf(film), name)));
  const alone = called("absent").filter((name) => film.own.includes(name));
  const missed = called("present").filter((name) => !film.own.includes(name));
  const open = film.answer.findings.filter((one) => !isDecided(one.state)).map((one) => one.name);
  const unmet = open.filter((name) => film.own.includes(name));
  const openWords = unmet.length ? [say("reader.open-ticked", { names: names(unmet) })] : [];
  if (open.length === film.answer.findings.length) return [say("reader.none-decided"), ...openWords];
  return [
    alone.length || missed.length ? "" : say("reader.same-findings"),
    alone.length ? say("reader.alone", { names: names(alone) }) : "",
    missed.length ? say("reader.missed", { names: names(missed) }) : "",
    ...openWords,
    open.length ? say("reader.open", { n: open.length }) : "",
  ].filter(Boolean);
}

/** The films whose findings count: the reader ticked them, and the model answers by itself. */
export function tickedFilms() {
  return visit.films.filter((film) => Array.isArray(film.own) && hasOwnAnswer(film));
}

/**
 * For each finding of these films: its pairs [reader, model] of "present" and "absent", the number of films that the
 * model leaves undecided, and how many of the pairs are what. A film counts where its model knows the finding.
 */
export function byFinding(films) {
  const names = [...new Set(films.flatMap((film) => film.answer.findings.map((one) => one.name)))];
  return names.map((name) => {
    const judged = films.flatMap((film) => {
      const one = film.answer.findings.find((entry) => entry.name === name);
      return one ? [[film.own.includes(name) ? "present" : "absent", one.state]] : [];
    });
    const pairs = judged.filter(([, state]) => isDecided(state));
    return { name, pairs, undecided: judged.length - pairs.length, found: agreement(pairs) };
  });
}

/** Agreement by finding as a table, in the order in which the models have their findings. */
export function findingTable(films) {
  const heads = ["finding", "both", "reader-alone", "model-alone", "neither", "undecided", "same", "kappa"];
  const order = visit.models.flatMap((entry) => entry.classes.map((known) => known.name));
  const rows = byFinding(films).sort((first, second) => order.indexOf(first.name) - order.indexOf(second.name));
  const cells = ({ pairs, undecided, found }) => {
    const count = (own, state) => String(pairs.filter((pair) => pair[0] === own && pair[1] === state).length);
    return [
      ...[count("present", "present"), count("present", "absent"), count("absent", "present"), count("absent", "absent")],
      ...[String(undecided), shareWords(found), shortKappa(found)],
    ].map((text) => element("td", {}, text));
  };
  const body = rows.map((entry) => {
    const known = films.find((film) => film.answer.findings.some((one) => one.name === entry.name));
    return element("tr", {}, element("th", { scope: "row" }, className(modelOf(known), entry.name)), cells(entry));
  });
  return element(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": say("summary.by-finding") },
    element(
      "table",
      { class: "by-finding" },
      element("caption", {}, say("summary.by-finding")),
      element("thead", {}, element("tr", {}, heads.map((key) => element("th", { scope: "col" }, say(`summary.head-${key}`))))),
      element("tbody", {}, body),
    ),
  );
}

function shareWords({ n, same, share }) {
  if (!n) return "–";
  return say("summary.share", { n, same, low: (100 * share.low).toFixed(0), high: (100 * share.high).toFixed(0) });
}

function shortKappa({ kappa, low, high }) {
  if (kappa === null) return "–";
  if (low === null) return decimal(kappa, 2);
  return say("summary.kappa-short", { kappa: decimal(kappa, 2), low: decimal(low, 2), high: decimal(high, 2) });
}

/** What must be said beside that table. */
export function tableWords() {
  return say("summary.findings-meaning", { minimum: FEWEST_FOR_INTERVAL });
}

/** The reader's and the model's word on each finding of a film, for a table: {name: [own, state]}. */
export function tickedCells(film) {
  const states = Object.fromEntries((isAnswered(film) ? film.answer.findings ?? [] : []).map((one) => [one.name, one.state]));
  const own = (name) => (film.own === UNDECIDED ? UNDECIDED : film.own.includes(name) ? "present" : "absent");
  return Object.fromEntries(modelOf(film).classes.map(({ name }) => [name, [own(name), states[name] ?? ""]]));
}
