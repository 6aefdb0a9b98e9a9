/** The PREFIX lines of a query. */

const LINE = /^[ \t]*PREFIX[ \t]+([\w-]*):[ \t]*<([^>]*)>[ \t]*\n?/gim;

/** The query with a declaration for each known prefix that it uses, and without those of ours that it does not. */
export function declared(query: string, prefixes: Record<string, string>): string {
  const body = bare(query.replace(LINE, ""));
  const used = new Set([...body.matchAll(/([A-Za-z][\w-]*):/g)].map((match) => match[1] ?? ""));
  const present = new Set([...query.matchAll(LINE)].map((match) => match[1] ?? ""));
  const missing = [...used].filter((name) => prefixes[name] !== undefined && !present.has(name));
  const kept = query.replace(LINE, (line, name: string, space: string) => (prefixes[name] === space && !used.has(name) ? "" : line));
  const added = missing.sort().map((name) => `PREFIX ${name}: <${prefixes[name]}>\n`).join("");
  return added + (added || kept !== query ? kept.replace(/^\n+/, "") : kept);
}

/** A query without its comments, IRIs and texts, in which a colon tells nothing of prefixes. */
function bare(query: string): string {
  return query.replace(/<[^<>"{}|^`\\\s]*>|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#.*$/gm, " ");
}
