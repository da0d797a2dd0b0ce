// Tables to take away, as CSV (RFC 4180, with the mark by which spreadsheets know UTF-8).

import { isAnswered, isOfFindings, modelOf, visit } from "./films.js";

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
  const named = (some) => [...new Set(some.flatMap((film) => (modelOf(film)?.classes ?? []).map(({ name }) => name)))];
  const [classes, findings] = [named(visit.films), named(visit.films.filter((film) => isOfFindings(modelOf(film))))];
  const areAllFindings = visit.films.every((film) => isOfFindings(modelOf(film)));
  const ofClasses = (cell) => (areAllFindings ? [] : [cell]);
  const rows = visit.films.map((film) => {
    const answer = isAnswered(film) ? film.answer : null;
    const shares = classes.map((name) => answer?.probabilities?.[name]?.toFixed(6));
    const states = findings.map((name) => answer?.findings?.find((one) => one.name === name)?.state);
    const warnings = (answer?.warnings ?? []).map((warning) => warning.code).join(" ");
    return [
      ...[film.name, answer?.image_id, ...ofClasses(answer?.predicted), ...shares, film.problem?.code, ...ofClasses(setCell(answer))],
      ...[...states, gateCell(answer), shiftCell(answer), answer?.stance, answer?.gate.overridden ?? "", warnings, film.model, film.isSample],
    ];
  });
  const said = ["path", "image_id", ...ofClasses("predicted"), ...classes.map((name) => `p_${name}`)];
  const decided = ["problem", ...ofClasses("set"), ...findings.map((name) => `state_${name}`), "gate", "shift", "stance"];
  return table([[...said, ...decided, "overridden", "warnings", "model", "sample"], ...rows]);
}

export function setCell(answer) {
  if (!answer?.set) return "";
  return answer.set.join("|") || "none";
}

/** Where a film lies, as `plainfilm predict --csv` has it. */
export function shiftCell(answer) {
  if (!answer?.shift || !answer.gate.passed) return "";
  if (answer.shift.abroad) return "abroad";
  if (answer.shift.unlike) return "unlike";
  return answer.shift.abroad === null ? "" : "home";
}

export function gateCell(answer) {
  if (!answer) return "";
  return answer.gate.passed ? "passed" : answer.gate.reasons.map((reason) => reason.code).join(" ");
}
