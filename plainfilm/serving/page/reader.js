// Reader mode: the reader answers first, then the model's answer is revealed; at the end their agreement.

import { agreement, crossed, FEWEST_FOR_INTERVAL } from "./agreement.js";
import { gateCell, setCell, table } from "./csv.js";
import { button, byId, download, element } from "./dom.js";
import { changed, hasOwnAnswer, isAnswered, isOfFindings, isRefused, modelOf, select, UNDECIDED, visit } from "./films.js";
import { byFinding, comparedWords, findingTable, pressBox, tableWords, tickedCells, tickedFilms, tickedWords, tickForm } from "./ticks.js";
import { className, decimal, figure, say } from "./words.js";

export const reading = { isOn: false };

/** Whether the model's answer to a film is kept back because the reader has not answered yet. */
export function isHidden(film) {
  return reading.isOn && film.own === null && film.state !== "failed";
}

export function startReading() {
  for (const film of visit.films) Object.assign(film, { own: null, ticked: [], wasShown: isAnswered(film) });
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
  const compared = byId("answer").querySelector(".compared");
  (compared?.querySelector("button") ?? byId("answer")).focus();
  compared?.scrollIntoView({ block: "nearest" });
}

/** A number is pressed where the reader is asked: an answer, or a finding ticked. */
export function pressAnswer(film, number) {
  if (isOfFindings(modelOf(film))) pressBox(number);
  else {
    const name = modelOf(film)?.classes[number - 1]?.name;
    if (name) answerFilm(film, name);
  }
}

/** What the reader is asked before the model's answer is shown. */
export function readingQuestion(film) {
  const model = modelOf(film);
  if (isOfFindings(model)) {
    return [
      element("p", { class: "verdict" }, say("reader.question")),
      element("p", { class: "soft" }, say("reader.first-findings")),
      tickForm(film, (names) => answerFilm(film, names), () => answerFilm(film, UNDECIDED)),
    ];
  }
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
  const next = visit.films.find((entry) => isHidden(entry));
  return element(
    "div",
    { class: "note compared" },
    element("p", {}, say("reader.own", { own: ownWords(film) })),
    comparison(film).map((words) => element("p", {}, words)),
    next ? button(say("reader.next"), () => select(next)) : button(say("reader.finish"), showSummary),
  );
}

function ownWords(film) {
  if (isOfFindings(modelOf(film))) return tickedWords(film);
  return film.own === UNDECIDED ? say("reader.undecided") : className(modelOf(film), film.own);
}

/** How the model's answer compares to the reader's, or why it does not. */
function comparison(film) {
  const hasFindings = isOfFindings(modelOf(film));
  if (!isAnswered(film)) return [say("reader.pending")];
  if (isRefused(film)) return [say("reader.no-model-answer")];
  const predicted = hasFindings ? "" : className(modelOf(film), film.answer.predicted);
  if (film.answer.gate.overridden) return [hasFindings ? say("reader.overridden-findings") : say("reader.overridden", { predicted })];
  if (film.own === UNDECIDED) return [hasFindings ? say("reader.not-counted") : say("reader.was-undecided", { predicted })];
  if (hasFindings) return comparedWords(film);
  return [film.own === film.answer.predicted ? say("reader.same") : say("reader.different", { predicted })];
}

/** How far the reading is. */
export function readingState() {
  return { read: visit.films.filter((film) => film.own !== null).length, all: visit.films.length };
}

/** The pairs that count: both gave a class. */
export function readingPairs() {
  const isClass = (film) => film.own !== null && film.own !== UNDECIDED && !isOfFindings(modelOf(film));
  const counted = visit.films.filter((film) => isClass(film) && hasOwnAnswer(film));
  return counted.map((film) => [film.own, film.answer.predicted]);
}

export function showSummary() {
  const dialog = byId("summary");
  byId("summary-body").replaceChildren(...summary());
  dialog.showModal();
}

function summary() {
  const ticked = tickedFilms();
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
    ...(hasReadClasses(read) ? classSummary() : []),
    ticked.length ? findingTable(ticked) : null,
    before ? element("p", { class: "note" }, say("summary.shown-before", { n: before })) : null,
    hasReadClasses(read) ? element("p", { class: "soft" }, say("summary.meaning")) : null,
    ticked.length ? element("p", { class: "soft" }, tableWords()) : null,
  ].filter(Boolean);
}

/** Whether one class a film was asked for, or nothing yet. */
function hasReadClasses(read) {
  return !read.length || read.some((film) => !isOfFindings(modelOf(film)));
}

function classSummary() {
  const pairs = readingPairs();
  const found = agreement(pairs);
  return [
    element(
      "dl",
      { class: "figures" },
      element("dt", {}, say("summary.agreement")),
      element("dd", {}, found.share ? figure({ ...found.share, n: found.n }) : say("summary.no-pairs")),
      element("dt", {}, say("summary.kappa")),
      element("dd", {}, kappaWords(found)),
    ),
    pairs.length ? crossTable(pairs) : null,
  ];
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

/** A row a film that was read; of findings, what the reader and the model say of each. */
export function exportReading() {
  const read = visit.films.filter((film) => film.own !== null);
  const names = [...new Set(read.filter((film) => isOfFindings(modelOf(film))).flatMap((film) => Object.keys(tickedCells(film))))];
  const ofClasses = hasReadClasses(read) ? ["own", "predicted", "same", "set"] : [];
  const rows = read.map((film) => {
    const answer = isAnswered(film) ? film.answer : null;
    const cells = isOfFindings(modelOf(film)) ? tickedCells(film) : {};
    return [
      ...[film.name, answer?.image_id],
      ...(ofClasses.length ? classCells(film) : []),
      ...[0, 1].flatMap((side) => names.map((name) => cells[name]?.[side])),
      ...[gateCell(answer), film.model, film.wasShown],
    ];
  });
  const ofFindings = [...names.map((name) => `own_${name}`), ...names.map((name) => `state_${name}`)];
  const columns = ["path", "image_id", ...ofClasses, ...ofFindings, "gate", "model", "answer_shown_before"];
  download("plainfilm-reading.csv", table([columns, ...rows]));
}

function classCells(film) {
  if (isOfFindings(modelOf(film))) return ["", "", "", ""];
  const answer = isAnswered(film) ? film.answer : null;
  const counts = hasOwnAnswer(film) && film.own !== UNDECIDED;
  return [film.own, answer?.predicted, counts ? film.own === answer.predicted : "", setCell(answer)];
}

/** Agreement and kappa as value, low, high, n; empty where there is none. Of findings each has its own. */
export function exportFigures() {
  const rows = hasReadClasses(visit.films.filter((film) => film.own !== null)) ? figureRows(agreement(readingPairs())) : [];
  const ticked = tickedFilms();
  if (!ticked.length) download("plainfilm-agreement.csv", table([["figure", "value", "low", "high", "n"], ...rows]));
  else {
    const ofFindings = byFinding(ticked).flatMap(({ name, undecided, found }) =>
      [...figureRows(found), ["undecided", undecided, "", "", undecided + found.n]].map((row) => [name, ...row]),
    );
    const columns = ["finding", "figure", "value", "low", "high", "n"];
    download("plainfilm-agreement.csv", table([columns, ...rows.map((row) => ["", ...row]), ...ofFindings]));
  }
}

function figureRows(found) {
  const share = found.share ?? {};
  return [
    ["agreement", share.value, share.low, share.high, found.n],
    ["kappa", found.kappa, found.low, found.high, found.n],
  ];
}
