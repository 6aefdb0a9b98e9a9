/** The reader's choice as a query string, and back: the address is the state. */

import { BASE, slug } from "../addresses.ts";
import type { Choice } from "./model.ts";

const ENTITY = `${BASE}id/`;

const iri = (name: string) => (name.includes("://") ? name : ENTITY + name.replace(/^id:/, ""));
const several = (given: URLSearchParams, name: string) => given.getAll(name).filter(Boolean);

/** The choice that an address makes. */
export function read(search: string): Choice {
  const given = new URLSearchParams(search);
  return {
    of: [...new Set(several(given, "of").map(iri))],
    without: [...new Set(several(given, "without").map(iri))],
    hide: [...new Set(several(given, "hide").map((name) => name.replace(/^kg:|^.*\/def\//, "")))],
    asOf: given.get("asOf") ?? "",
  };
}

/** The query string of a choice; what the address says besides (language, known-on) stays. */
export function written(choice: Choice, search: string): string {
  const given = new URLSearchParams(search);
  for (const name of ["of", "without", "hide", "asOf"]) given.delete(name);
  for (const one of choice.of) given.append("of", slug(one));
  for (const one of choice.without) given.append("without", slug(one));
  for (const one of choice.hide) given.append("hide", one);
  if (choice.asOf) given.set("asOf", choice.asOf);
  return given.toString();
}

/** The query string for the data of a choice: everything around its entities, to be narrowed here. */
export function data(choice: Choice, search: string): string {
  return written({ ...choice, without: [], hide: [], asOf: "" }, search);
}
