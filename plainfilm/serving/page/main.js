// The page: puts the parts together. Everything is in memory; closing the page forgets it.
//
// Notable choices:
// - the server's sentences are kept by language; after a switch each film is asked about again, without pictures, from
//   the file that is still in memory, so that no sentence is written twice;
// - language and theme are remembered in the address and in memory, never on disk;
// - keys of one character can be switched off (WCAG 2.2, 2.1.4).

import { drawAnswer, drawClass } from "./answer.js";
import { fetchModels, Problem, setToken } from "./api.js";
import { answersTable } from "./csv.js";
import { byId, button, download, element, show } from "./dom.js";
import * as films from "./films.js";
import { caption, drawHistory } from "./history.js";
import { listenForFilms } from "./intake.js";
import { listenForKeys } from "./keys.js";
import { showModels } from "./model.js";
import { goAway, line, onReturn, pump, resume } from "./queue.js";
import * as reader from "./reader.js";
import { loadReportStyle } from "./report.js";
import { drawSamples, loadSamples, takeAllSamples } from "./samples.js";
import { figureWords, meanOver } from "./sayings.js";
import { followView, showFilm, showMap } from "./stage.js";
import { area, className, currentLanguage, figure, listed, loadWords, otherLanguage, say, setLanguage } from "./words.js";

const { shown, visit } = films;
let drawn = { film: null, look: "" }; // what the panel and the stage show
let given = ""; // token that the server has refused
let modelsLanguage = "";
let samplesHideLabels = false;

/** What a person sees of a film: when it changes, panel and stage are drawn anew. */
function lookOf(film) {
  if (!film) return "";
  const isHidden = reader.isHidden(film);
  const facts = [film.state, film.own, film.model, isHidden, reader.reading.isOn, currentLanguage(), modelsLanguage, visit.model];
  const { stance, promised, shift } = film.answer ?? {};
  return JSON.stringify([...facts, isHidden ? "" : [stance, promised, shift, films.wordsOf(film, currentLanguage())]]);
}

function draw(film = null) {
  show(byId("empty"), !visit.films.length);
  const wasHidden = byId("desk").hidden;
  show(byId("desk"), visit.films.length > 0);
  if (wasHidden && visit.films.length) byId("viewer").focus();
  if (!wasHidden && !visit.films.length) byId("choose-first").focus();
  drawHistory();
  drawProgress();
  drawBanner();
  drawReading();
  const { selected } = visit;
  const look = lookOf(selected);
  if (selected !== drawn.film || look !== drawn.look) drawFilm(selected, look);
  if (film && film === selected && films.isAnswered(film)) announce(film);
  byId("export").disabled = !visit.films.some(films.isAnswered);
  pump();
}

function drawFilm(film, look) {
  const isOther = film !== drawn.film;
  drawn = { film, look };
  document.body.classList.toggle("busy", Boolean(film));
  const isSeen = film && films.isAnswered(film) && !reader.isHidden(film) && !films.isRefused(film);
  if (!isSeen) shown.className = null;
  else if (isOther || !shown.className) shown.className = firstShown(film);
  const hadFocus = byId("answer").contains(document.activeElement);
  drawAnswer(film, chooseClass);
  if (isOther) byId("answer").scrollTop = 0;
  if (hadFocus) byId("answer").focus();
  drawClass(film);
  showFilm(film);
}

const firstShown = (film) => film.answer.predicted ?? film.answer.findings?.[0].name ?? films.modelOf(film).classes[0].name;

function chooseClass(name) {
  shown.className = name;
  drawClass(visit.selected);
  showMap(visit.selected);
}

let announced = "";
function announce(film) {
  const words = say("live.answer", { film: film.name, answer: caption(film) });
  if (words !== announced) byId("live").textContent = words;
  announced = words;
}

function drawProgress() {
  const done = visit.films.filter((film) => ["answered", "failed"].includes(film.state)).length;
  show(byId("progress"), done < visit.films.length);
  byId("bar").max = Math.max(visit.films.length, 1);
  byId("bar").value = done;
  byId("progress-words").textContent = say("progress", { done, all: visit.films.length });
}

function drawBanner() {
  const waiting = visit.films.filter((film) => film.state === "waiting").length;
  show(byId("banner"), line.isAway);
  const words = line.isAway ? say("banner.away", { waiting }) : "";
  if (byId("banner").textContent !== words) byId("banner").textContent = words;
  if (line.wantsToken && !byId("token").open) askToken();
}

function askToken() {
  show(byId("token-wrong"), Boolean(given));
  byId("token-wrong").textContent = say("token.wrong");
  byId("token").showModal();
}

function drawReading() {
  const { isOn } = reader.reading;
  show(byId("reading"), isOn);
  byId("read").setAttribute("aria-pressed", String(isOn));
  if (isOn !== samplesHideLabels) drawSamples();
  samplesHideLabels = isOn;
  byId("reading-words").textContent = say("reader.state", reader.readingState());
}

// --- the server's facts ----------------------------------------------------------------------------------------------

/** Fetch models and samples; false where the server is away. */
async function loadFacts() {
  try {
    const language = currentLanguage();
    films.setModels(await fetchModels(language));
    modelsLanguage = language;
    drawFacts();
    if (!byId("samples").childElementCount) await loadSamples();
  } catch (error) {
    const isLocked = error instanceof Problem && error.status === 401;
    if (isLocked) line.wantsToken = true;
    else goAway();
    return isLocked;
  } finally {
    films.changed();
  }
  return true;
}

/** Everything that depends on models and language, and not on a film. */
function drawFacts() {
  const model = visit.models.find((entry) => entry.id === visit.model);
  if (!model) return;
  const isAlone = visit.models.every((entry) => entry.is_sample_model);
  show(byId("only-samples"), isAlone);
  byId("only-samples").textContent = say("empty.only-samples");
  const classes = listed(model.classes.map(({ name }) => className(model, name)));
  const hasFindings = films.isOfFindings(model);
  byId("what").textContent = say(hasFindings ? "empty.what-findings" : "empty.what", { classes });
  const limits = ["diagnosis", hasFindings ? "findings" : "classes", "frontal", "patient"];
  byId("limits").replaceChildren(...limits.map((name) => element("li", {}, say(`limit.${name}`, { classes }))));
  byId("tested").replaceChildren(
    figureWords(model),
    " ",
    button(say("tools.about"), showModels, { class: "plain" }),
  );
  show(byId("model-choice"), visit.models.length > 2);
  byId("model").replaceChildren(
    ...visit.models
      .filter((entry) => isAlone || !entry.is_sample_model)
      .map((entry) => element("option", { value: entry.id, selected: entry.id === visit.model }, modelLabel(entry))),
  );
}

function modelLabel(model) {
  const { id, classes, evaluation, headline } = model;
  const tested = evaluation?.[headline];
  if (films.isOfFindings(model)) return tested ? say("model.choice-findings", { id, auc: area(tested), ...meanOver(model) }) : say("model.choice-untested", { id, n: classes.length });
  if (typeof tested?.value !== "number") return id;
  return say("model.choice", { id, accuracy: figure(tested) });
}

// --- what people do --------------------------------------------------------------------------------------------------

function switchLanguage() {
  setLanguage(otherLanguage());
  history.replaceState(null, "", `#lang=${currentLanguage()}`);
  drawTheme();
  drawFacts();
  drawSamples();
  films.changed();
  loadFacts();
}

function isLight() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "light" : matchMedia("(prefers-color-scheme: light)").matches;
}

function drawTheme() {
  byId("theme").textContent = say(isLight() ? "tools.dark" : "tools.light");
}

function switchTheme() {
  document.documentElement.dataset.theme = isLight() ? "dark" : "light";
  drawTheme();
}

function toggleReading() {
  if (!reader.reading.isOn) reader.startReading();
  else if (reader.readingState().read) reader.showSummary();
  else reader.stopReading();
}

function clearAll() {
  if (window.confirm(say("history.clear-sure", { n: visit.films.length }))) films.clear();
}

function endReading() {
  byId("summary").close();
  reader.stopReading();
  byId("read").focus();
}

function sendToken() {
  given = byId("token-input").value;
  byId("token-input").value = "";
  setToken(given);
  resume();
  loadFacts();
}

function pressNumber(number) {
  const film = visit.selected;
  if (film && reader.isHidden(film)) reader.pressAnswer(film, number);
  else if (film?.answer?.probabilities) {
    const name = (film.answer.findings ?? films.modelOf(film).classes)[number - 1]?.name;
    if (name) chooseClass(name);
  }
}

function listen() {
  const act = {
    ...{ choose: () => byId("files").click(), "choose-first": () => byId("files").click(), read: toggleReading },
    ...{ about: showModels, language: switchLanguage, theme: switchTheme, clear: clearAll },
    "all-samples": takeAllSamples,
    export: () => download("plainfilm-answers.csv", answersTable()),
    ...{ finish: reader.showSummary, "end-reading": endReading, "go-on": () => byId("summary").close() },
    ...{ "reading-csv": reader.exportReading, "figures-csv": reader.exportFigures },
  };
  for (const [id, does] of Object.entries(act)) byId(id).addEventListener("click", does);
  byId("model").addEventListener("change", (event) => {
    visit.model = event.target.value;
    drawFacts();
    films.changed();
  });
  byId("token-form").addEventListener("submit", sendToken);
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", drawTheme);
  window.addEventListener("beforeunload", (event) => {
    if (visit.films.length) event.preventDefault();
  });
  listenForKeys({ pressNumber, undecided: () => reader.answerFilm(visit.selected, films.UNDECIDED), toggleReading });
  listenForFilms();
}

/** What the address says: #lang=zh&token=...; the token is taken out of it. */
function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  if (asked.has("token")) {
    setToken(asked.get("token"));
    asked.delete("token");
    history.replaceState(null, "", asked.size ? `#${asked}` : location.pathname);
  }
  return asked.get("lang");
}

await loadWords(readAddress());
await loadReportStyle();
listen();
followView();
onReturn(loadFacts);
films.onChange(draw);
drawTheme();
draw();
document.documentElement.classList.remove("loading");
await loadFacts();
