/** The path view: the ways between two entities as one picture. The list below it says the same. */

import "./path.css";
import { pageOf } from "./addresses.ts";
import { says } from "./dom.ts";
import { Canvas, type Dot, type Stroke } from "./graph/canvas.ts";
import { type Paths, dots, strokes } from "./path/model.ts";

const place = document.querySelector<HTMLElement>("#path");

async function draw(into: HTMLElement): Promise<void> {
  const answer = await fetch(into.dataset.endpoint ?? "/path.json", { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const paths = (await answer.json()) as Paths;
  const root = into.dataset.root ?? "";
  const canvas = new Canvas(
    { select: () => undefined, open: (id) => window.location.assign(pageOf(id, root, window.location.search)) },
    says("Graph of the paths", "Graphe des chemins"),
  );
  into.replaceChildren(canvas.element);
  const shown: Dot[] = dots(paths);
  const lines: Stroke[] = strokes(paths);
  canvas.show(shown, lines);
}

if (place) void draw(place);
