// Bundles the tests of test/ and runs them with Node's own runner.

import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const built = join(HERE, "node_modules", ".tests");
const names = readdirSync(join(HERE, "test")).filter((file) => file.endsWith(".test.ts"));

await build({
  absWorkingDir: HERE,
  entryPoints: names.map((name) => `test/${name}`),
  outdir: built,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  logLevel: "warning",
});
const files = names.map((name) => join(built, name.replace(/\.ts$/, ".mjs")));
const run = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" });
rmSync(built, { recursive: true, force: true });
process.exit(run.status ?? 1);
