/** Parts of the canvas that know nothing of it. */

import { svg } from "../dom.ts";

/** The node that lies nearest in a direction. */
export function nearest(
  from: string,
  places: ReadonlyMap<string, { x: number; y: number }>,
  dx: number,
  dy: number,
): string | undefined {
  const here = places.get(from);
  if (!here) return undefined;
  let best: [number, string] | undefined;
  for (const [id, place] of places) {
    const along = (place.x - here.x) * dx + (place.y - here.y) * dy;
    const across = Math.abs((place.x - here.x) * dy) + Math.abs((place.y - here.y) * dx);
    if (id === from || along <= 0) continue;
    const far = along + across * 2.2;
    if (!best || far < best[0]) best = [far, id];
  }
  return best?.[1];
}

/** The wheel zooms with Ctrl only, and one finger scrolls the page: two zoom. */
export function wanted(event: Event): boolean {
  if (event instanceof WheelEvent) return event.ctrlKey;
  if (typeof TouchEvent !== "undefined" && event instanceof TouchEvent) return event.touches.length > 1;
  return !(event instanceof MouseEvent && event.button);
}

export function arrows(): SVGDefsElement {
  const styles = ["holds", "past", "announced", "over"];
  return svg(
    "defs",
    {},
    ...styles.map((style) =>
      svg(
        "marker",
        { id: `arrow-${style}`, class: style, viewBox: "0 0 8 8", refX: 6.5, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto" },
        svg("path", { d: "M0 0.8 7.5 4 0 7.2z" }),
      ),
    ),
  );
}
