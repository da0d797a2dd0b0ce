// Tables to take away, as CSV (RFC 4180, with the mark by which spreadsheets know UTF-8).

import { isAnswered, modelOf, visit } from "./films.js";

/** A cell. What a spreadsheet would take for a formula gets an apostrophe before it, as in plainfilm/tables.py. */
export function cell(value) {
  let text = value === null || value === undefined ? "" : String(value);
  if (typeof value !== "number" && !/^[+-]?\d+(\.\d+)?$/.test(text)) {
    text = text.replace(/(?:^|(?<=[;,\t\r\n]))(?='*[=+\-@\t\r\n＝＋－＠])/g, "'");
  }
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function table(rows) {
  const lines = rows.map((row) => `${row.map(cell).join(",")}\r\n`);
  return new Blob(["\ufeff", ...lines], { type: "text/csv;charset=utf-8" });
}

/** All answers of the visit, a row a film; the columns are those of `plainfilm predict --csv` where there is one. */
export function answersTable() {
  const classes = [...new Set(visit.films.flatMap((film) => (modelOf(film)?.classes ?? []).map(({ name }) => name)))];
  const rows = visit.films.map((film) => {
    const answer = isAnswered(film) ? film.answer : null;
    const shares = classes.map((name) => answer?.probabilities?.[name]?.toFixed(6));
    const warnings = (answer?.warnings ?? []).map((warning) => warning.code).join(" ");
    return [
      ...[film.name, answer?.image_id, answer?.predicted, ...shares, film.problem?.code, setCell(answer), gateCell(answer), shiftCell(answer)],
      ...[answer?.gate.overridden ?? "", warnings, film.model, film.isSample],
    ];
  });
  const columns = ["path", "image_id", "predicted", ...classes.map((name) => `p_${name}`), "problem", "set", "gate", "shift"];
  return table([[...columns, "overridden", "warnings", "model", "sample"], ...rows]);
}

export function setCell(answer) {
  if (!answer?.set) return "";
  return answer.set.join("|") || "none";
}

/** Where a film lies, as `plainfilm predict --csv` has it. */
export function shiftCell(answer) {
  if (!answer?.shift || !answer.gate.passed) return "";
  if (answer.shift.abroad) return "abroad";
  return answer.shift.unlike ? "unlike" : "home";
}

export function gateCell(answer) {
  if (!answer) return "";
  return answer.gate.passed ? "passed" : answer.gate.reasons.map((reason) => reason.code).join(" ");
}
