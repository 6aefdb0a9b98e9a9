/** Triples as a picture: things are dots, statements between two things lines, types and labels what a dot shows. */

import { localName } from "../dom.ts";
import type { Dot, Stroke } from "../graph/canvas.ts";
import type { Triple } from "./results.ts";

const TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const LABEL = "http://www.w3.org/2000/01/rdf-schema#label";
const MOST = 300;

/** The picture, of 300 things at most; `left` tells how many there are beyond. */
export function picture(triples: Triple[], named: ReadonlyMap<string, string>, language: string): { dots: Dot[]; strokes: Stroke[]; left: number } {
  const kinds = new Map<string, string>();
  const labels = new Map<string, string>(named);
  const lines: Stroke[] = [];
  const things = new Map<string, number>();
  triples.forEach(([subject, predicate, object], index) => {
    things.set(subject.value, (things.get(subject.value) ?? 0) + 1);
    if (predicate.value === TYPE) kinds.set(subject.value, object.value);
    else if (predicate.value === LABEL && (object["xml:lang"] ?? language) === language) labels.set(subject.value, object.value);
    else if (object.type !== "literal") {
      things.set(object.value, (things.get(object.value) ?? 0) + 1);
      lines.push({ id: `t${index}`, source: subject.value, target: object.value, caption: labels.get(predicate.value) ?? localName(predicate.value), style: "holds" });
    }
  });
  const shown = new Set([...things].sort((a, b) => b[1] - a[1]).slice(0, MOST).map(([thing]) => thing));
  const dots = [...shown].map((id, index): Dot => {
    const label = labels.get(id) ?? localName(id);
    return { id, label, kind: kinds.get(id) ?? "Entity", about: label, centre: index === 0 && things.size > 2, more: false };
  });
  return { dots, strokes: lines.filter((line) => shown.has(line.source) && shown.has(line.target)), left: things.size - shown.size };
}
