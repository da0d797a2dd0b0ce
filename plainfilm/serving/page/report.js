// One film's answer on a sheet of its own: to print, and as an HTML file that needs nothing else.

import { addressOf } from "./address.js";
import { byId, download, element, facts } from "./dom.js";
import { isRefused, modelOf, namedIn, shown, wordsOf } from "./films.js";
import { limits, minorityWords, numberOf } from "./findings.js";
import { modelFacts } from "./model.js";
import { drawMap, hasEvidence, OPACITY } from "./overlay.js";
import { calledWords, emptyMapWords, explanation, knownWords, placeWords, sampleWords, testedWords } from "./sayings.js";
import { className, currentLanguage, percent, say } from "./words.js";

const MIN_SIDE_PX = 448; // as plainfilm/model/overlay.py has it
const MAX_SIDE_PX = 1024;
let style = "";

/** Fetch the sheet's style now: the server may be gone when a report is wanted. */
export async function loadReportStyle() {
  style = await (await fetch(addressOf("page/report.css"))).text();
}

export async function exportReport(film) {
  // A document of its own would come under this page's policy, which forbids its style: so it is put together as text,
  // of which everything that is not ours was escaped by outerHTML.
  const head = [
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">`,
    element("title", {}, say("report.title")).outerHTML,
    `<style>${style}</style>`,
  ];
  const body = (await sheet(film)).outerHTML;
  const page = `<!doctype html>\n<html lang="${document.documentElement.lang}"><head>${head.join("")}</head><body>${body}</body></html>\n`;
  download(`plainfilm-${film.answer.image_id}.html`, new Blob([page], { type: "text/html;charset=utf-8" }));
}

export async function printReport(film) {
  const place = byId("sheet");
  place.replaceChildren(await sheet(film));
  await Promise.all([...place.querySelectorAll("img")].map((image) => image.decode()));
  window.print();
}

async function sheet(film) {
  const model = modelOf(film);
  const words = wordsOf(film, currentLanguage());
  const { answer } = film;
  return element(
    "article",
    { class: "sheet" },
    element("p", { class: "purpose" }, say("purpose")),
    element("h1", {}, isRefused(film) ? say("answer.refused") : words.headline),
    isRefused(film) || answer.gate.overridden ? null : worth(answer, model, words),
    remarks(film, model, words),
    await pictures(film, model),
    isRefused(film) ? null : answer.findings ? findings(film, model, words) : probabilities(film, model),
    facts([
      [say("fact.film"), film.name],
      [say("fact.image-id"), answer.image_id],
      [say("fact.size"), `${answer.width} × ${answer.height} px`],
      [say("fact.distance"), answer.gate.distance.toFixed(2)],
      [say("fact.home"), answer.shift ? answer.shift.distance.toFixed(2) : say("fact.home-unknown")],
      [say("fact.model"), model.id],
      [say("fact.date"), new Date().toISOString().slice(0, 16).replace("T", " ") + " UTC"],
    ]),
    element("h2", {}, say("model.title")),
    ...modelFacts(model),
  );
}

/** Whether the film is like those of the test, and what the answer rests on besides. */
function worth(answer, model, words) {
  const said = [placeWords(answer, words), explanation(answer, model)].filter(Boolean);
  return said.length ? element("p", {}, said.join(say("gap"))) : null;
}

/** The input check's reasons, the warnings, what is said against the map, and whether film or model are drawings. */
function remarks(film, model, words) {
  const found = [
    film.isSample ? sampleWords(film) : "",
    words.watched ?? "",
    film.isSample || isRefused(film) || film.answer.gate.overridden ? "" : testedWords(model),
    isRefused(film) ? "" : knownWords(model),
    film.answer.gate.overridden ? say("answer.overridden") : "",
    film.answer.findings ? minorityWords(film.answer) : "",
    ...words.reasons,
    ...words.warnings,
    emptyMapWords(film, mappedName(film, model)),
    words.map ?? "",
  ].filter(Boolean);
  return found.length ? element("ul", { class: "remarks" }, found.map((remark) => element("li", {}, remark))) : null;
}

/** The class or finding whose map the sheet has. */
function mappedName(film, model) {
  return shown.className ?? film.answer.predicted ?? film.answer.findings?.[0].name ?? model.classes[0].name;
}

async function pictures(film, model) {
  const bitmap = await createImageBitmap(film.picture);
  const longest = Math.max(bitmap.width, bitmap.height);
  const scale = Math.min(Math.max(1, MIN_SIDE_PX / longest), MAX_SIDE_PX / longest);
  const [width, height] = [Math.round(bitmap.width * scale), Math.round(bitmap.height * scale)];
  const draw = (map) => {
    const canvas = element("canvas", { width, height });
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, width, height);
    context.globalAlpha = OPACITY;
    if (map) context.drawImage(map, 0, 0, width, height);
    return canvas.toDataURL("image/png");
  };
  const figures = [picture(draw(null), say("report.film"))];
  const name = mappedName(film, model);
  const cells = film.answer.map?.maps[name];
  if (cells && hasEvidence(cells)) {
    const map = drawMap(cells, width, height, model.preprocessing.fit);
    figures.push(picture(draw(map), say("report.map", { name: className(model, name) })));
  }
  return element("div", { class: "pictures" }, figures);
}

function picture(address, caption) {
  return element("figure", {}, element("img", { src: address, alt: caption }), element("figcaption", {}, caption));
}

function probabilities(film, model) {
  const heads = ["report.class", "report.probability", "report.in-set", "report.points"];
  const rows = model.classes.map(({ name }) => {
    const named = namedIn(film.answer);
    const member = named === null ? "–" : say(named.includes(name) ? "report.yes" : "report.no");
    const cells = [percent(film.answer.probabilities[name]), member, calledWords(film, name) || "–"];
    return element("tr", {}, element("th", { scope: "row" }, className(model, name)), cells.map((text) => element("td", {}, text)));
  });
  return tableOf(heads, rows);
}

/** All findings in their order; the state is a word, and the first column of numbers. */
function findings(film, model, words) {
  const heads = ["report.finding", "report.state", "report.probability", "report.limits"];
  const rows = film.answer.findings.map((one) => {
    const cells = [words.states[one.name] ?? one.state_words, numberOf(one), limits(one) || "–"];
    const name = element("th", { scope: "row" }, className(model, one.name));
    return element("tr", { class: one.state ?? "uncalibrated" }, name, cells.map((text) => element("td", {}, text)));
  });
  return tableOf(heads, rows);
}

function tableOf(heads, rows) {
  return element(
    "table",
    {},
    element("thead", {}, element("tr", {}, heads.map((key) => element("th", { scope: "col" }, say(key))))),
    element("tbody", {}, rows),
  );
}
