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

/** A hit in the language of the page: its label, its kind, and the name that matched if the label does not. */
export function line(hit: Hit, language: string, typed: string, formerly: (name: string) => string): Line {
  const label = hit.labels[language] ?? hit.label;
  const kind = hit.kindLabels[language] ?? hit.kindLabel;
  if (hit.matched === label || matches(label, typed)) return { label, kind, beside: "" };
  return { label, kind, beside: hit.formerly ? formerly(hit.formerly) : hit.matched };
}

/** Whether every word typed begins a word of the label, accents aside. */
export function matches(label: string, typed: string): boolean {
  const words = plain(label);
  return plain(typed).every((one) => words.some((word) => word.startsWith(one)));
}

function plain(text: string): string[] {
  const bare = text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return bare.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** The next place in a list of `length` when the arrow keys walk through it; -1 is the box itself. */
export function step(place: number, by: 1 | -1, length: number): number {
  const next = place + by;
  return next >= length ? -1 : next < -1 ? length - 1 : next;
}
