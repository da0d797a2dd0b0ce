// The keyboard: shortcuts of one character, which can be switched off, and the dialog that lists them.

import { byId, element } from "./dom.js";
import { selectBeside } from "./films.js";
import { pressView } from "./stage.js";
import { say } from "./words.js";

const LIST = [
  ["o", "choose"],
  ["n / p", "next"],
  ["1 … 9", "class"],
  ["u", "undecided"],
  ["r", "read"],
  ["m", "map"],
  ["+ / −", "zoom"],
  ["← ↑ → ↓", "arrows"],
  ["0", "whole"],
  ["w", "window"],
  ["i", "invert"],
  ["Delete", "remove"],
  ["?", "help"],
];

export function listenForKeys({ pressNumber, undecided, toggleReading }) {
  const clicks = { o: "choose", m: "map", 0: "whole", w: "window", i: "invert" };
  const press = (key) => {
    if (key in clicks) byId(clicks[key]).click();
    else if (/^[1-9]$/.test(key)) pressNumber(Number(key));
    else if (key === "n") selectBeside(1);
    else if (key === "p") selectBeside(-1);
    else if (key === "u") undecided();
    else if (key === "r") toggleReading();
    else if (key === "?") showKeys();
    else return !byId("desk").hidden && ["+", "=", "-"].includes(key) && pressView(key);
    return true;
  };
  byId("viewer").addEventListener("keydown", (event) => {
    if (event.target === byId("viewer") && event.key.startsWith("Arrow") && pressView(event.key)) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("select, textarea, input:not([type=radio], [type=range], [type=checkbox])");
    const isOurs = !(event.ctrlKey || event.metaKey || event.altKey || isTyping || document.querySelector("dialog[open]"));
    if (isOurs && byId("keys-on").checked && event.key.length === 1 && press(event.key)) event.preventDefault();
  });
  byId("help").addEventListener("click", showKeys);
}

function showKeys() {
  byId("keys-list").replaceChildren(
    ...LIST.flatMap(([keys, name]) => [
      element("dt", {}, element("kbd", {}, keys)),
      element("dd", {}, say(`keys.${name}`)),
    ]),
  );
  byId("keys").showModal();
}
