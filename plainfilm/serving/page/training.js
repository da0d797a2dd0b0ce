// The training page: asks for new steps every two seconds, and shows where the training is. What was drawn stays drawn.

import { fetchRun, Problem, setToken } from "./api.js";
import { byId, element } from "./dom.js";
import { draw, percent, plain, quantile, small, smoothed } from "./training-chart.js";
import { currentLanguage, loadWords, otherLanguage, say, setLanguage, visible } from "./words.js";

const POLL_MS = 2000;
const LOWEST = 0.02; // share of the steps that may lie beyond a chart: the first ones, far from all others
const LIGHTEST = 10; // steps that are smoothed over, and again so many for each
const LIGHTLY_SMOOTHED = 500; // steps that are drawn
const MOST_ROWS = 4000; // of more the server is asked for a choice

const shown = {
  hasWords: false,
  token: "", // that was given
  rows: [],
  run: null, // the last answer
  next: 0, // the first step to ask for
  answered: performance.now(), // when the server last answered, ms
  trouble: { state: "loading", about: "" }, // why there is no answer; null where there is one
};

// --- asking ----------------------------------------------------------------------------------------------------------

async function ask() {
  try {
    if (!shown.hasWords) await loadWords();
    shown.hasWords = true;
    take(await fetchRun(shown.next, currentLanguage()));
  } catch (error) {
    shown.trouble = error instanceof Problem ? troubleOf(error) : { state: "away" };
  }
  if (shown.trouble?.state !== "away") shown.answered = performance.now();
  show();
  setTimeout(ask, POLL_MS);
}

function troubleOf(problem) {
  if (problem.status === 401) return { state: "token", about: "" };
  return { state: "refused", about: visible(problem.message) };
}

function giveToken(token) {
  shown.token = token;
  setToken(token);
}

/** Take an answer: its steps follow those that are there, or replace them all where the training went back. */
function take(content) {
  shown.rows = shown.next === 0 ? content.steps : shown.rows.concat(content.steps);
  const isBehind = content.next < shown.next;
  shown.next = isBehind || shown.rows.length > MOST_ROWS ? 0 : content.next;
  if (shown.run === null || shown.rows === content.steps) shown.every = content.every;
  shown.run = content;
  shown.trouble = null;
}

// --- showing ---------------------------------------------------------------------------------------------------------

function show() {
  if (!shown.hasWords) return; // nothing can be said yet
  showState();
  const hasSteps = shown.run !== null && shown.rows.length > 0;
  byId("training").hidden = !hasSteps;
  if (!hasSteps) return;
  showNumbers(shown.run);
  showCharts(shown.run);
  showEpochs(shown.run);
}

/** Write only what is new, so that a screen reader is not told the same again. */
function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function showState() {
  const state = shown.trouble?.state ?? shown.run.state;
  const away = duration((performance.now() - shown.answered) / 1000);
  const abouts = {
    waiting: () => say("training.about.waiting"),
    stalled: () => say("training.about.stalled", { time: duration(shown.run.updated_s_ago) }),
    testing: () => say("training.about.testing", { time: duration(shown.run.updated_s_ago) }),
    finished: () => say("training.about.finished"),
    away: () => say(shown.rows.length ? "training.about.away" : "training.about.away-empty", { time: away }),
  };
  byId("state").className = state;
  write(byId("state-word"), say(`training.state.${state}`));
  write(byId("state-about"), shown.trouble?.about ?? abouts[state]?.() ?? "");
  byId("token").hidden = state !== "token";
  write(byId("token-wrong"), state === "token" && shown.token ? say("training.token.wrong") : "");
  const done = shown.run?.total_steps ? Math.floor((100 * shown.run.next) / shown.run.total_steps) : null;
  const title = done === null ? say("training.title") : say("training.title.progress", { percent: done });
  document.title = `${title} · plainfilm`;
}

function showNumbers(run) {
  const last = shown.rows.at(-1);
  const { next: done, total_steps: total } = run;
  const share = (value) =>
    value === null ? say("training.accuracy.none") : say("training.percent", { value: (100 * value).toFixed(1) });
  const entries = [
    ["training.step", total === null ? done : say("training.step.of", { done, total })],
    [
      "training.epoch",
      last.epoch,
      ...(run.size_px === null ? [] : [say("training.epoch.of", { last: run.epochs - 1, size: run.size_px })]),
    ],
  ];
  if (run.state === "running" || run.state === "stalled") {
    const left = run.seconds_left;
    const about = left === null ? say("training.left.unknown") : say("training.left.about", { time: duration(left) });
    entries.push(["training.left", about, say("training.left.note")]);
  }
  if (run.num_validation !== 0) {
    entries.push(["training.accuracy.last", share(run.last_validation_accuracy), ...lastNote(run)]);
    entries.push(["training.accuracy.best", share(run.best_validation_accuracy), ...bestNote(run)]);
  }
  byId("numbers").replaceChildren(
    ...entries.map(([key, ...texts]) =>
      element("div", {}, element("dt", {}, say(key)), ...texts.map((text) => element("dd", {}, String(text)))),
    ),
  );
  const bar = byId("bar");
  bar.hidden = total === null;
  bar.max = total ?? 1;
  bar.value = done;
  write(byId("remark"), say(run.num_validation === 0 ? "training.remark.no-films" : "training.remark"));
}

function lastNote(run) {
  const found = shown.rows.findLast((row) => row.validation_accuracy !== null);
  if (found === undefined) return [];
  const key = run.num_validation === null ? "training.accuracy.epoch" : "training.accuracy.films";
  return [say(key, { epoch: found.epoch, n: run.num_validation })];
}

function bestNote(run) {
  if (run.best_epoch === null) return [];
  if (run.is_best_kept === null) return [say("training.accuracy.epoch", { epoch: run.best_epoch })];
  if (run.is_best_kept) return [say("training.accuracy.kept", { epoch: run.best_epoch })];
  return [say("training.accuracy.unkept", { epoch: run.best_epoch, size: run.stages.at(-1).size_px })];
}

function showCharts(run) {
  const axis = {
    steps: run.total_steps ?? shown.rows.at(-1).step + 1,
    perEpoch: run.total_steps && run.epochs ? run.total_steps / run.epochs : null,
    stages: run.stages.map(({ first_step: step, size_px: size }) => ({ step, text: say("training.chart.size", { size }) })),
    epochsWord: say("training.chart.epochs"),
    stepsWord: say("training.chart.steps"),
  };
  const length = LIGHTEST * Math.max(Math.round(shown.rows.length / LIGHTLY_SMOOTHED), 1);
  const key = shown.every > 1 ? "training.legend.smooth-thinned" : "training.legend.smooth";
  write(byId("legend-smooth"), say(key, { steps: length * shown.every, every: shown.every }));
  byId("legend-validation").hidden = run.best_epoch === null;
  byId("legend-kept").hidden = run.is_best_kept !== true;
  for (const name of ["loss", "accuracy"]) draw(byId(name), { ...axis, ...curves(run, name, length) });
  draw(byId("rate"), {
    ...axis,
    stages: [],
    label: say("training.chart.rates", { done: run.next, rate: shown.rows.at(-1).learning_rate.toPrecision(2) }),
    low: 0,
    high: Math.max(...shown.rows.map((row) => row.learning_rate)),
    write: small,
    raw: [],
    smooth: shown.rows.map((row) => [row.step + 1, row.learning_rate]),
    points: [],
  });
}

/** What the chart of the loss or of the accuracy shows: each batch, smoothed over `length` of them, each validation. */
function curves(run, name, length) {
  const isLoss = name === "loss";
  const format = (value) => (isLoss ? value.toFixed(3) : say("training.percent", { value: (100 * value).toFixed(1) }));
  const values = shown.rows.map((row) => row[name]);
  const smooth = smoothed(values, length);
  const points = shown.rows
    .map((row) => ({ epoch: row.epoch, step: row.step + 1, value: row[`validation_${name}`] }))
    .filter(({ value }) => value !== null)
    .map((point) => ({
      ...point,
      text: say("training.chart.epoch", { epoch: point.epoch, value: format(point.value) }),
      isKept: run.is_best_kept === true && point.epoch === run.best_epoch,
    }));
  const known = points.map((point) => point.value);
  return {
    label: say("training.chart.lines", {
      name: say(`training.chart.${name}`),
      done: run.next,
      training: format(smooth.findLast((value) => value !== null)),
      validation: points.length ? format(points.at(-1).value) : say("training.chart.nothing"),
    }),
    isStageLow: !isLoss,
    low: isLoss ? 0 : Math.min(quantile(values, LOWEST), quantile(smooth, LOWEST), ...known),
    high: isLoss ? Math.max(quantile(values, 1 - LOWEST), quantile(smooth, 1 - LOWEST), ...known) : 1,
    write: isLoss ? plain : percent,
    raw: shown.rows.map((row) => [row.step + 1, row[name]]),
    smooth: shown.rows.map((row, place) => [row.step + 1, smooth[place]]),
    points,
  };
}

/** A row an epoch, the last first: the charts in numbers. */
function showEpochs(run) {
  const epochs = new Map();
  for (const row of shown.rows) epochs.set(row.epoch, [...(epochs.get(row.epoch) ?? []), row]);
  const perEpoch = run.total_steps && run.epochs ? run.total_steps / run.epochs : null;
  const size = (epoch) => run.stages.findLast((stage) => stage.first_step <= epoch * perEpoch)?.size_px ?? "";
  const cell = (value, digits, factor = 1) => element("td", {}, value === null ? "" : (factor * value).toFixed(digits));
  const rows = [...epochs].map(([epoch, steps]) => {
    const mean = (name) => steps.reduce((sum, row) => sum + row[name], 0) / steps.length;
    const ended = steps.findLast((row) => row.validation_accuracy !== null);
    const isKept = run.is_best_kept === true && epoch === run.best_epoch;
    const accuracy = cell(ended?.validation_accuracy ?? null, 1, 100);
    if (isKept) accuracy.prepend(element("span", { class: "mark" }, say("training.table.kept")));
    return element(
      "tr",
      { class: isKept ? "kept" : "" },
      element("th", { scope: "row" }, String(epoch)),
      element("td", {}, String(size(epoch))),
      cell(mean("loss"), 4),
      cell(mean("accuracy"), 1, 100),
      cell(ended?.validation_loss ?? null, 4),
      accuracy,
    );
  });
  byId("rows").replaceChildren(...rows.reverse());
}

/** Seconds in the two largest units that matter. */
function duration(seconds) {
  if (seconds < 60) return say("training.seconds", { seconds: Math.round(seconds) });
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return say("training.minutes", { minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return say("training.hours", { hours, minutes: minutes % 60 });
  return say("training.days", { days: Math.floor(hours / 24), hours: hours % 24 });
}

byId("language").addEventListener("click", () => {
  setLanguage(otherLanguage());
  show();
});
byId("token").addEventListener("submit", (event) => {
  event.preventDefault();
  giveToken(byId("token-given").value.trim());
});
new ResizeObserver(() => shown.run !== null && show()).observe(byId("charts"));
giveToken(new URLSearchParams(location.hash.slice(1)).get("token") ?? "");
if (location.hash) history.replaceState(null, "", location.pathname + location.search); // the token stays in memory alone
ask();
