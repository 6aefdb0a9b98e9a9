/** Answers of the endpoint, read: solutions, a boolean, triples, or a problem. Nothing here touches the page. */

export interface Term {
  type: "uri" | "literal" | "bnode";
  value: string;
  datatype?: string;
  "xml:lang"?: string;
}

export type Row = Record<string, Term | undefined>;
export type Triple = [Term, Term, Term];

export interface Problem {
  title: string;
  detail: string;
  line?: number;
  column?: number;
}

export type Answer =
  | { kind: "rows"; columns: string[]; rows: Row[]; text: string }
  | { kind: "boolean"; value: boolean; text: string }
  | { kind: "triples"; triples: Triple[]; text: string };

interface Json {
  head: { vars?: string[] };
  boolean?: boolean;
  results?: { bindings: Row[] };
}

/** An answer by its media type. */
export function read(text: string, mediaType: string): Answer {
  if (!mediaType.includes("json")) return { kind: "triples", triples: triples(text), text };
  const json = JSON.parse(text) as Json;
  if (json.boolean !== undefined) return { kind: "boolean", value: json.boolean, text };
  return { kind: "rows", columns: json.head.vars ?? [], rows: json.results?.bindings ?? [], text };
}

const TERM = /<([^>]*)>|_:(\S+)|"((?:[^"\\]|\\.)*)"(?:@([\w-]+)|\^\^<([^>]*)>)?/g;

/** The triples of an N-Triples text. */
export function triples(text: string): Triple[] {
  return text.split("\n").flatMap((line): Triple[] => {
    const found = [...line.matchAll(TERM)].slice(0, 3).map(term);
    return found.length === 3 ? [found as Triple] : [];
  });
}

function term(match: RegExpMatchArray): Term {
  const [, iri, node, literal, language, datatype] = match;
  if (iri !== undefined) return { type: "uri", value: unescaped(iri) };
  if (node !== undefined) return { type: "bnode", value: node };
  return {
    type: "literal",
    value: unescaped(literal ?? ""),
    ...(language ? { "xml:lang": language } : {}),
    ...(datatype ? { datatype } : {}),
  };
}

const SHORT: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g, (_, four?: string, eight?: string, one?: string) =>
    one === undefined ? String.fromCodePoint(Number.parseInt(four ?? eight ?? "0", 16)) : (SHORT[one] ?? one),
  );
}

/** The shortest way to write an IRI with these prefixes; itself where none fits. */
export function shortened(iri: string, prefixes: Record<string, string>): string {
  let best = "";
  for (const [name, space] of Object.entries(prefixes)) {
    if (iri.startsWith(space) && space.length > (prefixes[best]?.length ?? 0) && /^[\w.-]*$/.test(iri.slice(space.length))) {
      best = name;
    }
  }
  return best ? `${best}:${iri.slice(prefixes[best]?.length ?? 0)}` : iri;
}

/** The columns of a chart: one that names and those that count. */
export function chartable(columns: string[], rows: Row[]): { names: string[]; numbers: string[] } {
  const numeric = (column: string) =>
    rows.some((row) => row[column]) &&
    rows.every((row) => !row[column] || (row[column]?.type === "literal" && row[column]?.value !== "" && Number.isFinite(Number(row[column]?.value))));
  const numbers = columns.filter(numeric);
  return { names: columns.filter((column) => !numbers.includes(column)), numbers };
}

/** The IRIs of an answer, each once, in order. */
export function iris(answer: Answer): string[] {
  const terms =
    answer.kind === "rows"
      ? answer.rows.flatMap((row) => Object.values(row))
      : answer.kind === "triples"
        ? answer.triples.flat()
        : [];
  return [...new Set(terms.flatMap((one) => (one?.type === "uri" ? [one.value] : [])))];
}
