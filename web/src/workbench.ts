/** The SPARQL workbench: an editor that knows the ontology, and answers as table, chart, graph and files. */

import "./workbench.css";
import { rootOf } from "./addresses.ts";
import { el, language, one, says } from "./dom.ts";
import { actions } from "./graph/controls.ts";
import { save } from "./graph/exports.ts";
import { Editor } from "./workbench/editor.ts";
import { called, panes } from "./workbench/panes.ts";
import { type Answer, type Problem, iris, read } from "./workbench/results.ts";
import { examples, named, prefixes, stored, suggestions } from "./workbench/service.ts";

const form = one<HTMLFormElement>("form.workbench");
const area = one<HTMLTextAreaElement>("#query");
const endpoint = form.action;
const root = rootOf(endpoint, "/sparql");
const known = prefixes(endpoint).catch(() => ({}) as Record<string, string>);
const terms = known.then((spaces) => suggestions(root, spaces)).catch(() => []);

const place = el("div", { class: "editor" });
const status = el("p", { class: "told", role: "status" });
const trouble = el("div", { class: "trouble", role: "alert" });
const tabs = el("div", { class: "tabs", role: "tablist", "aria-label": says("Views of the result", "Vues du résultat") });
const pane = el("div", { class: "pane", role: "tabpanel", id: "pane", tabindex: -1 });
const downloads = el("div");
const results = el("section", { class: "results", "aria-label": says("Results", "Résultats"), hidden: true }, tabs, pane, downloads);
const choice = el("select", { id: "example" }, el("option", { value: "" }, says("Stored queries …", "Requêtes enregistrées …")));
const runButton = el("button", { type: "button" }, says("Run", "Exécuter"));
const editor = new Editor(place, area.value, endpoint, terms, () => void run());
let running: AbortController | undefined;
let wantedPane = "";

const FORMATS = { rows: ["csv", "tsv", "json", "xml"], boolean: ["json", "xml"], triples: ["ttl", "nt", "jsonld", "rdf"] };

function start(): void {
  form.hidden = true;
  one(".beginnings").setAttribute("hidden", "");
  runButton.addEventListener("click", () => (running ? running.abort() : void run()));
  const bar = el(
    "div",
    { class: "bar" },
    runButton,
    el("span", { class: "quiet" }, says("Ctrl + Enter", "Ctrl + Entrée")),
    el("label", { for: "example", class: "unseen" }, says("Begin from a stored query", "Partir d’une requête enregistrée")),
    choice,
    actions(says("Query", "Requête"), [
      [says("Copy link", "Copier le lien"), () => void copy()],
      [says("Format", "Mettre en forme"), () => editor.yasqe.autoformat()],
    ]),
  );
  form.after(el("div", { class: "workbench-island" }, bar, place, status, trouble, results));
  editor.yasqe.refresh();
  void examples(root).then((list) => choice.append(...list.map((query) => el("option", { value: query.name }, `${query.name} – ${query.summary}`))));
  choice.addEventListener("change", () => {
    if (choice.value) void stored(root, choice.value).then((text) => (editor.text = text));
  });
  const { query, view, named: name } = state();
  wantedPane = view;
  if (query) {
    editor.text = query;
    void run();
  } else if (name) {
    void stored(root, name).then((text) => ((editor.text = text), run()));
  } else {
    void known.then((spaces) => editor.declare(spaces));
  }
}

/** What the address says after its `#`: a query or the name of a stored one, and how to show the answer. */
function state(): { query: string; view: string; named: string } {
  const given = new URLSearchParams(window.location.hash.slice(1));
  return { query: given.get("query") ?? "", view: given.get("view") ?? "", named: given.get("stored") ?? "" };
}

function remember(): void {
  const given = new URLSearchParams({ query: editor.text, ...(wantedPane ? { view: wantedPane } : {}) });
  window.history.replaceState(null, "", `${window.location.pathname}${window.location.search}#${given}`);
}

async function copy(): Promise<void> {
  remember();
  await navigator.clipboard.writeText(window.location.href);
  status.textContent = says("The link is copied.", "Le lien est copié.");
}

function ask(accept: string, signal?: AbortSignal): Promise<Response> {
  const body = new URLSearchParams({ query: editor.text });
  return fetch(endpoint, { method: "POST", body, headers: { Accept: accept, "Accept-Language": language() }, ...(signal ? { signal } : {}) });
}

async function run(): Promise<void> {
  running?.abort();
  editor.declare(await known);
  const mine = (running = new AbortController());
  remember();
  editor.clear();
  trouble.replaceChildren();
  runButton.textContent = says("Stop", "Arrêter");
  status.textContent = says("Running …", "En cours …");
  const begun = performance.now();
  try {
    const answer = await ask("application/sparql-results+json, application/n-triples;q=0.9", mine.signal);
    const text = await answer.text();
    const seconds = (performance.now() - begun) / 1000;
    if (!answer.ok) refuse(text, answer.status);
    else await show(read(text, answer.headers.get("content-type") ?? ""), seconds);
  } catch (error) {
    const aborted = mine.signal.aborted;
    status.textContent = aborted ? says("Stopped.", "Arrêté.") : says("The server cannot be reached.", "Le serveur est injoignable.");
    if (!aborted && !(error instanceof TypeError)) throw error;
  } finally {
    if (running === mine) {
      running = undefined;
      runButton.textContent = says("Run", "Exécuter");
    }
  }
}

function refuse(text: string, code: number): void {
  let problem: Problem = { title: String(code), detail: text.slice(0, 500) };
  try {
    problem = JSON.parse(text) as Problem;
  } catch {
    // Not a problem document: its text is shown.
  }
  status.textContent = "";
  results.hidden = true;
  const at = problem.line ? says(`Line ${problem.line}, column ${problem.column ?? 1}`, `Ligne ${problem.line}, colonne ${problem.column ?? 1}`) : "";
  const jump = el("button", { type: "button", class: "button plain" }, at);
  jump.addEventListener("click", () => editor.yasqe.focus());
  trouble.replaceChildren(el("p", {}, el("strong", {}, problem.title)), el("p", {}, problem.detail), ...(at ? [jump] : []));
  if (problem.line) editor.mark(problem.line, problem.column ?? 1, problem.detail);
}

async function show(answer: Answer, seconds: number): Promise<void> {
  const size = answer.kind === "rows" ? answer.rows.length : answer.kind === "triples" ? answer.triples.length : 1;
  const unit = answer.kind === "triples" ? says("triples", "triplets") : size === 1 ? says("row", "ligne") : says("rows", "lignes");
  const time = seconds.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 2, minimumFractionDigits: 2 });
  status.textContent = says(`${size} ${unit} in ${time} s`, `${size} ${unit} en ${time} s`);
  const labels = await named(root, iris(answer)).catch(() => new Map<string, string>());
  const found = panes(answer, { root, prefixes: await known, labels });
  const first = found.has(wantedPane) ? wantedPane : ([...found.keys()][0] ?? "");
  tabs.replaceChildren(...[...found.keys()].map((name) => tab(name, found)));
  downloads.replaceChildren(
    actions(says("Downloads", "Téléchargements"), FORMATS[answer.kind].map((format): [string, () => void] => [format.toUpperCase(), () => void download(format)])),
  );
  results.hidden = false;
  choose(first, found);
}

function tab(name: string, found: Map<string, () => HTMLElement>): HTMLButtonElement {
  const made = el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "pane", "data-pane": name }, called(name));
  made.addEventListener("click", () => ((wantedPane = name), choose(name, found), remember()));
  made.addEventListener("keydown", (event) => {
    const all = [...tabs.querySelectorAll<HTMLButtonElement>("[role=tab]")];
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by) {
      event.preventDefault();
      const next = all[(all.indexOf(made) + by + all.length) % all.length];
      next?.focus();
      next?.click();
    }
  });
  return made;
}

function choose(name: string, found: Map<string, () => HTMLElement>): void {
  for (const made of tabs.querySelectorAll<HTMLButtonElement>("[role=tab]")) {
    const on = made.dataset["pane"] === name;
    made.setAttribute("aria-selected", String(on));
    made.tabIndex = on ? 0 : -1;
  }
  pane.setAttribute("aria-labelledby", `tab-${name}`);
  const make = found.get(name);
  pane.replaceChildren(...(make ? [make()] : []));
}

async function download(format: string): Promise<void> {
  const body = new URLSearchParams({ query: editor.text, format });
  const answer = await fetch(endpoint, { method: "POST", body });
  if (answer.ok) save(`result.${format}`, await answer.blob());
  else refuse(await answer.text(), answer.status);
}

start();
