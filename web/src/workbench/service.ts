/** What the server says of itself: prefixes, terms to complete, queries to begin from, labels. */

import { BASE } from "../addresses.ts";
import { language } from "../dom.ts";
import { type Row, read, shortened, triples } from "./results.ts";

export interface Suggestion {
  text: string;
  label: string;
  sort: string;
}

export interface Example {
  name: string;
  summary: string;
}

const SH = "http://www.w3.org/ns/shacl#";
const BATCH = 80;
const labels = new Map<string, string>();

async function rows(address: string): Promise<Row[]> {
  const answer = await fetch(address, { headers: { Accept: "application/sparql-results+json" } });
  if (!answer.ok) throw new Error(answer.statusText);
  const found = read(await answer.text(), "json");
  return found.kind === "rows" ? found.rows : [];
}

/** The prefixes of the service description. */
export async function prefixes(endpoint: string): Promise<Record<string, string>> {
  const answer = await fetch(endpoint, { headers: { Accept: "application/n-triples" } });
  const names = new Map<string, string>();
  const spaces = new Map<string, string>();
  for (const [subject, predicate, object] of triples(await answer.text())) {
    if (predicate.value === `${SH}prefix`) names.set(subject.value, object.value);
    if (predicate.value === `${SH}namespace`) spaces.set(subject.value, object.value);
  }
  return Object.fromEntries([...names].flatMap(([node, name]) => (spaces.has(node) ? [[name, spaces.get(node) ?? ""]] : [])));
}

/** Classes, properties and codes of the ontology, in the language of the page. */
export async function suggestions(root: string, known: Record<string, string>): Promise<Suggestion[]> {
  const [terms, codes] = await Promise.all([rows(`${root}/query/vocabulary.json`), rows(`${root}/query/code-lists.json?scheme=`)]);
  const found = new Map<string, Suggestion>();
  for (const row of [...terms, ...codes]) {
    const iri = (row["term"] ?? row["code"])?.value;
    if (!iri || found.has(iri)) continue;
    const label = (language() === "fr" && row["labelFrench"]?.value) || row["label"]?.value || "";
    const sort = row["sort"]?.value || row["schemeLabel"]?.value || "code";
    found.set(iri, { text: shortened(iri, known), label, sort });
  }
  const spaces = Object.keys(known).map((name) => ({ text: `${name}:`, label: known[name] ?? "", sort: "prefix" }));
  return [...found.values(), ...spaces];
}

/** The suggestions for what was typed: names that begin so, then names and labels that have it. */
export function fitting(all: Suggestion[], typed: string, most = 60): Suggestion[] {
  const wanted = typed.toLowerCase();
  const rank = (one: Suggestion) => {
    const text = one.text.toLowerCase();
    if (text.startsWith(wanted)) return 0;
    if ((text.split(":")[1] ?? "").startsWith(wanted)) return 1;
    return text.includes(wanted) || (wanted.length > 2 && one.label.toLowerCase().includes(wanted)) ? 2 : 3;
  };
  return all
    .map((one) => ({ one, at: rank(one) }))
    .filter(({ at }) => at < 3)
    .sort((a, b) => a.at - b.at || a.one.text.length - b.one.text.length || (a.one.text < b.one.text ? -1 : 1))
    .slice(0, most)
    .map(({ one }) => one);
}

/** The stored queries. */
export async function examples(root: string): Promise<Example[]> {
  const answer = await fetch(`${root}/query?format=json&lang=${language()}`, { headers: { Accept: "application/json" } });
  return (await answer.json()) as Example[];
}

/** The text of a stored query. */
export async function stored(root: string, name: string): Promise<string> {
  return (await fetch(`${root}/query/${encodeURIComponent(name)}.rq`)).text();
}

/** The labels of our own IRIs among these, asked for once. */
export async function named(root: string, iris: string[]): Promise<Map<string, string>> {
  const missing = iris.filter((iri) => iri.startsWith(BASE) && !labels.has(iri));
  for (let start = 0; start < Math.min(missing.length, 2000); start += BATCH) {
    const batch = missing.slice(start, start + BATCH);
    const query = new URLSearchParams([...batch.map((iri) => ["thing", iri]), ["language", language()]]);
    for (const row of await rows(`${root}/query/called.json?${query}`)) {
      if (row["thing"] && row["label"]) labels.set(row["thing"].value, row["label"].value);
    }
  }
  return labels;
}
