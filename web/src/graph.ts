/** The graph view: the neighbourhood of some entities, to be expanded, narrowed and taken along. */

import "./graph.css";
import { pageOf } from "./addresses.ts";
import { el, icon, one, says } from "./dom.ts";
import { data, read, written } from "./graph/address.ts";
import { Canvas, type Dot, type Stroke } from "./graph/canvas.ts";
import { actions, relations, slider } from "./graph/controls.ts";
import { asPng, asSvg, save } from "./graph/exports.ts";
import { type Choice, type Line, type Node, type Picture, caption, narrowed } from "./graph/model.ts";

const place = one<HTMLElement>("#graph");
const endpoint = place.dataset.endpoint ?? "/graph-view.json";
const root = place.dataset.root ?? "";
const loaded = new Map<string, Promise<Picture>>();

let choice: Choice = read(window.location.search);
let picture: Picture | undefined;
let shown: { nodes: Node[]; lines: Line[] } = { nodes: [], lines: [] };

const canvas = new Canvas({ select: (id) => detail(id), expand, hide }, says("Graph of entities and their ties", "Graphe des entités et de leurs liens"));
const panel = el("div", { class: "chosen", "aria-live": "polite" });
const relationBox = el("div");
const dayBox = el("div");
const told = el("p", { class: "told", role: "status" });

function start(): void {
  const files = actions(says("Downloads", "Téléchargements"), [
    ["PNG", () => void asPng(canvas).then((blob) => save("armature.png", blob))],
    ["SVG", () => void asSvg(canvas).then((text) => save("armature.svg", new Blob([text], { type: "image/svg+xml" })))],
    ["GraphML", () => window.location.assign(twin("graphml"))],
  ]);
  const key = el(
    "ul",
    { class: "key" },
    ...(["holds", "announced", "past", "over"] as const).map((name) => el("li", {}, sample(name), picture?.standings[name] ?? name)),
  );
  place.replaceChildren(
    el("div", { class: "graph-main" }, dayBox, canvas.element, key, el("div", { class: "graph-foot" }, files, told)),
    el("aside", { class: "graph-side", "aria-label": says("Choices", "Choix") }, panel, relationBox),
  );
  document.querySelector(".hiding")?.remove();
  one<HTMLFormElement>("form.around").addEventListener("submit", (event) => {
    event.preventDefault();
    const box = one<HTMLInputElement>("#of");
    if (box.value.trim()) add(box.value.trim());
    box.value = "";
  });
  one<HTMLInputElement>("#of").addEventListener("change", (event) => {
    const box = event.target as HTMLInputElement;
    if (event.isTrusted || !box.value) return;
    add(box.value);
    box.value = "";
  });
}

function sample(name: string): SVGSVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  made.setAttribute("class", "canvas-sample canvas");
  made.setAttribute("viewBox", "0 0 40 10");
  made.setAttribute("aria-hidden", "true");
  const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
  group.setAttribute("class", `line ${name}`);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M1 5H39");
  group.append(path);
  made.append(group);
  return made;
}

/** The data around the entities of the choice, asked for once. */
function fetched(asked: Choice): Promise<Picture> {
  const query = data(asked, window.location.search);
  const known = loaded.get(query);
  if (known) return known;
  const fresh = fetch(`${endpoint}?${query}`, { headers: { Accept: "application/json" } }).then(async (answer) => {
    if (!answer.ok) throw new Error(((await answer.json()) as { detail?: string }).detail ?? answer.statusText);
    return (await answer.json()) as Picture;
  });
  loaded.set(query, fresh);
  fresh.catch(() => loaded.delete(query));
  return fresh;
}

async function load(): Promise<boolean> {
  try {
    picture = await fetched(choice);
    return true;
  } catch (error) {
    told.textContent = error instanceof Error ? error.message : String(error);
    return false;
  }
}

/** Make the address say what is chosen, and show it. */
async function go(next: Choice, visit: "push" | "replace" = "replace"): Promise<void> {
  const before = choice;
  choice = next;
  if (!(await load())) {
    choice = before;
    return;
  }
  const query = written(choice, window.location.search);
  window.history[visit === "push" ? "pushState" : "replaceState"](null, "", query ? `?${query}` : window.location.pathname);
  draw();
}

function draw(): void {
  if (!picture) return;
  const current = picture;
  shown = narrowed(current, choice);
  canvas.show(shown.nodes.map(dot), shown.lines.map(stroke));
  relationBox.replaceChildren(relations(current, choice, (hide_) => void go({ ...choice, hide: hide_ })));
  if (!dayBox.contains(document.activeElement)) {
    dayBox.replaceChildren(slider(current, choice, (asOf, done) => (done ? void go({ ...choice, asOf }) : preview(asOf))));
  }
  told.textContent = says(`${shown.nodes.length} entities, ${shown.lines.length} ties`, `${shown.nodes.length} entités, ${shown.lines.length} liens`);
  table();
  detail(canvas.selected);
}

function preview(asOf: string): void {
  choice = { ...choice, asOf };
  if (!picture) return;
  shown = narrowed(picture, choice);
  canvas.show(shown.nodes.map(dot), shown.lines.map(stroke));
}

function dot(node: Node): Dot {
  const drawn = shown.lines.filter((line) => line.subject === node.iri || line.object === node.iri).length;
  const more = !choice.of.includes(node.iri) && node.ties > drawn;
  const count = says(`${node.ties} ties`, `${node.ties} liens`);
  return { id: node.iri, label: node.label, kind: node.kind, about: `${node.label}, ${node.kindLabel}, ${count}`, centre: choice.of.includes(node.iri), more };
}

function stroke(line: Line): Stroke {
  return { id: line.claim, source: line.subject, target: line.object, caption: caption(line), style: line.standing };
}

function add(name: string): void {
  const [iri] = read(`?of=${encodeURIComponent(name)}`).of;
  if (iri) expand(iri);
}

function expand(id: string): void {
  if (choice.of.includes(id)) return;
  void go({ ...choice, of: [...choice.of, id], without: choice.without.filter((other) => other !== id) }, "push");
}

function collapse(id: string): void {
  void go({ ...choice, of: choice.of.filter((other) => other !== id) }, "push");
}

function hide(id: string): void {
  void go({ ...choice, without: [...choice.without, id], of: choice.of.filter((other) => other !== id) }, "push");
}

/** What was chosen: its name, its ties with their claims, and what can be done with it. */
function detail(id: string | null): void {
  const node = shown.nodes.find((other) => other.iri === id);
  const back = choice.without.length > 0 && actions(says("Left out", "Omis"), [
    [says(`Show the ${choice.without.length} hidden again`, `Remontrer les ${choice.without.length} masqués`), () => void go({ ...choice, without: [] }, "push")],
  ]);
  if (!node) {
    const hint = says("Choose an entity to see its ties.", "Choisissez une entité pour voir ses liens.");
    panel.replaceChildren(el("p", { class: "hint" }, hint), ...(back ? [back] : []));
    return;
  }
  const centre = choice.of.includes(node.iri);
  const ties = shown.lines.filter((line) => line.subject === node.iri || line.object === node.iri);
  panel.replaceChildren(
    el("h2", {}, icon(node.kind), el("a", { href: pageOf(node.iri, root, window.location.search) }, node.label)),
    el("p", { class: "hint" }, node.kindLabel),
    actions(node.label, [
      centre
        ? [says("Collapse", "Replier"), () => collapse(node.iri)]
        : [says("Expand", "Déployer"), () => expand(node.iri)],
      [says("Hide", "Masquer"), () => hide(node.iri)],
    ]),
    el("ul", { class: "rows ties" }, ...ties.map((line) => row(line, node.iri))),
    ...(back ? [back] : []),
  );
}

const named = (iri: string) => shown.nodes.find((node) => node.iri === iri)?.label ?? iri;

function row(line: Line, from: string): HTMLElement {
  const search = window.location.search;
  const outward = line.subject === from;
  const label = outward ? `${line.label} ${named(line.object)}` : `${named(line.subject)} ${line.label}`;
  const rest = [line.details, line.when, line.standing === "holds" ? "" : picture?.standings[line.standing]].filter(Boolean).join(" · ");
  return el("li", {}, el("span", {}, label, rest && el("span", { class: "hint" }, ` ${rest}`)), el("a", { href: pageOf(line.claim, root, search), "aria-label": says(`Claim: ${label}`, `Affirmation : ${label}`) }, says("claim", "affirmation")));
}

/** The table below says what the picture shows. */
function table(): void {
  const body = one<HTMLTableSectionElement>("[data-lines] tbody");
  const heads = [...document.querySelectorAll("[data-lines] thead th")].map((head) => head.textContent ?? "");
  const search = window.location.search;
  const link = (iri: string, text: string) => el("a", { href: pageOf(iri, root, search) }, text);
  body.replaceChildren(
    ...shown.lines.map((line) => {
      const cells = [link(line.subject, named(line.subject)), line.label, link(line.object, named(line.object)), line.details, line.when, picture?.standings[line.standing] ?? "", link(line.claim, says("claim", "affirmation"))];
      return el("tr", {}, ...cells.map((cell, at) => el("td", at && at < cells.length - 1 ? { "data-head": heads[at] } : {}, cell)));
    }),
  );
  one("[data-count]").textContent = String(shown.lines.length);
  for (const anchor of document.querySelectorAll<HTMLAnchorElement>("[data-twin]")) anchor.href = twin(anchor.dataset.twin ?? "");
}

function twin(name: string): string {
  return `${endpoint.replace(/json$/, name)}${window.location.search}`;
}

window.addEventListener("popstate", () => {
  choice = read(window.location.search);
  void load().then((done) => done && draw());
});

if (choice.of.length) {
  void load().then((done) => {
    start();
    if (done) draw();
  });
} else {
  place.hidden = true;
}
