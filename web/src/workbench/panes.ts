/** The panes of an answer: table, chart, graph, text. */

import { pageOf } from "../addresses.ts";
import { el, language, localName, says } from "../dom.ts";
import { Canvas } from "../graph/canvas.ts";
import { actions } from "../graph/controls.ts";
import { asPng, asSvg, save } from "../graph/exports.ts";
import { chart } from "./chart.ts";
import { type Answer, type Row, type Term, shortened } from "./results.ts";
import { picture } from "./triples.ts";

const PAGE = 100;

export interface Words {
  root: string;
  prefixes: Record<string, string>;
  labels: ReadonlyMap<string, string>;
}

/** Every pane that the answer can be shown in, by name, made when it is wanted. */
export function panes(answer: Answer, words: Words): Map<string, () => HTMLElement> {
  const found = new Map<string, () => HTMLElement>();
  if (answer.kind === "rows") {
    found.set("table", () => table(answer.columns, answer.rows, words));
    found.set("chart", () => chart(answer.columns, answer.rows, (row, column) => plain(row[column], words)));
  } else if (answer.kind === "boolean") {
    found.set("table", () => el("p", { class: "boolean" }, answer.value ? says("Yes", "Oui") : says("No", "Non")));
  } else {
    const rows = answer.triples.map(([s, p, o]): Row => ({ subject: s, predicate: p, object: o }));
    found.set("table", () => table(["subject", "predicate", "object"], rows, words));
    found.set("graph", () => graph(answer.triples, words));
  }
  found.set("text", () => el("pre", { class: "code", tabindex: 0 }, answer.text.slice(0, 500_000)));
  return found;
}

function plain(term: Term | undefined, words: Words): string {
  if (!term) return "";
  return term.type === "uri" ? (words.labels.get(term.value) ?? shortened(term.value, words.prefixes)) : term.value;
}

function table(columns: string[], rows: Row[], words: Words): HTMLElement {
  const body = el("tbody");
  const label = says("Result", "Résultat");
  const head = el("tr", {}, ...columns.map((column) => el("th", { scope: "col" }, column)));
  const made = el("table", {}, el("caption", { class: "unseen" }, label), el("thead", {}, head), body);
  const pager = el("p", { class: "pages" });
  const show = (start: number) => {
    body.replaceChildren(...rows.slice(start, start + PAGE).map((row) => el("tr", {}, ...columns.map((column) => el("td", {}, cell(row[column], words))))));
    if (rows.length <= PAGE) return;
    const last = Math.min(start + PAGE, rows.length);
    const turn = (text: string, to: number, off: boolean) => {
      const button = el("button", { type: "button", class: "button plain", disabled: off }, text);
      button.addEventListener("click", () => show(to));
      return button;
    };
    pager.replaceChildren(
      turn(says("Previous", "Précédent"), start - PAGE, start === 0),
      el("span", {}, ` ${start + 1}–${last} / ${rows.length} `),
      turn(says("Next", "Suivant"), start + PAGE, last === rows.length),
    );
  };
  show(0);
  return el("div", {}, el("div", { class: "scroll", role: "region", "aria-label": label, tabindex: 0 }, made), pager);
}

function cell(term: Term | undefined, words: Words): Node | null {
  if (!term) return null;
  if (term.type === "uri") {
    const name = words.labels.get(term.value);
    const short = shortened(term.value, words.prefixes);
    const href = /^https?:/.test(term.value) ? pageOf(term.value, words.root, window.location.search) : null;
    const link = el("a", { href, rel: href?.startsWith("http") ? "external" : null }, name ?? short);
    return name ? el("span", {}, link, " ", el("span", { class: "iri" }, short)) : link;
  }
  const tag = term["xml:lang"] ?? (term.datatype ? shortened(term.datatype, words.prefixes) : "");
  const quiet = tag && !/^xsd:(string|integer|decimal|date)$/.test(tag) && el("span", { class: "tag" }, ` ${tag}`);
  return el("span", { lang: term["xml:lang"] ?? null }, term.value, quiet);
}

function graph(triples: Extract<Answer, { kind: "triples" }>["triples"], words: Words): HTMLElement {
  const { dots, strokes, left } = picture(triples, words.labels, language());
  if (!dots.length) return el("p", { class: "hint" }, says("There is nothing to draw.", "Il n’y a rien à dessiner."));
  const open = (id: string) => window.location.assign(pageOf(id, words.root, window.location.search));
  const canvas = new Canvas({ select: () => undefined, open }, says("Graph of the triples", "Graphe des triplets"));
  const files = actions(says("Downloads", "Téléchargements"), [
    ["PNG", () => void asPng(canvas).then((blob) => save("result.png", blob))],
    ["SVG", () => void asSvg(canvas).then((text) => save("result.svg", new Blob([text], { type: "image/svg+xml" })))],
  ]);
  const told = left > 0 && el("p", { class: "callout" }, says(`${left} further things are not drawn.`, `${left} autres choses ne sont pas dessinées.`));
  window.requestAnimationFrame(() => canvas.show(dots, strokes));
  return el("div", {}, ...(told ? [told] : []), canvas.element, files);
}

/** What a pane is called. */
export function called(name: string): string {
  const names: Record<string, string> = {
    table: says("Table", "Tableau"),
    chart: says("Chart", "Graphique"),
    graph: says("Graph", "Graphe"),
    text: says("Response", "Réponse"),
  };
  return names[name] ?? localName(name);
}
