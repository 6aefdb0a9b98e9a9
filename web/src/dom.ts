/** Making elements without markup in strings, and what the page says of itself. */

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | null | undefined>;

function fill<T extends Element>(made: T, attributes: Attributes, children: Child[]): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  made.append(...children.filter((child): child is Node | string => Boolean(child)));
  return made;
}

/** An HTML element with attributes and children; false, null and undefined are left out. */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(name), attributes, children);
}

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element with attributes and children. */
export function svg<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

/** The one element that matches. */
export function one<T extends Element>(selector: string, within: ParentNode = document): T {
  const found = within.querySelector<T>(selector);
  if (!found) throw new Error(`The page lacks ${selector}.`);
  return found;
}

/** The language of the page: its tag's first part. */
export function language(): string {
  return (document.documentElement.lang || "en").split("-")[0] ?? "en";
}

/** Which of two texts to show. */
export function says(english: string, french: string): string {
  return language() === "fr" ? french : english;
}

/** The little picture for a kind of thing, from the sprite that every page uses. */
export function icon(kind: string): SVGSVGElement {
  const sprite = new URL("../icons.svg", import.meta.url).pathname;
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    svg("use", { href: `${sprite}#${localName(kind)}` }),
  );
}

/** The last part of an IRI. */
export function localName(iri: string): string {
  return /([^/#]*)[/#]?$/.exec(iri)?.[1] || iri;
}

/** A day as people write it. */
export function dates(day: string): string {
  const moment = new Date(`${day}T00:00:00Z`);
  return new Intl.DateTimeFormat(language() === "fr" ? "fr" : "en-GB", { dateStyle: "long", timeZone: "UTC" }).format(moment);
}
