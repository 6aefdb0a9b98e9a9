/** What every page has: search as you type in each box that has `data-suggest`, the key "/", and its panels laid out. */

import "./find.css";
import { pageOf, rootOf, slug } from "./addresses.ts";
import { Combobox } from "./combobox.ts";
import { language } from "./dom.ts";
import type { Hit } from "./hits.ts";
import { oneByOne } from "./turns.ts";

const boxes = [...document.querySelectorAll<HTMLInputElement>("input[data-suggest]")];
const first = document.querySelector<HTMLFormElement>("form[role=search]");
const search = first?.action ?? "/search";
const root = rootOf(search, "/search");

for (const box of boxes) {
  if (box.dataset.suggest === "page") {
    const go = (hit: Hit) => window.location.assign(pageOf(hit.iri, root, window.location.search));
    new Combobox(box, go, search);
  } else {
    const fill = (hit: Hit) => {
      fillIn(box, hit);
      box.dispatchEvent(new Event("change", { bubbles: true }));
    };
    new Combobox(box, fill, search, false);
  }
}

/** The chosen entity in a box: by its label where the form sends beside it which one it is, else by its name. */
function fillIn(box: HTMLInputElement, hit: Hit): void {
  const [which, shown] = ["id", "label"].map((end) => box.form?.elements.namedItem(`${box.name}.${end}`));
  if (!(which instanceof HTMLInputElement && shown instanceof HTMLInputElement)) {
    box.value = slug(hit.iri);
    return;
  }
  which.value = slug(hit.iri);
  box.value = shown.value = hit.labels[language()] ?? hit.label;
}

document.addEventListener("keydown", (event) => {
  const typing = (event.target as Element).closest("input, textarea, select, [contenteditable], .CodeMirror");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing || !boxes[0]) return;
  event.preventDefault();
  boxes[0].focus();
  boxes[0].select();
});

// The style sheet leaves panels out of sight to be laid out when they come near; here they are in time, a turn each.
oneByOne(document.querySelectorAll(".panel"), (panel) => panel.classList.add("is-laid-out"));
