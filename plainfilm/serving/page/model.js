// What the models are, and where they were tested.

import { byId, element, facts } from "./dom.js";
import { isOfFindings, visit } from "./films.js";
import { meanOver } from "./sayings.js";
import { area, className, figure, listed, say } from "./words.js";

export function showModels() {
  byId("models-body").replaceChildren(...visit.models.flatMap(about));
  byId("models").showModal();
}

function about(model) {
  const kinds = [say("model.name", { id: model.id })];
  if (model.is_sample_model) kinds.push(say("model.sample"));
  if (model === visit.models.find((entry) => entry.id === visit.model)) kinds.push(say("model.answering"));
  return [element("h3", {}, listed(kinds)), ...modelFacts(model)];
}

/** A model's statements, then its figures. */
export function modelFacts(model) {
  const names = listed(model.classes.map(({ name }) => className(model, name)));
  const rows = [[say(isOfFindings(model) ? "model.findings" : "model.classes"), names]];
  for (const [name, entry] of Object.entries(model.evaluation ?? {})) {
    const words = isOfFindings(model) ? say("model.auc-findings", meanOver(model)) : say(`model.${name}`);
    rows.push([words, name === "macro_auc" ? area(entry) : figure(entry)]);
  }
  const { size, fit } = model.preprocessing;
  rows.push(
    [say("model.seen"), model.num_seen === null ? say("model.seen-unknown") : String(model.num_seen)],
    [say("model.input"), say(`model.input-${fit}`, { size, cells: model.map_side })],
    [say("model.weights"), model.weights_sha256],
  );
  return [
    element("ul", { class: "statements" }, statements(model).map((sentence) => element("li", {}, sentence))),
    facts(rows, { class: "figures" }),
  ];
}

function statements(model) {
  return model.is_sample_model ? [say("model.sample-knows"), ...model.statements] : model.statements;
}
