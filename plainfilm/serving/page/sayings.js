// What is said of a film, beside it and in its report.

import { modelOf } from "./films.js";
import { isHidden } from "./reader.js";
import { className, figure, listed, say } from "./words.js";

/** What a sample is; what was drawn on it, once that is no hint any more. */
export function sampleWords(film) {
  if (isHidden(film)) return say("sample.mark");
  return say("sample.drawn", { label: className(modelOf(film), film.label) });
}

/** What stands behind the answer, in a sentence. */
export function explanation({ set, stance, shift }, model) {
  if (stance === "abroad") return say(shift.abroad ? "answer.abroad" : "answer.unlike");
  if (set === null) return say("answer.uncalibrated");
  const proof = stance === "unproven" ? say(shift ? "answer.unproven" : "answer.cannot-say") : "";
  const kinds = { 0: "none", 1: "one", [model.classes.length]: "all" };
  const coverage = Number((100 * model.coverage).toPrecision(4));
  return [proof, say(`answer.set-${kinds[set.length] ?? "some"}`), say("answer.coverage", { coverage })].filter(Boolean).join(say("gap"));
}

/** What the model was tested on, and how it did there. */
export function testedWords(model) {
  if (model.is_sample_model) return say("answer.sample-model");
  const accuracy = model.evaluation?.accuracy;
  return accuracy ? say("empty.tested", { accuracy: figure(accuracy) }) : say("empty.not-tested");
}

/** What a film is called at the operating points of a class. */
export function calledWords(film, name) {
  const points = film.answer.called?.[name] ?? [];
  if (!points.length || film.answer.promised === false) return "";
  const asked = (isPositive) =>
    listed(points.filter((point) => point.positive === isPositive).map((point) => `${Number((100 * point.asked).toPrecision(4))}\u00a0%`));
  const parameters = { name: className(modelOf(film), name), positive: asked(true), negative: asked(false) };
  if (!parameters.negative) return say("called.all", parameters);
  return say(parameters.positive ? "called.some" : "called.none", parameters);
}
