// The licences of the packages in the bundles: those that esbuild read, and those inside packages that come bundled themselves.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const PACKAGE = /node_modules\/((?:@[^/]+\/)?[^/]+)\//g;
const REGION = /^\/\/#region .*$/gm;
const HEAD = `Third-party software in the scripts of this folder

Built from the packages below; each stands under its own licence, given here in full.
Where a package offers a choice of licences, the one compatible with Apache-2.0 is taken.
`;

const last = (text) => [...text.matchAll(PACKAGE)].at(-1)?.[1];

/** The text of THIRD-PARTY.txt for the files (paths below `folder`) that went into the bundles. */
export function notices(folder, files) {
  const names = new Set();
  for (const file of files) {
    const name = last(file);
    if (!name) continue;
    names.add(name);
    if (!file.endsWith("js")) continue;
    for (const region of readFileSync(join(folder, file), "utf8").match(REGION) ?? []) {
      const inner = last(region);
      if (inner) names.add(inner);
    }
  }
  return HEAD + [...names].sort().map((name) => notice(join(folder, "node_modules", name), name)).join("");
}

function notice(path, name) {
  if (!existsSync(path)) return `\n${"=".repeat(78)}\n${name} (part of the package above that contains it)\n`;
  const about = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  const texts = readdirSync(path).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
  const author = typeof about.author === "string" ? about.author : (about.author?.name ?? "");
  const full = texts.map((file) => readFileSync(join(path, file), "utf8").replace(/\r/g, "").trim()).join("\n\n");
  const licence = about.license ?? (about.licenses ?? []).map((one) => one.type).join(" or ");
  return `\n${"=".repeat(78)}\n${about.name} ${about.version}\nLicence: ${licence || "see below"}${author ? `\nAuthor: ${author}` : ""}\n\n${full || "(The package has no licence file of its own.)"}\n`;
}
