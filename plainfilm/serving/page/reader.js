// Reader mode: the reader answers first, then the model's answer is revealed; at the end their agreement.

import { agreement, crossed, FEWEST_FOR_INTERVAL } from "./agreement.js";
import { gateCell, setCell, table } from "./csv.js";
import { button, byId, download, element } from "./dom.js";
import { changed, isAnswered, isRefused, modelOf, select, UNDECIDED, visit } from "./films.js";
import { className, decimal, figure, say } from "./words.js";

export const reading = { isOn: false };

/** Whether the model's answer to a film is kept back because the reader has not answered yet. */
export function isHidden(film) {
  return reading.isOn && film.own === null && film.state !== "failed";
}

export function startReading() {
  for (const film of visit.films) Object.assign(film, { own: null, wasShown: isAnswered(film) });
  reading.isOn = true;
  changed();
}

export function stopReading() {
  reading.isOn = false;
  changed();
}

/** The reader's own answer to a film; it cannot be changed once the model's is seen. */
export function answerFilm(film, own) {
  if (!film || !isHidden(film)) return;
  film.own = own;
  changed(film);
  (byId("answer").querySelector(".compared button") ?? byId("answer")).focus();
}

/** What the reader is asked before the model's answer is shown. */
export function readingQuestion(film) {
  const model = modelOf(film);
  const choices = model.classes.map(({ name }, place) =>
    button([key(String(place + 1)), className(model, name)], () => answerFilm(film, name), { class: "choice" }),
  );
  const undecided = button([key("U"), say("reader.undecided")], () => answerFilm(film, UNDECIDED), { class: "choice" });
  return [
    element("p", { class: "verdict" }, say("reader.question")),
    element("p", { class: "soft" }, say("reader.first")),
    element("div", { class: "choices" }, choices, undecided),
  ];
}

function key(name) {
  return element("kbd", { "aria-hidden": "true" }, name);
}

/** The reader's answer beside the model's, above the latter; nothing outside reader mode. */
export function readingVerdict(film) {
  if (!reading.isOn) return "";
  const model = modelOf(film);
  const own = film.own === UNDECIDED ? say("reader.undecided") : className(model, film.own);
  const next = visit.films.find((entry) => isHidden(entry));
  let compared = "reader.same";
  if (!isAnswered(film)) compared = "reader.pending";
  else if (isRefused(film)) compared = "reader.no-model-answer";
  else if (film.answer.gate.overridden) compared = "reader.overridden";
  else if (film.own === UNDECIDED) compared = "reader.was-undecided";
  else if (film.own !== film.answer.predicted) compared = "reader.different";
  return element(
    "div",
    { class: "note compared" },
    element("p", {}, say("reader.own", { own })),
    element("p", {}, say(compared, { predicted: className(model, film.answer?.predicted) })),
    next ? button(say("reader.next"), () => select(next)) : button(say("reader.finish"), showSummary),
  );
}

/** How far the reading is. */
export function readingState() {
  return { read: visit.films.filter((film) => film.own !== null).length, all: visit.films.length };
}

/** Whether the model answers a film by itself, and not because somebody insisted: nobody chooses afterwards what counts. */
function hasOwnAnswer(film) {
  return isAnswered(film) && film.answer.gate.passed;
}

/** The pairs that count: both gave a class. */
export function readingPairs() {
  const counted = visit.films.filter((film) => film.own !== null && film.own !== UNDECIDED && hasOwnAnswer(film));
  return counted.map((film) => [film.own, film.answer.predicted]);
}

export function showSummary() {
  const dialog = byId("summary");
  byId("summary-body").replaceChildren(...summary());
  dialog.showModal();
}

function summary() {
  const pairs = readingPairs();
  const found = agreement(pairs);
  const read = visit.films.filter((film) => film.own !== null);
  const counts = {
    read: read.length,
    all: visit.films.length,
    undecided: read.filter((film) => film.own === UNDECIDED).length,
    unanswered: read.filter((film) => film.own !== UNDECIDED && !hasOwnAnswer(film)).length,
  };
  const before = read.filter((film) => film.wasShown).length;
  return [
    element("p", {}, say("summary.counts", counts)),
    element(
      "dl",
      { class: "figures" },
      element("dt", {}, say("summary.agreement")),
      element("dd", {}, found.share ? figure({ ...found.share, n: found.n }) : say("summary.no-pairs")),
      element("dt", {}, say("summary.kappa")),
      element("dd", {}, kappaWords(found)),
    ),
    pairs.length ? crossTable(pairs) : null,
    before ? element("p", { class: "note" }, say("summary.shown-before", { n: before })) : null,
    element("p", { class: "soft" }, say("summary.meaning")),
  ].filter(Boolean);
}

/** Kappa with what must be said beside it, or why there is none. */
export function kappaWords(found) {
  if (!found.n) return say("summary.no-pairs");
  if (found.kappa === null) return say("summary.one-answer", { n: found.n });
  const parameters = { kappa: decimal(found.kappa, 3), n: found.n, minimum: FEWEST_FOR_INTERVAL };
  if (found.low === null) return say("summary.kappa-few", parameters);
  return say("summary.kappa-interval", { ...parameters, low: decimal(found.low, 2), high: decimal(found.high, 2) });
}

function crossTable(pairs) {
  const names = [...new Set(pairs.flat())];
  const model = (name) => visit.models.find((entry) => entry.classes.some((known) => known.name === name));
  const order = visit.models.flatMap((entry) => entry.classes.map((known) => known.name));
  names.sort((first, second) => order.indexOf(first) - order.indexOf(second));
  const shown = (name) => className(model(name), name);
  const heads = names.map((name) => element("th", { scope: "col" }, shown(name)));
  const rows = crossed(pairs, names).map((row, place) =>
    element("tr", {}, element("th", { scope: "row" }, shown(names[place])), row.map((count) => element("td", {}, String(count)))),
  );
  return element(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": say("summary.table") },
    element(
      "table",
      {},
      element("caption", {}, say("summary.table")),
      element("thead", {}, element("tr", {}, element("td", {}), heads)),
      element("tbody", {}, rows),
    ),
  );
}

/** A row a film that was read. */
export function exportReading() {
  const rows = visit.films
    .filter((film) => film.own !== null)
    .map((film) => {
      const predicted = isAnswered(film) ? film.answer.predicted : null;
      const counts = hasOwnAnswer(film) && film.own !== UNDECIDED;
      const same = counts ? film.own === predicted : "";
      const answer = isAnswered(film) ? film.answer : null;
      return [film.name, answer?.image_id, film.own, predicted, same, setCell(answer), gateCell(answer), film.model, film.wasShown];
    });
  const columns = ["path", "image_id", "own", "predicted", "same", "set", "gate", "model", "answer_shown_before"];
  download("plainfilm-reading.csv", table([columns, ...rows]));
}

/** Agreement and kappa as value, low, high, n; empty where there is none. */
export function exportFigures() {
  const found = agreement(readingPairs());
  const share = found.share ?? {};
  download(
    "plainfilm-agreement.csv",
    table([
      ["figure", "value", "low", "high", "n"],
      ["agreement", share.value, share.low, share.high, found.n],
      ["kappa", found.kappa, found.low, found.high, found.n],
    ]),
  );
}
