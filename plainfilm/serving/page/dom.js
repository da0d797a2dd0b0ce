// Building elements. Text is always text: nothing here parses HTML, and no character of a name turns others round.

import { visible } from "./words.js";

/** An element with attributes (false and null: left out; true: empty) and children (elements or text). */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, visible(String(value)));
  }
  const shown = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== "");
  made.append(...shown.map((child) => (typeof child === "string" ? visible(child) : child)));
  return made;
}

/** A button that calls `act`. */
export function button(text, act, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", act);
  return made;
}

/** Names with their values as a list; `rows`: [name, value]. */
export function facts(rows, attributes = {}) {
  return element("dl", attributes, rows.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

/** The element with an id, which the page must have. */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element ${id}`);
  return found;
}

/** Show or hide an element. */
export function show(target, isShown) {
  target.hidden = !isShown;
}

/** Hand a file to the user. */
export function download(name, blob) {
  const address = URL.createObjectURL(blob);
  const link = element("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}
