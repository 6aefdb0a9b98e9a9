/** What a search answers, and how a hit is put into words. */

export interface Hit {
  iri: string;
  label: string;
  labels: Record<string, string>;
  names: string[];
  matched: string;
  formerly?: string;
  kind: string;
  kindLabel: string;
  kindLabels: Record<string, string>;
  claims: number;
}

export interface Found {
  query: string;
  total: number;
  hits: Hit[];
}

export interface Line {
  label: string;
  kind: string;
  /** Why it was found, where the label does not show it. */
  beside: string;
}

/** A hit in the language of the page: its label, its kind, and the name that matched if that is another. */
export function line(hit: Hit, language: string, formerly: (name: string) => string): Line {
  const label = hit.labels[language] ?? hit.label;
  const kind = hit.kindLabels[language] ?? hit.kindLabel;
  if (hit.formerly) return { label, kind, beside: formerly(hit.formerly) };
  return { label, kind, beside: hit.matched === label ? "" : hit.matched };
}

/** The next place in a list of `length` when the arrow keys walk through it; -1 is the box itself. */
export function step(place: number, by: 1 | -1, length: number): number {
  const next = place + by;
  return next >= length ? -1 : next < -1 ? length - 1 : next;
}
