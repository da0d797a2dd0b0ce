// The strip of films of this visit.

import { button, byId, element } from "./dom.js";
import { isAnswered, isRefused, modelOf, remove, select, visit } from "./films.js";
import { findingsCaption } from "./findings.js";
import { isHidden } from "./reader.js";
import { className, say, visible } from "./words.js";

const THUMBNAIL_PX = 88;
const entries = new Map(); // film -> its list item

/** Bring the strip in line with the films; items stay the same elements, so that the focus stays. */
export function drawHistory() {
  for (const [film, entry] of entries) {
    if (visit.films.includes(film)) continue;
    const hadFocus = entry.contains(document.activeElement);
    const beside = entry.nextElementSibling ?? entry.previousElementSibling;
    entry.remove();
    entries.delete(film);
    if (hadFocus) beside?.querySelector("button")?.focus();
  }
  for (const film of visit.films) {
    if (!entries.has(film)) byId("strip").append(makeEntry(film));
    drawEntry(film);
  }
}

function makeEntry(film) {
  const canvas = element("canvas", { width: THUMBNAIL_PX, height: THUMBNAIL_PX, "aria-hidden": "true" });
  const caption = element("span", { class: "caption" });
  const name = element("span", { class: "name" }, film.name);
  const chosen = button([canvas, name, caption], () => select(film), { class: "film" });
  const removal = button("×", () => remove(film), { class: "remove" });
  const entry = element("li", {}, chosen, removal);
  entry.addEventListener("keydown", (event) => {
    if (event.key === "Delete") remove(film);
    const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!steps) return;
    event.preventDefault();
    const beside = visit.films[visit.films.indexOf(film) + steps];
    if (!beside) return;
    select(beside);
    entries.get(beside).querySelector("button").focus();
  });
  entries.set(film, entry);
  return entry;
}

function drawEntry(film) {
  const entry = entries.get(film);
  const [chosen, removal] = entry.querySelectorAll("button");
  const isSelected = film === visit.selected;
  if (isSelected && chosen.getAttribute("aria-current") !== "true") {
    entry.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  chosen.setAttribute("aria-current", String(isSelected));
  chosen.title = visible(film.name);
  removal.setAttribute("aria-label", say("history.remove", { name: film.name }));
  removal.title = say("action.remove");
  entry.querySelector(".caption").textContent = caption(film);
  if (entry.picture !== film.picture) drawThumbnail(entry, film);
}

async function drawThumbnail(entry, film) {
  entry.picture = film.picture;
  const canvas = entry.querySelector("canvas");
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, THUMBNAIL_PX, THUMBNAIL_PX);
  if (!film.picture) return;
  const bitmap = await createImageBitmap(film.picture);
  const scale = THUMBNAIL_PX / Math.max(bitmap.width, bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, (THUMBNAIL_PX - width) / 2, (THUMBNAIL_PX - height) / 2, width, height);
  bitmap.close();
}

/** A film's answer in a word or two. */
export function caption(film) {
  if (film.state === "failed") return say("caption.failed");
  if (isHidden(film)) return say("caption.to-read");
  if (!isAnswered(film)) return say("caption.waiting");
  if (isRefused(film)) return say("caption.refused");
  const { findings, predicted, gate, stance } = film.answer;
  const [likely, said] = findings
    ? [findingsCaption(film), findingsCaption(film)]
    : [className(modelOf(film), predicted), setCaption(film)];
  if (gate.overridden) return say("caption.overridden", { name: likely });
  if (stance === "abroad") return say("caption.abroad");
  return stance === "unproven" ? say("caption.unproven", { name: said }) : said;
}

/** What a film's set says. */
function setCaption(film) {
  const { set, predicted } = film.answer;
  if (set === null) return className(modelOf(film), predicted);
  if (set.length === 1) return className(modelOf(film), set[0]);
  return say(set.length ? "caption.undecided" : "caption.none");
}
