/** A chart of solutions: bars or a line, as SVG. */

import { el, says, svg } from "../dom.ts";
import { type Row, chartable } from "./results.ts";

const MOST = 60;
const [WIDTH, HEIGHT, LEFT, BOTTOM] = [900, 380, 64, 110];

/** The chart with its choices; `name` puts a cell into words. */
export function chart(columns: string[], rows: Row[], name: (row: Row, column: string) => string): HTMLElement {
  const { names, numbers } = chartable(columns, rows);
  if (!numbers.length) return el("p", { class: "hint" }, says("A chart needs a column of numbers, such as (COUNT(?x) AS ?n).", "Un graphique demande une colonne de nombres, telle que (COUNT(?x) AS ?n)."));
  const across = choice("across", says("Across", "En abscisse"), names.length ? names : columns);
  const up = choice("up", says("Up", "En ordonnée"), numbers);
  const form = choice("form", says("As", "Forme"), ["bars", "line"]);
  const figure = el("figure", { class: "chart" });
  const redraw = () => {
    const points = rows.slice(0, MOST).map((row): [string, number] => [name(row, across.select.value), Number(row[up.select.value]?.value ?? 0)]);
    const drawn = picture(points, form.select.value, `${up.select.value} ${says("by", "par")} ${across.select.value}`);
    const cut = rows.length > MOST && el("figcaption", {}, says(`The first ${MOST} of ${rows.length} rows.`, `Les ${MOST} premières lignes sur ${rows.length}.`));
    figure.replaceChildren(el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": says("Chart", "Graphique") }, drawn), ...(cut ? [cut] : []));
  };
  for (const one of [across, up, form]) one.select.addEventListener("change", redraw);
  redraw();
  return el("div", {}, el("p", { class: "choices" }, across.label, up.label, form.label), figure);
}

function choice(name: string, label: string, values: string[]): { label: HTMLLabelElement; select: HTMLSelectElement } {
  const select = el("select", { name: `chart-${name}` }, ...values.map((value) => el("option", { value }, value)));
  return { label: el("label", {}, `${label} `, select), select };
}

function picture(points: [string, number][], form: string, title: string): SVGSVGElement {
  const values = points.map(([, value]) => value);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values) || 1];
  const y = (value: number) => 12 + ((high - value) / (high - low || 1)) * (HEIGHT - BOTTOM - 12);
  const step = (WIDTH - LEFT) / Math.max(points.length, 1);
  const x = (index: number) => LEFT + (index + 0.5) * step;
  const grid = ticks(low, high).flatMap((value) => [
    svg("line", { class: "grid", x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value) }),
    svg("text", { class: "quiet", x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, String(value)),
  ]);
  const marks =
    form === "line"
      ? [svg("polyline", { class: "curve", points: points.map(([, value], i) => `${x(i)},${y(value)}`).join(" ") })]
      : points.map(([label, value], i) =>
          svg("rect", { class: "bar", x: x(i) - step * 0.36, width: step * 0.72, y: Math.min(y(value), y(0)), height: Math.abs(y(value) - y(0)) }, svg("title", {}, `${label}: ${value}`)),
        );
  const names = points.map(([label], i) =>
    svg("text", { transform: `translate(${x(i)} ${HEIGHT - BOTTOM + 14}) rotate(35)` }, label.length > 22 ? `${label.slice(0, 21)}…` : label),
  );
  return svg("svg", { viewBox: `0 0 ${WIDTH + 60} ${HEIGHT}`, role: "img", "aria-label": title }, ...grid, ...marks, ...names);
}

function ticks(low: number, high: number): number[] {
  const raw = (high - low) / 4;
  const size = 10 ** Math.floor(Math.log10(raw || 1));
  const step = [1, 2, 5, 10].map((one) => one * size).find((one) => one >= raw) ?? size;
  const found: number[] = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) found.push(Number(value.toPrecision(6)));
  return found;
}
