// What is said of a film, beside it and in its report.

import { isOfFindings, modelOf } from "./films.js";
import { numberWords } from "./findings.js";
import { isHidden } from "./reader.js";
import { area, className, figure, listed, say } from "./words.js";

/** What a sample is; what was drawn on it, once that is no hint any more. */
export function sampleWords(film) {
  if (isHidden(film)) return say("sample.mark");
  return say("sample.drawn", { label: className(modelOf(film), film.label) });
}

/** What stands behind the answer, in a sentence. */
export function explanation({ set, findings, stance, shift }, model) {
  if (stance === "abroad") return say(shift.abroad ? "answer.abroad" : "answer.unlike");
  if (model.coverage === null) return say("answer.uncalibrated");
  const proof = stance === "unproven" ? say(shift ? "answer.unproven" : "answer.cannot-say") : "";
  const said = findings ? promiseWords(model) : setWords(set, model);
  return [proof, ...said].filter(Boolean).join(say("gap"));
}

function setWords(set, model) {
  if (set === null) return [];
  const kinds = { 0: "none", 1: "one", [model.classes.length]: "all" };
  const coverage = Number((100 * model.coverage).toPrecision(4));
  return [say(`answer.set-${kinds[set.length] ?? "some"}`), say("answer.coverage", { coverage })];
}

/** What "present" and "absent" promise of each finding, and what they do not. */
function promiseWords(model) {
  const missed = Number((100 - 100 * model.coverage).toPrecision(4));
  return [say("finding.promise", { missed }), say("finding.not-promised", { count: model.classes.length })];
}

/** What the model was tested on, and how it did there; of the sample model, that it means nothing. */
export function testedWords(model) {
  return model.is_sample_model ? say("answer.sample-model") : figureWords(model);
}

/** What the model was worth in its test. */
export function figureWords(model) {
  const tested = model.evaluation?.[model.headline];
  if (!tested) return say("empty.not-tested");
  return isOfFindings(model) ? say("empty.tested-findings", { auc: area(tested) }) : say("empty.tested", { accuracy: figure(tested) });
}

/** What is said of a class or finding that is chosen: what its number means, what its operating points say. */
export function pointWords(film, name) {
  const called = calledWords(film, name);
  return film.answer.findings ? [numberWords(film, name), called].filter(Boolean).join(say("gap")) : called;
}

/** What a film is called at the operating points of a class. */
export function calledWords(film, name) {
  const points = film.answer.called?.[name] ?? [];
  if (!points.length || film.answer.promised === false) return "";
  const asked = (isPositive) =>
    listed(points.filter((point) => point.positive === isPositive).map((point) => `${Number((100 * point.asked).toPrecision(4))}\u00a0%`));
  const parameters = { name: className(modelOf(film), name), positive: asked(true), negative: asked(false) };
  const kind = !parameters.negative ? "all" : parameters.positive ? "some" : "none";
  return film.answer.findings ? say(`finding.called-${kind}`, parameters) : say(`called.${kind}`, parameters);
}
