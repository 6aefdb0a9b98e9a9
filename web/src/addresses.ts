/** Addresses of this server's pages: an IRI of the project is the local path of the same name. */

export const BASE = "https://w3id.org/armature/";
const KEPT = ["asOf", "knownOn", "lang"];

/** The path at which the server is shown (empty for the root), from the address of one of its pages. */
export function rootOf(address: string, page: string): string {
  const path = new URL(address, "http://localhost").pathname;
  return path.endsWith(page) ? path.slice(0, -page.length) : "";
}

/** The reader's dates and language in an address, which links carry on. */
export function kept(search: string): URLSearchParams {
  const given = new URLSearchParams(search);
  const carried = new URLSearchParams();
  for (const name of KEPT) {
    const value = given.get(name);
    if (value) carried.set(name, value);
  }
  return carried;
}

/** The page of an IRI: local for our own, the IRI itself for another's. */
export function pageOf(iri: string, root: string, search = ""): string {
  if (!iri.startsWith(BASE)) return iri;
  const path = iri.slice(BASE.length).split("/").map(encodeURIComponent).join("/");
  const carried = kept(search).toString();
  return `${root}/${path}.html${carried ? `?${carried}` : ""}`;
}

/** `https://w3id.org/armature/id/arquus` → `arquus`; others as they are. */
export function slug(iri: string): string {
  return iri.startsWith(`${BASE}id/`) ? iri.slice(`${BASE}id/`.length) : iri;
}
