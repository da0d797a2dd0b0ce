// The samples: phantoms that the package draws, to try the page without a film.

import { fetchSample, fetchSamples } from "./api.js";
import { button, byId, element, show } from "./dom.js";
import { sampleModel } from "./films.js";
import { addSamples } from "./intake.js";
import { reading } from "./reader.js";
import { className, say } from "./words.js";

let samples = []; // {label, blob, address}

export async function loadSamples() {
  samples = await Promise.all(
    (await fetchSamples()).map(async ({ id, label }) => {
      const blob = await fetchSample(id);
      return { label, blob, address: URL.createObjectURL(blob) };
    }),
  );
  drawSamples();
}

/** Draw the samples in the language shown; in reader mode without their classes. */
export function drawSamples() {
  const made = samples.map((sample, place) => {
    const image = element("img", { src: sample.address, alt: "", width: 96, height: 96 });
    const caption = reading.isOn ? nameOf(place) : className(sampleModel(), sample.label);
    return button([image, element("span", {}, caption)], () => addSamples([entryOf(sample, place)]), { class: "sample" });
  });
  byId("samples").replaceChildren(...made);
  show(byId("all-samples"), made.length > 1);
}

export function takeAllSamples() {
  addSamples(samples.map(entryOf));
}

const nameOf = (place) => say("sample.name", { number: place + 1 });
const entryOf = ({ label, blob }, place) => ({ name: nameOf(place), label, blob });
