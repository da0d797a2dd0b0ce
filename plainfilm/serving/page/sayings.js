// What is said of a film, beside it and in its report.

import { modelOf } from "./films.js";
import { isHidden } from "./reader.js";
import { className, listed, say } from "./words.js";

/** What a sample is; what was drawn on it, once that is no hint any more. */
export function sampleWords(film) {
  if (isHidden(film)) return say("sample.mark");
  return say("sample.drawn", { label: className(modelOf(film), film.label) });
}

/** The answer in words: the calibrated set, or the most probable class of a model that is not calibrated. */
export function verdict(film, words) {
  const name = className(modelOf(film), film.answer.predicted);
  if (film.answer.gate.overridden) return say("answer.overridden-class", { name });
  return words.set ?? say("answer.uncalibrated-class", { name });
}

export function explanation(set, model) {
  if (set === null) return say("answer.uncalibrated");
  const kinds = { 0: "none", 1: "one", [model.classes.length]: "all" };
  const coverage = Number((100 * model.coverage).toPrecision(4));
  return [say(`answer.set-${kinds[set.length] ?? "some"}`), say("answer.coverage", { coverage })].join(say("gap"));
}

/** What a film is called at the operating points of a class. */
export function calledWords(film, name) {
  const points = film.answer.called?.[name] ?? [];
  if (!points.length || film.answer.gate.overridden) return "";
  const asked = (isPositive) =>
    listed(points.filter((point) => point.positive === isPositive).map((point) => `${Number((100 * point.asked).toPrecision(4))}\u00a0%`));
  const parameters = { name: className(modelOf(film), name), positive: asked(true), negative: asked(false) };
  if (!parameters.negative) return say("called.all", parameters);
  return say(parameters.positive ? "called.some" : "called.none", parameters);
}
