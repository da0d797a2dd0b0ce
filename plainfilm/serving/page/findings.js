// The findings of a film beside it: what is called present, what is undecided, and what is folded away.
//
// A finding's probability stands beside its own threshold, never beside another finding's: rare ones are present at
// probabilities at which common ones are absent. The order is the server's.

import { element } from "./dom.js";
import { modelOf, shown } from "./films.js";
import { className, listed, percent, say } from "./words.js";

const SEEN = 3; // undecided findings whose bars are seen at once
const KEYS = 9;
const NAMED = 2; // findings in a caption
const HALF = 0.5; // below it most films with such a number are without the finding

/** The findings of an answer by what is said of them; `few`: undecided, as too few films were there to fit a threshold. */
export function findingGroups({ findings }) {
  const decided = (state) => findings.filter((one) => one.state === state && !one.too_few);
  return {
    present: decided("present"),
    undecided: decided("undecided"),
    absent: decided("absent"),
    few: findings.filter((one) => one.too_few),
    uncalibrated: decided(null),
  };
}

/** A probability; rare findings are told apart by more digits. */
function fine(share) {
  return percent(share, share < 0.1 ? 2 : 1);
}

/** The probability of a finding; none where too few films had it to make one of what the model gives. */
export function numberOf(one) {
  return one.too_few ? "–" : fine(one.probability);
}

/** Between which probabilities a finding is what, and whether its test says much; where too few films had it, how many. */
export function limits({ state, threshold, absent_below: below, too_few: isFew, positives, negatives, tested }) {
  if (isFew) return say("finding.limit-few", { positives, negatives });
  if (state === "present") return say(tested === false ? "finding.limit-untested" : "finding.limit-present", { threshold: fine(threshold) });
  if (state === "absent") return say("finding.limit-absent", { below: fine(below) });
  return state === null ? "" : say("finding.limit-both", { threshold: fine(threshold), below: fine(below) });
}

/** The findings as the choice of a map: no more bars than what is present and the first that are undecided. */
export function findingList(film, onClass) {
  const groups = findingGroups(film.answer);
  const rows = (some) => some.map((one) => row(film, one, onClass));
  const fold = (key, some) => (some.length ? element("details", { class: "fold" }, element("summary", {}, foldWords(film, key, some)), rows(some)) : null);
  const group = (key, some) => [element("h3", {}, say(`finding.${key}`)), rows(some)];
  const { present, undecided, absent, few, uncalibrated } = groups;
  const isCalibrated = !uncalibrated.length;
  const minority = minorityWords(film.answer);
  return element(
    "fieldset",
    { class: "bars findings" },
    element("legend", {}, say(isCalibrated ? "finding.legend" : "finding.legend-uncalibrated")),
    minority ? element("p", { class: "note strong" }, minority) : null,
    isCalibrated ? group(present.length ? "present" : "none-present", present) : group("most-probable", uncalibrated.slice(0, SEEN)),
    undecided.length ? group("undecided", undecided.slice(0, SEEN)) : null,
    fold("more-undecided", undecided.slice(SEEN)),
    fold("others", uncalibrated.slice(SEEN)),
    fold("absent", absent),
    fold("few", few),
  );
}

/** What must be said where a finding is called present that most such films do not have; nothing elsewhere. */
export function minorityWords({ findings }) {
  const isMinority = findings.some((one) => one.state === "present" && one.calibrated && one.probability < HALF);
  return isMinority ? say("finding.minority") : "";
}

function foldWords(film, key, some) {
  return say(`finding.${key}`, { n: some.length, names: listed(namesOf(film, some)) });
}

function namesOf(film, some) {
  return some.map(({ name }) => className(modelOf(film), name));
}

function row(film, one, onClass) {
  const place = film.answer.findings.indexOf(one);
  const input = element("input", { type: "radio", name: "class", value: one.name, checked: one.name === shown.className });
  input.addEventListener("change", () => onClass(one.name));
  return element(
    "label",
    { class: `bar ${one.too_few ? "few" : one.state}` },
    input,
    element("span", { class: "key", "aria-hidden": "true" }, place < KEYS ? String(place + 1) : ""),
    element("span", { class: "class" }, namesOf(film, [one])[0]),
    element("span", { class: "number" }, numberOf(one)),
    one.too_few ? null : track(one),
    element("span", { class: "limits" }, limits(one)),
  );
}

function track(one) {
  const fill = element("span", { class: "fill" });
  fill.style.width = `${100 * one.probability}%`;
  const tick = one.threshold === null ? null : element("span", { class: "tick" });
  if (tick) tick.style.left = `${100 * one.threshold}%`;
  return element("span", { class: "track", "aria-hidden": "true" }, fill, tick);
}

/** What a film shows, in a word or two: the findings that are called present. */
export function findingsCaption(film) {
  const { present, uncalibrated } = findingGroups(film.answer);
  const named = uncalibrated.length ? uncalibrated.slice(0, 1) : present;
  if (!named.length) return say(film.answer.stance === "undecided" ? "caption.undecided" : "caption.none-present");
  const names = listed(namesOf(film, named.slice(0, NAMED)));
  return named.length > NAMED ? say("caption.more", { names, n: named.length - NAMED }) : names;
}

/** What a finding that is called present is called so by. */
export function presentParameters(film, one) {
  return { name: namesOf(film, [one])[0], share: fine(one.probability), threshold: fine(one.threshold) };
}

/** What the number of a finding says, where it is promised: it is low where the finding is rare, whatever it is called. */
export function numberWords(film, name) {
  const one = film.answer.findings.find((entry) => entry.name === name);
  const parameters = { name: namesOf(film, [one])[0], share: fine(one.probability) };
  if (one.too_few) return say("finding.number-few", parameters);
  if (one.prevalence === null) return say("finding.number-uncalibrated", parameters);
  if (!one.calibrated) return say("finding.number-raw", parameters);
  if (film.answer.promised === false) return say("finding.number-unpromised", parameters);
  const hundredth = Number((100 * one.probability).toPrecision(2));
  return say("finding.number", { ...parameters, hundredth, prevalence: fine(one.prevalence) });
}
