/** A picture of nodes and lines as SVG: drawn, zoomed, dragged, walked through by keyboard. */

import "./canvas.css";
import { drag } from "d3-drag";
import { select } from "d3-selection";
import { type ZoomBehavior, type ZoomTransform, zoom, zoomIdentity } from "d3-zoom";
import { el, icon, says, svg } from "../dom.ts";
import { type Curve, bends, curve, loop } from "./geometry.ts";
import { type Box, fitting, inside, wrapped } from "./labels.ts";
import { type Place, layout } from "./layout.ts";
import { arrows, nearest, wanted } from "./parts.ts";

export interface Dot {
  id: string;
  label: string;
  kind: string;
  /** Read out with the label. */
  about: string;
  centre: boolean;
  /** A sign that more hangs on it than is shown. */
  more: boolean;
}

export interface Stroke {
  id: string;
  source: string;
  target: string;
  caption: string;
  /** Names the look: `holds`, `past`, `announced`, `over`. */
  style: string;
}

export interface Acts {
  select(id: string | null): void;
  /** What a double click does where it does not expand. */
  open?(id: string): void;
  expand?(id: string): void;
  hide?(id: string): void;
}

export const RADIUS = 15;
const LINE_HEIGHT = 14;
const LETTER = 6.6;
const CAPTION = 54;

export class Canvas {
  readonly element: HTMLDivElement;
  readonly root: SVGSVGElement;
  dots: Dot[] = [];
  strokes: Stroke[] = [];
  places = new Map<string, Place>();
  curves = new Map<string, Curve>();
  selected: string | null = null;
  private readonly stage: SVGGElement;
  private readonly lineLayer = svg("g", { class: "lines", "aria-hidden": "true" });
  private readonly captionLayer = svg("g", { class: "captions", "aria-hidden": "true" });
  private readonly dotLayer = svg("g", { class: "dots" });
  private readonly labelLayer = svg("g", { class: "labels", "aria-hidden": "true" });
  private readonly zooming: ZoomBehavior<SVGSVGElement, unknown>;
  private transform: ZoomTransform = zoomIdentity;
  private readonly acts: Acts;
  private current = "";
  private pointed = "";
  private pending = 0;

  constructor(acts: Acts, label: string) {
    this.acts = acts;
    this.stage = svg("g", { class: "stage" }, this.lineLayer, this.captionLayer, this.dotLayer, this.labelLayer);
    this.root = svg("svg", { class: "canvas", role: "group", "aria-label": label }, arrows(), this.stage);
    const hint = [
      says("Tab into the picture; arrow keys go from one to the next, Enter selects, + and − zoom", "Tabulation pour entrer dans l’image ; les flèches vont de l’un à l’autre, Entrée choisit, + et − zooment"),
      acts.expand && says("E expands", "E déploie"),
      acts.hide && says("Delete hides", "Suppr masque"),
    ].filter(Boolean).join(", ");
    this.element = el("div", { class: "canvas-frame" }, this.root, this.buttons(), el("p", { class: "canvas-hint" }, hint));
    this.zooming = zoom<SVGSVGElement, unknown>()
      .scaleExtent([0.12, 4])
      .filter((event: Event) => wanted(event))
      .on("zoom", ({ transform }: { transform: ZoomTransform }) => this.zoomed(transform));
    select(this.root).call(this.zooming).on("dblclick.zoom", null);
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("click", (event) => {
      if (event.target === this.root) this.choose(null);
    });
    new ResizeObserver(() => this.later()).observe(this.root);
  }

  /** Draw another picture; what was there before keeps its place as far as it can. */
  show(dots: Dot[], strokes: Stroke[]): void {
    const inside = this.root.contains(document.activeElement);
    const seen = new Set(this.dots.map((dot) => dot.id));
    const before = new Map([...this.places].filter(([id]) => seen.has(id)));
    this.dots = dots;
    this.strokes = strokes;
    this.places = layout(
      dots.map((dot) => ({ id: dot.id, reach: half(dot.label), centre: dot.centre })),
      strokes.map((stroke) => [stroke.source, stroke.target]),
      before,
    );
    this.dotLayer.replaceChildren(...dots.map((dot) => this.dot(dot)));
    this.labelLayer.replaceChildren(...dots.map((dot) => this.label(dot)));
    this.lineLayer.replaceChildren(...strokes.map((stroke) => this.stroke(stroke)));
    if (!dots.some((dot) => dot.id === this.selected)) this.selected = null;
    if (!dots.some((dot) => dot.id === this.current)) this.current = (dots.find((dot) => dot.centre) ?? dots[0])?.id ?? "";
    this.place();
    this.rove();
    if (dots.some((dot) => !before.has(dot.id)) || before.size === 0) this.fit();
    if (inside) this.node(this.current)?.focus();
    this.mark();
  }

  /** Choose a node (or none): its lines stand out. */
  choose(id: string | null, tell = true): void {
    this.selected = id;
    if (id) this.current = id;
    this.rove();
    this.mark();
    this.later();
    if (tell) this.acts.select(id);
  }

  /** Set the keyboard's place on a node. */
  focus(id: string): void {
    this.current = id;
    this.rove();
    this.node(id)?.focus();
  }

  /** Show everything. */
  fit(): void {
    const { width, height } = this.size();
    const box = this.bounds(36);
    const scale = Math.min(1.6, width / box.width, height / box.height);
    const x = width / 2 - scale * (box.x + box.width / 2);
    const y = height / 2 - scale * (box.y + box.height / 2);
    select(this.root).call(this.zooming.transform, zoomIdentity.translate(x, y).scale(Math.max(scale, 0.12)));
  }

  /** The rectangle that the picture takes, labels and all. */
  bounds(margin: number): { x: number; y: number; width: number; height: number } {
    const all = [...this.places.values()];
    const [left, right] = [Math.min(...all.map((p) => p.x - Math.max(p.reach, 24)), 0), Math.max(...all.map((p) => p.x + Math.max(p.reach, 24)), 0)];
    const [top, bottom] = [Math.min(...all.map((p) => p.y - 20), 0), Math.max(...all.map((p) => p.y + 44), 0)];
    return { x: left - margin, y: top - margin, width: right - left + 2 * margin, height: bottom - top + 2 * margin };
  }

  private size(): { width: number; height: number } {
    const { clientWidth, clientHeight } = this.root;
    return { width: clientWidth || 800, height: clientHeight || 500 };
  }

  private buttons(): HTMLElement {
    const button = (text: string, label: string, act: () => void) => {
      const made = el("button", { type: "button", "aria-label": label, title: label }, text);
      made.addEventListener("click", act);
      return made;
    };
    return el(
      "div",
      { class: "canvas-buttons" },
      button("+", says("Zoom in", "Agrandir"), () => this.scale(1.4)),
      button("−", says("Zoom out", "Réduire"), () => this.scale(1 / 1.4)),
      button("⤢", says("Show everything", "Tout montrer"), () => this.fit()),
    );
  }

  private scale(by: number): void {
    select(this.root).call(this.zooming.scaleBy, by);
  }

  private dot(dot: Dot): SVGGElement {
    const picture = icon(dot.kind);
    for (const [name, value] of Object.entries({ x: -9, y: -9, width: 18, height: 18 })) {
      picture.setAttribute(name, String(value));
    }
    const group = svg(
      "g",
      {
        class: `dot${dot.centre ? " centre" : ""}`,
        role: "button",
        tabindex: -1,
        "aria-label": dot.about,
        "data-id": dot.id,
      },
      svg("circle", { r: RADIUS }),
      picture,
      dot.more && svg("text", { class: "more", x: RADIUS - 2, y: -RADIUS + 6 }, "+"),
      svg("title", {}, dot.label),
    );
    group.addEventListener("click", () => this.choose(dot.id));
    group.addEventListener("dblclick", () => (this.acts.expand ?? this.acts.open)?.(dot.id));
    group.addEventListener("focus", () => ((this.current = dot.id), this.point(dot.id)));
    group.addEventListener("blur", () => this.point(""));
    group.addEventListener("pointerenter", () => this.point(dot.id));
    group.addEventListener("pointerleave", () => this.point(""));
    select(group).call(
      drag<SVGGElement, unknown>().on("drag", (event: { dx: number; dy: number }) => this.moved(dot.id, event.dx, event.dy)),
    );
    return group;
  }

  private label(dot: Dot): SVGGElement {
    const lines = wrapped(dot.label).map((text, line) =>
      svg("text", { y: RADIUS + 13 + line * LINE_HEIGHT, "text-anchor": "middle" }, text),
    );
    return svg("g", { class: dot.centre ? "label centre" : "label", "data-id": dot.id }, ...lines);
  }

  /** What the pointer or the keyboard is on has its label shown. */
  private point(id: string): void {
    this.pointed = id;
    this.later();
  }

  private stroke(stroke: Stroke): SVGGElement {
    return svg(
      "g",
      { class: `line ${stroke.style}`, "data-id": stroke.id, "data-ends": `${stroke.source}\n${stroke.target}` },
      svg("path", { "marker-end": `url(#arrow-${stroke.style})` }),
      svg("title", {}, stroke.caption),
    );
  }

  private moved(id: string, dx: number, dy: number): void {
    const place = this.places.get(id);
    if (!place) return;
    place.x += dx;
    place.y += dy;
    this.place();
    this.later();
  }

  /** Put everything where it belongs. */
  private place(): void {
    for (const group of this.dotLayer.children) {
      const place = this.places.get(group.getAttribute("data-id") ?? "");
      if (place) group.setAttribute("transform", `translate(${place.x.toFixed(1)} ${place.y.toFixed(1)})`);
    }
    const aside = bends(this.strokes.map((stroke) => [stroke.source, stroke.target]));
    this.strokes.forEach((stroke, index) => {
      const [from, to] = [this.places.get(stroke.source), this.places.get(stroke.target)];
      if (!from || !to) return;
      const drawn = from === to ? loop(from, RADIUS) : curve(from, to, RADIUS, aside[index] ?? 0);
      this.curves.set(stroke.id, drawn);
      this.lineLayer.children[index]?.firstElementChild?.setAttribute("d", drawn.path);
    });
  }

  private zoomed(transform: ZoomTransform): void {
    this.transform = transform;
    this.stage.setAttribute("transform", transform.toString());
    this.later();
  }

  private later(): void {
    window.cancelAnimationFrame(this.pending);
    this.pending = window.requestAnimationFrame(() => this.letter());
  }

  /** Show the labels and captions for which there is room; they keep their size whatever the zoom. */
  private letter(): void {
    const { k } = this.transform;
    const size = Math.min(Math.max(1 / k, 0.6), 6);
    const around = this.around();
    const boxes = this.dots.map((dot): Box => this.labelBox(dot, k, around));
    const middles = new Map(boxes.map((box) => [box.id, box.x / k]));
    for (const label of this.labelLayer.children) {
      const id = label.getAttribute("data-id") ?? "";
      const [x, y] = [middles.get(id) ?? 0, (this.places.get(id)?.y ?? 0) + RADIUS * (1 - size)];
      label.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${size.toFixed(3)})`);
    }
    const named = fitting(boxes);
    for (const label of this.labelLayer.children) {
      label.classList.toggle("unnamed", !named.has(label.getAttribute("data-id") ?? ""));
    }
    const clear = (box: Box) => named.has(box.id) && (!around.size || around.has(box.id));
    this.caption(k, size, boxes.filter(clear), around);
  }

  private labelBox(dot: Dot, k: number, around: Set<string>): Box {
    const place = this.places.get(dot.id);
    const lines = wrapped(dot.label);
    const degree = this.strokes.filter((stroke) => stroke.source === dot.id || stroke.target === dot.id).length;
    const weight = (dot.id === this.pointed ? 1e7 : 0) + (dot.id === this.selected ? 1e6 : 0) + (dot.centre ? 1e5 : 0) + (around.has(dot.id) ? 1e4 : 0) + degree;
    const width = Math.max(...lines.map((line) => line.length)) * LETTER;
    const middle = (place?.x ?? 0) * k;
    return {
      id: dot.id,
      x: middle + inside(middle + this.transform.x, width, this.size().width),
      y: (place?.y ?? 0) * k + RADIUS * Math.max(k, 0.6) + 4 + (lines.length * LINE_HEIGHT) / 2,
      width,
      height: lines.length * LINE_HEIGHT,
      weight,
    };
  }

  private caption(k: number, size: number, taken: Box[], around: Set<string>): void {
    const dots = this.dots.filter((dot) => !around.size || around.has(dot.id)).map((dot): Box => {
      const place = this.places.get(dot.id);
      const wide = RADIUS * 2 * k;
      return { id: dot.id, x: (place?.x ?? 0) * k, y: (place?.y ?? 0) * k, width: wide, height: wide, weight: 0 };
    });
    const boxes = this.strokes
      .filter((stroke) => !around.size || stroke.source === this.selected || stroke.target === this.selected)
      .map((stroke, index): Box => {
        const middle = this.curves.get(stroke.id)?.middle ?? { x: 0, y: 0 };
        const width = Math.min(stroke.caption.length, CAPTION) * 5.6;
        return { id: stroke.id, x: middle.x * k, y: middle.y * k, width, height: 13, weight: -index };
      });
    const shown = k < 0.35 && !around.size ? new Set<string>() : fitting(boxes, [...taken, ...dots]);
    const texts = this.strokes.filter((stroke) => shown.has(stroke.id)).map((stroke) => {
      const middle = this.curves.get(stroke.id)?.middle ?? { x: 0, y: 0 };
      const at = `translate(${middle.x.toFixed(1)} ${middle.y.toFixed(1)}) scale(${size.toFixed(3)})`;
      const text = stroke.caption.length > CAPTION ? `${stroke.caption.slice(0, CAPTION - 1)}…` : stroke.caption;
      return svg("text", { class: stroke.style, transform: at, "text-anchor": "middle", dy: "0.32em" }, text);
    });
    this.captionLayer.replaceChildren(...texts);
  }

  /** The neighbours of what is selected. */
  private around(): Set<string> {
    const near = this.strokes.filter((stroke) => stroke.source === this.selected || stroke.target === this.selected);
    return new Set(near.flatMap((stroke) => [stroke.source, stroke.target]));
  }

  private mark(): void {
    const near = this.around();
    this.root.classList.toggle("choosing", this.selected !== null);
    for (const group of this.dotLayer.children) {
      const id = group.getAttribute("data-id") ?? "";
      group.classList.toggle("selected", id === this.selected);
      group.classList.toggle("near", near.has(id));
      group.setAttribute("aria-pressed", String(id === this.selected));
    }
    for (const label of this.labelLayer.children) {
      const id = label.getAttribute("data-id") ?? "";
      label.classList.toggle("near", near.has(id) || id === this.selected);
    }
    for (const group of this.lineLayer.children) {
      const ends = (group.getAttribute("data-ends") ?? "").split("\n");
      group.classList.toggle("near", this.selected !== null && ends.includes(this.selected));
    }
  }

  private node(id: string): SVGGElement | undefined {
    return [...this.dotLayer.children].find((group) => group.getAttribute("data-id") === id) as SVGGElement | undefined;
  }

  /** One node is in the order of the Tab key: the keyboard's place. */
  private rove(): void {
    for (const group of this.dotLayer.children) {
      group.setAttribute("tabindex", group.getAttribute("data-id") === this.current ? "0" : "-1");
    }
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts: Record<string, () => void> = {
      ArrowLeft: () => this.walk(-1, 0),
      ArrowRight: () => this.walk(1, 0),
      ArrowUp: () => this.walk(0, -1),
      ArrowDown: () => this.walk(0, 1),
      Enter: () => this.choose(this.current),
      " ": () => this.choose(this.current),
      Escape: () => this.choose(null),
      e: () => this.acts.expand?.(this.current),
      Delete: () => this.acts.hide?.(this.current),
      "+": () => this.scale(1.4),
      "-": () => this.scale(1 / 1.4),
      "0": () => this.fit(),
    };
    const act = acts[event.key];
    if (!act || !this.current) return;
    event.preventDefault();
    act();
  }

  private walk(dx: number, dy: number): void {
    const next = nearest(this.current, this.places, dx, dy);
    if (next) this.focus(next);
  }
}

function half(label: string): number {
  return (Math.max(...wrapped(label).map((line) => line.length)) * LETTER) / 2;
}
