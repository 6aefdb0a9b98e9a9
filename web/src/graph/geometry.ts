/** The shapes of lines: straight, or bent aside where several run between the same two nodes. */

export interface Point {
  x: number;
  y: number;
}

export interface Curve {
  path: string;
  middle: Point;
}

/** A line from the edge of one circle to that of another; `aside` bends it (0 straight), in pixels. */
export function curve(from: Point, to: Point, radius: number, aside: number): Curve {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const [nx, ny] = [-dy / length, dx / length];
  const control = { x: (from.x + to.x) / 2 + nx * aside * 2, y: (from.y + to.y) / 2 + ny * aside * 2 };
  const start = toward(from, control, radius);
  const end = toward(to, control, radius + 5);
  const middle = {
    x: start.x / 4 + control.x / 2 + end.x / 4,
    y: start.y / 4 + control.y / 2 + end.y / 4,
  };
  const path = aside
    ? `M${round(start.x)} ${round(start.y)}Q${round(control.x)} ${round(control.y)} ${round(end.x)} ${round(end.y)}`
    : `M${round(start.x)} ${round(start.y)}L${round(end.x)} ${round(end.y)}`;
  return { path, middle };
}

/** A loop from a node to itself. */
export function loop(at: Point, radius: number): Curve {
  const reach = radius * 3.2;
  const path = `M${round(at.x - radius)} ${round(at.y)}C${round(at.x - reach)} ${round(at.y - reach)} ${round(at.x + reach)} ${round(at.y - reach)} ${round(at.x + radius)} ${round(at.y)}`;
  return { path, middle: { x: at.x, y: at.y - reach * 0.75 } };
}

function toward(from: Point, to: Point, by: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return { x: from.x + ((to.x - from.x) / length) * by, y: from.y + ((to.y - from.y) / length) * by };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** How far each of some lines is bent, so that those between the same two nodes run side by side. */
export function bends(ends: [string, string][]): number[] {
  const key = ([a, b]: [string, string]) => (a < b ? `${a}\n${b}` : `${b}\n${a}`);
  const total = new Map<string, number>();
  for (const pair of ends) total.set(key(pair), (total.get(key(pair)) ?? 0) + 1);
  const seen = new Map<string, number>();
  return ends.map((pair) => {
    const place = seen.get(key(pair)) ?? 0;
    seen.set(key(pair), place + 1);
    const aside = (place - ((total.get(key(pair)) ?? 1) - 1) / 2) * 34;
    return pair[0] < pair[1] ? aside : -aside;
  });
}
