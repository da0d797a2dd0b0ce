// How films come in: dropped (also as folders), chosen, pasted, or as samples.

import { byId, show } from "./dom.js";
import { addFilms, sampleModel } from "./films.js";

export function listenForFilms() {
  const take = (files) => addFilms(files.map((file) => ({ name: file.name, blob: file })));
  byId("files").addEventListener("change", (event) => {
    take([...event.target.files]);
    event.target.value = "";
  });
  document.addEventListener("paste", (event) => take([...event.clipboardData.files]));
  const isFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    show(byId("dropping"), true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) show(byId("dropping"), false);
  });
  document.addEventListener("drop", async (event) => {
    show(byId("dropping"), false);
    if (!isFiles(event)) return;
    event.preventDefault();
    take(await filesOf(event.dataTransfer));
  });
}

/** The files that were dropped, with those of folders. */
async function filesOf(transfer) {
  const plain = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return plain;
  return (await Promise.all(entries.map(filesUnder))).flat();
}

async function filesUnder(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    found.push(...some);
  }
  found.sort((first, second) => first.name.localeCompare(second.name));
  return (await Promise.all(found.map(filesUnder))).flat();
}

/** Take samples in; the sample model answers them. `samples`: {name, blob, label}, the label is the class drawn. */
export function addSamples(samples) {
  addFilms(samples.map((sample) => ({ ...sample, isSample: true, model: sampleModel().id })));
}
