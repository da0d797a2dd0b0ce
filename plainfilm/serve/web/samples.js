// The samples: phantoms that the package draws, to try the page without a film.

import { fetchSample, fetchSamples } from "./api.js";
import { byId, button, element } from "./dom.js";
import { sampleModel } from "./films.js";
import { addSample } from "./intake.js";
import { className, say } from "./words.js";

let samples = []; // {id, label, blob, address}

export async function loadSamples() {
  samples = await Promise.all(
    (await fetchSamples()).map(async (sample) => {
      const blob = await fetchSample(sample.id);
      return { ...sample, blob, address: URL.createObjectURL(blob) };
    }),
  );
  drawSamples();
}

/** Draw the samples again, in the language shown. */
export function drawSamples() {
  const made = samples.map((sample, place) => {
    const name = say("sample.name", { number: place + 1, label: className(sampleModel(), sample.label) });
    const image = element("img", { src: sample.address, alt: "", width: 96, height: 96 });
    return button([image, element("span", {}, className(sampleModel(), sample.label))], () => addSample(name, sample.blob), {
      class: "sample",
    });
  });
  byId("samples").replaceChildren(...made);
}
