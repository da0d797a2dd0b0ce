// What is said of a film, beside it and in its report.

import { isOfFindings, modelOf, visit } from "./films.js";
import { numberWords, presentParameters } from "./findings.js";
import { hasEvidence } from "./overlay.js";
import { isHidden } from "./reader.js";
import { area, className, figure, listed, say } from "./words.js";

/** What a sample is; what was drawn on it, once that is no hint any more; that films are for another model. */
export function sampleWords(film) {
  if (isHidden(film)) return say("sample.mark");
  const key = film.model === visit.model ? "sample.drawn" : "sample.drawn-other";
  return say(key, { label: className(modelOf(film), film.label) });
}

/** Whether the film is like those of the test; empty where the server has said so of all films. */
export function placeWords({ stance, shift }, words) {
  if (words.watched) return "";
  if (stance === "abroad") return say("answer.unlike");
  if (!shift) return say("answer.cannot-say");
  return say(shift.abroad === null ? "answer.unproven" : "answer.home");
}

/** What the answer rests on besides; empty where it promises nothing. */
export function explanation({ set, findings, promised }, model) {
  if (model.coverage === null) return say("answer.uncalibrated");
  if (promised === false) return "";
  return (findings ? promiseWords(model) : setWords(set, model)).join(say("gap"));
}

function setWords(set, model) {
  if (!set.length) return [say("answer.set-none")];
  if (set.length === model.classes.length) return [say("answer.set-all")];
  const coverage = Number((100 * model.coverage).toPrecision(4));
  const tied = tiedWords(set, model);
  const said = tied.length ? tied : [say(set.length === 1 ? "answer.set-one" : "answer.set-some")];
  return [...said, say("answer.coverage", { coverage })];
}

/** Why classes are named that are improbable: away from home they cannot be told from another. */
function tiedWords(set, model) {
  const isNamed = ([lone, others]) => [lone, ...others].every((name) => set.includes(name));
  return Object.entries(model.ties ?? {})
    .filter(isNamed)
    .map(([lone, others]) => say("answer.tied", { lone: className(model, lone), others: listed(others.map((name) => className(model, name))) }));
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

/** Over how many of its findings the mean of a model's test is. */
export function meanOver({ macro_over: over, classes }) {
  return { count: (over ?? []).length, of: classes.length };
}

/** What the model was worth in its test, and what a probe that sees no lung was worth there. */
export function figureWords(model) {
  const tested = model.evaluation?.[model.headline];
  if (!tested) return say("empty.not-tested");
  if (isOfFindings(model)) return say("empty.tested-findings", { auc: area(tested), ...meanOver(model) });
  const probe = model.audited ? say("answer.probe", { accuracy: figure(model.audited.accuracy) }) : "";
  return [say("empty.tested", { accuracy: figure(tested) }), probe].filter(Boolean).join(say("gap"));
}

/** What the model knows, and that it knows nothing else. */
export function knownWords(model) {
  const classes = listed(model.classes.map(({ name }) => className(model, name)));
  return say(isOfFindings(model) ? "limit.findings" : "limit.classes", { classes });
}

/** What is said of a class or finding that is chosen: what its number means, what its operating points say. */
export function pointWords(film, name) {
  const called = calledWords(film, name);
  return film.answer.findings ? [numberWords(film, name), called].filter(Boolean).join(say("gap")) : called;
}

/** What must be said of a map on which nothing speaks for its class or finding; empty of any other. */
export function emptyMapWords(film, name) {
  if (!film.answer.map || hasEvidence(film.answer.map.maps[name])) return "";
  const one = film.answer.findings?.find((entry) => entry.name === name);
  if (one?.state === "present") return say("map.empty-present", presentParameters(film, one));
  return say("map.empty", { name: className(modelOf(film), name) });
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
