// The films of this visit, in memory only, and the models that answer them.
//
// A film: {number, name, blob, isSample, model, state, isOverridden, askedAt, answer, words, problem, picture, own, wasShown}
// - state: "waiting", "sending", "answered" (the input check's refusal is an answer too) or "failed";
// - askedAt: the place of the films, as far as it was known when this one was asked again;
// - answer: the server's prediction, without its pictures; words: its sentences by language;
// - own: the reader's own answer, a class, the list of the findings ticked, or UNDECIDED; ticked: what is ticked so far;
//   wasShown: whether the model's answer was seen before it.

export const UNDECIDED = "undecided";

export const visit = { films: [], selected: null, models: [], model: null };
export const shown = { className: null }; // the class or finding whose map is over the film
const known = new Map(); // all models of this visit by id: a server may come back with others
const listeners = [];
let lastNumber = 0;

/** Call `listener` after every change: with the film that changed, or null where more than one did. */
export function onChange(listener) {
  listeners.push(listener);
}

export function changed(film = null) {
  for (const listener of listeners) listener(film);
}

/** Take films in, as waiting; the first of them is selected. `entries`: {name, blob}, and of samples isSample, model, label. */
export function addFilms(entries) {
  const films = entries.map((entry) => ({
    number: (lastNumber += 1),
    isSample: false,
    model: visit.model,
    ...entry,
    ...fresh(),
    own: null,
    ticked: [],
    wasShown: false,
  }));
  if (!films.length) return;
  visit.films.push(...films);
  visit.selected = films[0];
  changed();
}

function fresh() {
  return { state: "waiting", isOverridden: false, askedAt: null, answer: null, words: {}, problem: null, picture: null, tries: 0 };
}

/** Send a film again, to a model, and with the input check overridden or not. */
export function askAgain(film, { model = film.model, isOverridden = false } = {}) {
  Object.assign(film, fresh(), { isOverridden });
  setModel(film, model);
  changed(film);
}

/** Make a film one for another model. What a reader said stays if the other model is asked the same. */
function setModel(film, id) {
  const asked = (model) => JSON.stringify([known.get(model)?.task, known.get(model)?.classes.map(({ name }) => name)]);
  if (asked(film.model) !== asked(id)) Object.assign(film, { own: null, ticked: [] });
  film.model = id;
}

export function select(film) {
  visit.selected = film;
  changed();
}

/** Select the film `steps` further on. */
export function selectBeside(steps) {
  const place = visit.films.indexOf(visit.selected) + steps;
  if (place >= 0 && place < visit.films.length) select(visit.films[place]);
}

export function remove(film) {
  const place = visit.films.indexOf(film);
  visit.films.splice(place, 1);
  if (visit.selected === film) visit.selected = visit.films[Math.min(place, visit.films.length - 1)] ?? null;
  changed();
}

export function clear() {
  visit.films.length = 0;
  visit.selected = null;
  changed();
}

/** The model that a film is for; undefined while the server's models are not known. */
export function modelOf(film) {
  return known.get(film.model);
}

/** The server's models. Films that wait for one that is not served (any more) are for the default one. */
export function setModels(models) {
  visit.models = models;
  for (const model of models) known.set(model.id, model);
  const isServed = (id) => models.some((model) => model.id === id);
  if (!isServed(visit.model)) visit.model = models.find((model) => model.is_default).id;
  for (const film of visit.films) if (film.state === "waiting" && !isServed(film.model)) setModel(film, visit.model);
}

export function sampleModel() {
  return visit.models.find((model) => model.is_sample_model);
}

export function isAnswered(film) {
  return film.state === "answered";
}

/** Whether the input check refuses a film and nobody insisted. */
export function isRefused(film) {
  return isAnswered(film) && film.answer.probabilities === null;
}

/** Whether the model answers a film by itself, and not because somebody insisted: nobody chooses afterwards what counts. */
export function hasOwnAnswer(film) {
  return isAnswered(film) && film.answer.gate.passed;
}

/** The classes that an answer names; null if it promises nothing of its film, or the model is not calibrated. */
export function namedIn(answer) {
  return answer.promised === false ? null : answer.set;
}

/** Whether a model's answers are any number of findings. */
export function isOfFindings(model) {
  return model?.task === "findings";
}

/** A film's sentences in a language; in another one while they are not there. */
export function wordsOf(film, language) {
  return film.words[language] ?? Object.values(film.words)[0];
}
