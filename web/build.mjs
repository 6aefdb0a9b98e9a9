// Bundles the scripts and sheets of src/ under names that carry their hash, with a manifest and the licences of what is in them.
// Usage: node build.mjs [folder]; the folder is emptied first.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { notices } from "./notices.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const ENTRIES = ["find", "graph", "path", "workbench"];
const target = process.argv[2] ?? join(HERE, "..", "src", "kg", "web", "static", "islands");

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
const result = await build({
  absWorkingDir: HERE,
  entryPoints: ENTRIES.map((name) => ({ in: `src/${name}.ts`, out: name })),
  outdir: target,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  minify: true,
  legalComments: "none",
  entryNames: "[name]-[hash]",
  chunkNames: "shared-[hash]",
  assetNames: "[name]-[hash]",
  metafile: true,
  logLevel: "warning",
  logOverride: { "direct-eval": "silent" },
});

const manifest = {};
for (const [file, output] of Object.entries(result.metafile.outputs)) {
  if (!output.entryPoint) continue;
  const name = /([a-z]+)\.ts$/.exec(output.entryPoint)?.[1];
  if (!name) continue;
  const local = (path) => relative(target, join(HERE, path));
  const shared = output.imports.filter((one) => one.kind === "import-statement").map((one) => local(one.path));
  manifest[name] = {
    script: local(file),
    shared: shared.sort(),
    ...(output.cssBundle ? { sheet: local(output.cssBundle) } : {}),
  };
}
const sorted = Object.fromEntries(Object.entries(manifest).sort());
writeFileSync(join(target, "manifest.json"), `${JSON.stringify(sorted, null, 2)}\n`);
writeFileSync(join(target, "THIRD-PARTY.txt"), notices(HERE, Object.keys(result.metafile.inputs)));
for (const file of readdirSync(target).sort()) {
  console.log(`${String(readFileSync(join(target, file)).length).padStart(9)}  ${file}`);
}
