// The panel beside the film: what the model says of it, or why it says nothing.

import { button, byId, element, facts, show } from "./dom.js";
import { findingList } from "./findings.js";
import { askAgain, isAnswered, isRefused, modelOf, namedIn, remove, shown, visit, wordsOf } from "./films.js";
import { isHidden, readingQuestion, readingVerdict } from "./reader.js";
import { exportReport, printReport } from "./report.js";
import { emptyMapWords, explanation, knownWords, placeWords, pointWords, sampleWords, testedWords } from "./sayings.js";
import { capital, className, currentLanguage, percent, say } from "./words.js";

/** Draw the panel anew for the film that is selected; `onClass` is called when another class's map is chosen. */
export function drawAnswer(film, onClass) {
  const panel = byId("answer");
  panel.replaceChildren();
  if (!film) return;
  const words = wordsOf(film, currentLanguage());
  panel.append(heading(film));
  if (isHidden(film) && modelOf(film)) panel.append(...readingQuestion(film));
  else if (film.state === "failed") panel.append(...failure(film, words));
  else if (!isAnswered(film)) panel.append(readingVerdict(film), element("p", { class: "verdict pending" }, say(`state.${film.state}`)));
  else if (isRefused(film)) panel.append(readingVerdict(film), ...refusal(film, words));
  else panel.append(readingVerdict(film), ...answer(film, words, onClass));
  panel.append(...actions(film));
}

function heading(film) {
  return element(
    "div",
    { class: "about-film" },
    element("h2", {}, film.name),
    film.isSample ? element("p", { class: "mark" }, sampleWords(film)) : null,
  );
}

function failure(film, words) {
  const message = film.problem.code === "connection-broke" ? say("error.connection-broke") : words.problem;
  return [
    element("p", { class: "verdict" }, say("answer.failed")),
    element("p", { class: "sentence" }, message),
    button(say("action.retry"), () => askAgain(film)),
  ];
}

function refusal(film, words) {
  return [
    element("p", { class: "verdict refused" }, say("answer.refused")),
    element("ul", { class: "reasons" }, words.reasons.map((reason) => element("li", {}, reason))),
    element("p", { class: "soft" }, say(modelOf(film).is_sample_model && !film.isSample ? "answer.refused-sample" : "answer.refused-why")),
    button(say("action.override"), () => askAgain(film, { isOverridden: true })),
  ];
}

function answer(film, words, onClass) {
  const model = modelOf(film);
  const { findings, gate, stance } = film.answer;
  const worth = [
    paragraph(gate.overridden ? "" : placeWords(film.answer, words), "note"),
    paragraph(gate.overridden ? "" : explanation(film.answer, model), "soft"),
    paragraph(gate.overridden || film.isSample ? "" : testedWords(model), "soft"),
    paragraph(knownWords(model), "note"),
  ];
  const chosen = [element("p", { id: "called", class: "soft sentence" }), element("p", { id: "map-remark", class: "note" })];
  return [
    gate.overridden ? overridden(words) : null,
    element("p", { class: `verdict ${stance}` }, capital(words.headline)),
    words.watched ? element("p", { class: "note strong" }, words.watched) : null,
    // one class is said in the headline; of several findings the list says more than the headline
    ...(findings ? [findingList(film, onClass), ...chosen, ...worth] : [...worth, bars(film, model, onClass), ...chosen]),
    ...words.warnings.map((warning) => element("p", { class: "note" }, warning)),
    details(film, model),
  ].filter(Boolean);
}

function paragraph(text, kind) {
  return text ? element("p", { class: kind }, text) : null;
}

function overridden(words) {
  return element(
    "div",
    { class: "note strong" },
    element("p", {}, element("strong", {}, say("answer.overridden"))),
    element("ul", { class: "reasons" }, words.reasons.map((reason) => element("li", {}, reason))),
  );
}

function legend(film) {
  const marks = [namedIn(film.answer) ? say("answer.bold") : "", film.answer.called ? say("answer.ticks") : ""];
  return [say("answer.bars"), ...marks.filter(Boolean)].join(say("gap"));
}

/** Probabilities as bars; each is the choice of that class's map. */
function bars(film, model, onClass) {
  const list = element("fieldset", { class: "bars" }, element("legend", {}, legend(film)));
  model.classes.forEach(({ name }, place) => {
    const probability = film.answer.probabilities[name];
    const input = element("input", { type: "radio", name: "class", value: name, checked: name === shown.className });
    input.addEventListener("change", () => onClass(name));
    const fill = element("span", { class: "fill" });
    fill.style.width = `${100 * probability}%`;
    const ticks = (film.answer.called?.[name] ?? []).map((point) => {
      const tick = element("span", { class: "tick" });
      tick.style.left = `${100 * point.threshold}%`;
      return tick;
    });
    const inSet = namedIn(film.answer)?.includes(name);
    list.append(
      element(
        "label",
        { class: inSet ? "bar in-set" : "bar" },
        input,
        element("span", { class: "key", "aria-hidden": "true" }, String(place + 1)),
        element("span", { class: "class" }, className(model, name)),
        element("span", { class: "number" }, percent(probability)),
        element("span", { class: "track", "aria-hidden": "true" }, fill, ticks),
      ),
    );
  });
  return list;
}

/** What changes with the class whose map is shown: its operating points, and what must be said of its map. */
export function drawClass(film) {
  if (!shown.className) return; // no class to speak of, and no place for it
  for (const input of document.querySelectorAll('input[name="class"]')) {
    input.checked = input.value === shown.className;
    if (input.checked) input.closest("details")?.setAttribute("open", "");
  }
  byId("called").textContent = pointWords(film, shown.className);
  const mapWords = wordsOf(film, currentLanguage()).map;
  const remarks = [emptyMapWords(film, shown.className), mapWords ?? ""];
  byId("map-remark").textContent = remarks.filter(Boolean).join(" ");
  show(byId("map-remark"), remarks.some(Boolean));
}

function details(film, model) {
  const { answer } = film;
  const rows = [
    [say("fact.image-id"), answer.image_id],
    [say("fact.size"), `${answer.width} × ${answer.height} px`],
    [say("fact.distance"), answer.gate.distance.toFixed(2)],
    [say("fact.home"), answer.shift ? answer.shift.distance.toFixed(2) : say("fact.home-unknown")],
    [say("fact.model"), model.id],
  ];
  return element("details", {}, element("summary", {}, say("fact.title")), facts(rows));
}

function actions(film) {
  const isDone = isAnswered(film) || film.state === "failed";
  const canBeAsked = isDone && film.model !== visit.model && !film.isSample;
  const canBeTaken = isAnswered(film) && !isHidden(film);
  return [
    element(
      "div",
      { class: "actions" },
      canBeTaken ? button(say("action.report"), () => exportReport(film)) : null,
      canBeTaken ? button(say("action.print"), () => printReport(film)) : null,
      canBeAsked ? button(say("action.ask-chosen"), () => askAgain(film, { model: visit.model })) : null,
      button(say("action.remove"), () => remove(film)),
    ),
  ];
}
