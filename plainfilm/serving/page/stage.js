// The stage: the viewer with its tools, for the film that is selected.

import { byId, show } from "./dom.js";
import { isAnswered, modelOf, shown, wordsOf } from "./films.js";
import { hasEvidence } from "./overlay.js";
import { Viewer } from "./viewer.js";
import { className, currentLanguage, say } from "./words.js";

let viewer = null;
let pictured = null; // the picture on the stage
let isMapOn = false; // a film opens as it is
let current = null;

/** Show a film; the view is kept while it is the same picture. */
export async function showFilm(film) {
  current = film;
  const picture = film?.picture ?? null;
  show(byId("no-film"), !picture);
  byId("no-film").textContent = film ? say(`stage.${film.state}`) : "";
  if (picture === pictured) {
    showMap(film);
    return;
  }
  pictured = picture;
  viewer.clear();
  drawTools();
  if (!picture) return;
  const bitmap = await createImageBitmap(picture);
  if (pictured === picture) {
    viewer.show(bitmap);
    showMap(current);
  }
  bitmap.close();
}

/** Lay the map of the class that is chosen over the film. */
export function showMap(film) {
  const cells = isMapOn && film && isAnswered(film) && shown.className ? film.answer.map?.maps[shown.className] : null;
  if (cells) viewer.showMap(cells, modelOf(film).preprocessing.fit);
  else viewer.showMap(null);
  drawTools();
}

function drawTools() {
  const hasMap = Boolean(shown.className);
  for (const id of ["zoom-in", "zoom-out", "whole", "window", "invert"]) byId(id).disabled = !pictured;
  for (const id of ["map", "opacity"]) byId(id).disabled = !hasMap;
  byId("map").setAttribute("aria-pressed", String(hasMap && isMapOn));
  byId("opacity-shown").textContent = `${byId("opacity").value}\u00a0%`;
  byId("window").setAttribute("aria-pressed", String(viewer.mode === "window"));
  const isSeen = isMapSeen();
  show(byId("map-words"), isSeen);
  byId("map-words").textContent = isSeen ? mapWords() : "";
  byId("canvas").setAttribute("aria-label", description(isSeen));
}

/** Whether a map is over the film: nothing is to be seen of one on which nothing speaks for its class. */
function isMapSeen() {
  const cells = current?.answer?.map?.maps[shown.className];
  return isMapOn && Boolean(cells) && hasEvidence(cells);
}

/** What the map shows, and that something is to be said against it. */
function mapWords() {
  const model = modelOf(current);
  const key = wordsOf(current, currentLanguage()).map ? "stage.map-remarked" : "stage.map";
  return say(key, { name: className(model, shown.className), cells: model.map_side });
}

function description(isSeen) {
  if (!current) return say("stage.none");
  if (!isSeen) return say("stage.film", { film: current.name });
  const name = className(modelOf(current), shown.className);
  return say("stage.film-map", { film: current.name, name, opacity: byId("opacity").value });
}

/** Wire the viewer and its tools. */
export function followView() {
  viewer = new Viewer(byId("viewer"), byId("canvas"), (view) => {
    byId("invert").setAttribute("aria-pressed", String(view?.isInverted ?? false));
    if (!view) {
      byId("over-film").textContent = "";
      return;
    }
    const numbers = { zoom: Math.round(100 * view.zoom), window: Math.round(view.window), level: Math.round(view.level) };
    byId("over-film").textContent = say("stage.view", numbers);
  });
  const act = {
    "zoom-in": () => viewer.press("+"),
    "zoom-out": () => viewer.press("-"),
    whole: () => viewer.reset(),
    invert: () => viewer.invert(),
    window: toggleWindow,
    map: toggleMap,
  };
  for (const [id, does] of Object.entries(act)) byId(id).addEventListener("click", does);
  byId("opacity").addEventListener("input", () => {
    viewer.setOpacity(byId("opacity").value / 100);
    drawTools();
  });
}

function toggleWindow() {
  viewer.setMode(viewer.mode === "window" ? "pan" : "window");
  drawTools();
}

function toggleMap() {
  isMapOn = !isMapOn;
  showMap(current);
}

/** What a key does to the view; false where it does nothing. */
export function pressView(key) {
  return viewer.press(key);
}
