/** What stands around a picture: relations to leave out, the day, what was chosen, files to take along. */

import { dates, el, says } from "../dom.ts";
import { type Choice, type Picture, monthEnd, months, monthsBetween } from "./model.ts";

/** Check boxes for the relations; `changed` is given the names to leave out. */
export function relations(picture: Picture, choice: Choice, changed: (hide: string[]) => void): HTMLElement {
  const boxes = picture.relations.map((relation) => {
    const box = el("input", { type: "checkbox", value: relation.name });
    box.checked = !choice.hide.includes(relation.name);
    box.addEventListener("change", () => changed(boxes.filter((one) => !one.checked).map((one) => one.value)));
    return box;
  });
  const labels = picture.relations.map((relation, index) =>
    el("label", {}, boxes[index], ` ${relation.label} `, el("span", { class: "count" }, String(relation.count))),
  );
  return el(
    "details",
    { class: "relations", open: true },
    el("summary", {}, says("Relations", "Relations")),
    el("fieldset", {}, el("legend", { class: "unseen" }, says("Relations to show", "Relations à montrer")), ...labels),
  );
}

/** A slider over the months of the picture; its right end is the record as a whole. */
export function slider(picture: Picture, choice: Choice, changed: (day: string, done: boolean) => void): HTMLElement {
  const [first, last] = months(picture);
  const span = monthsBetween(first, last) + 1;
  const at = choice.asOf ? Math.min(Math.max(monthsBetween(first, choice.asOf.slice(0, 7)), 0), span - 1) : span;
  const input = el("input", { type: "range", id: "as-of", min: 0, max: span, step: 1, value: at });
  const shown = el("output", { for: "as-of" });
  const day = () => (Number(input.value) >= span ? "" : monthEnd(first, Number(input.value)));
  const tell = (chosen: string) => {
    shown.textContent = chosen ? dates(chosen) : says("the whole record", "tout le relevé");
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  tell(choice.asOf);
  input.addEventListener("input", () => (tell(day()), changed(day(), false)));
  input.addEventListener("change", () => changed(day(), true));
  return el("p", { class: "as-of" }, el("label", { for: "as-of" }, says("As of", "Au")), input, shown);
}

/** A row of buttons, each with its act. */
export function actions(label: string, acts: [string, () => void][]): HTMLElement {
  const buttons = acts.map(([text, act]) => {
    const made = el("button", { type: "button", class: "button plain" }, text);
    made.addEventListener("click", act);
    return made;
  });
  return el("div", { class: "actions", role: "group", "aria-label": label }, ...buttons);
}
