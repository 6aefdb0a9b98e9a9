/** What a picture shows: nodes and lines, and what of them is left after narrowing. Nothing here touches the page. */

export type Standing = "holds" | "past" | "announced" | "over";

export interface Node {
  iri: string;
  label: string;
  kind: string;
  kindLabel: string;
  /** How many ties it has in the whole record. */
  ties: number;
}

export interface Line {
  claim: string;
  subject: string;
  object: string;
  relation: string;
  label: string;
  details: string;
  when: string;
  earliest: string;
  latest: string;
  /** What it depends on is real from this day … */
  begun: string;
  /** … until this one. */
  ended: string;
  standing: Standing;
}

export interface Relation {
  iri: string;
  name: string;
  label: string;
  count: number;
}

export interface Picture {
  of: string[];
  total: number;
  recordDate: string;
  standings: Record<Standing, string>;
  nodes: Node[];
  lines: Line[];
  relations: Relation[];
}

/** What the reader chose; it stands in the address. Entities are IRIs, relations names such as `partOf`. */
export interface Choice {
  of: string[];
  without: string[];
  hide: string[];
  asOf: string;
}

/** Whether a line can hold on a day; on none, in the record as a whole. */
export function possible(line: Line, day: string): boolean {
  return !day || ((!line.earliest || line.earliest <= day) && (!line.latest || day <= line.latest));
}

/** How a line stands on a day. */
export function standing(line: Line, day: string): Standing {
  if (line.latest && line.latest < day) return "past";
  if (line.ended && line.ended <= day) return "over";
  return line.begun && line.begun > day ? "announced" : "holds";
}

/** What is left of a picture: the lines that the choice leaves, and the nodes in the middle or at their ends. */
export function narrowed(picture: Picture, choice: Choice): { nodes: Node[]; lines: Line[] } {
  const hidden = new Set(picture.relations.filter((one) => choice.hide.includes(one.name)).map((one) => one.iri));
  const without = new Set(choice.without);
  const day = choice.asOf || picture.recordDate;
  const lines = picture.lines
    .filter((line) => !hidden.has(line.relation) && !without.has(line.subject) && !without.has(line.object))
    .filter((line) => possible(line, choice.asOf))
    .map((line) => ({ ...line, standing: standing(line, day) }));
  const ends = new Set([...choice.of, ...lines.flatMap((line) => [line.subject, line.object])]);
  const nodes = picture.nodes.filter((node) => ends.has(node.iri) && !without.has(node.iri));
  return { nodes, lines };
}

/** The text on a line: relation, share or role, dates. */
export function caption(line: Line): string {
  return [line.label, line.details, line.when].filter(Boolean).join(" · ");
}

/** The months that the dates of a picture reach over, first and last: `2014-10`, `2026-11`. */
export function months(picture: Picture): [string, string] {
  const days = picture.lines.flatMap((line) => [line.earliest, line.latest]).filter((day) => day > "1900");
  const last = picture.recordDate.slice(0, 7) || "2026-12";
  const first = [...days, `${last}-01`].sort()[0]?.slice(0, 7) ?? last;
  return [first, last];
}

/** How many months lie between two of them. */
export function monthsBetween(first: string, last: string): number {
  const [a, b] = [first, last].map((one) => Number(one.slice(0, 4)) * 12 + Number(one.slice(5, 7)));
  return (b ?? 0) - (a ?? 0);
}

/** The last day of the month that lies so many months after another. */
export function monthEnd(first: string, later: number): string {
  const start = Number(first.slice(0, 4)) * 12 + Number(first.slice(5, 7)) - 1 + later;
  const end = new Date(Date.UTC(Math.floor(start / 12), (start % 12) + 1, 0));
  return end.toISOString().slice(0, 10);
}
