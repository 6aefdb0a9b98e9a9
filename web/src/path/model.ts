/** The answer of /path.json as a picture: every entity and every claim once. */

import type { Dot, Stroke } from "../graph/canvas.ts";

interface End {
  iri: string;
  label: string;
  kind: string;
}

interface Tie {
  claim: string;
  subject: string;
  object: string;
  label: string;
  details: string;
  when: string;
  standing: string;
}

export interface Paths {
  from: string;
  to: string;
  ways: { cost: number; hops: { from: End; to: End; ties: Tie[] }[] }[];
}

/** The entities of all ways; those at the ends are in the middle of the picture. */
export function dots(paths: Paths): Dot[] {
  const ends = paths.ways.flatMap((way) => way.hops.flatMap((hop) => [hop.from, hop.to]));
  const once = new Map(ends.map((end) => [end.iri, end]));
  return [...once.values()].map((end) => ({
    id: end.iri,
    label: end.label,
    kind: end.kind,
    about: end.label,
    centre: end.iri === paths.from || end.iri === paths.to,
    more: false,
  }));
}

/** The claims of all ways as lines. */
export function strokes(paths: Paths): Stroke[] {
  const ties = paths.ways.flatMap((way) => way.hops.flatMap((hop) => hop.ties));
  const once = new Map(ties.map((tie) => [tie.claim, tie]));
  return [...once.values()].map((tie) => ({
    id: tie.claim,
    source: tie.subject,
    target: tie.object,
    caption: [tie.label, tie.details, tie.when].filter(Boolean).join(" · "),
    style: tie.standing,
  }));
}
