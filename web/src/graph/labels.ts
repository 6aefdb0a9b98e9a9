/** Which labels can be shown at once: the most important first, none over another. */

export interface Box {
  id: string;
  x: number;
  y: number;
  width: number;
  height: number;
  /** Higher ones get their place first. */
  weight: number;
}

const CELL = 80;

/** The ids of the boxes (centred at x, y, in pixels) that fit beside each other and beside what is `taken`. */
export function fitting(boxes: Box[], taken: Box[] = []): Set<string> {
  const cells = new Map<string, Box[]>();
  const shown = new Set<string>();
  for (const box of taken) put(box, cells);
  for (const box of [...boxes].sort((a, b) => b.weight - a.weight || (a.id < b.id ? -1 : 1))) {
    if (near(box, cells).some((other) => overlaps(box, other))) continue;
    put(box, cells);
    shown.add(box.id);
  }
  return shown;
}

function put(box: Box, cells: Map<string, Box[]>): void {
  for (const key of keys(box)) {
    const cell = cells.get(key);
    if (cell) cell.push(box);
    else cells.set(key, [box]);
  }
}

function near(box: Box, cells: Map<string, Box[]>): Box[] {
  return keys(box).flatMap((key) => cells.get(key) ?? []);
}

function keys(box: Box): string[] {
  const found: string[] = [];
  const [left, right] = [box.x - box.width / 2, box.x + box.width / 2].map((x) => Math.floor(x / CELL));
  const [top, bottom] = [box.y - box.height / 2, box.y + box.height / 2].map((y) => Math.floor(y / CELL));
  for (let x = left ?? 0; x <= (right ?? 0); x += 1) {
    for (let y = top ?? 0; y <= (bottom ?? 0); y += 1) found.push(`${x} ${y}`);
  }
  return found;
}

export function overlaps(a: Box, b: Box): boolean {
  return (
    Math.abs(a.x - b.x) * 2 < a.width + b.width + 4 && Math.abs(a.y - b.y) * 2 < a.height + b.height + 2
  );
}

/** How far to shift a label that is centred at `middle` so that a picture as wide as `room` does not cut it off. */
export function inside(middle: number, width: number, room: number): number {
  if (middle < 0 || middle > room || width > room) return 0;
  return Math.max(width / 2 - middle, 0) - Math.max(middle + width / 2 - room, 0);
}

/** A label in lines of about `most` letters, two at most, the last one cut with an ellipsis. */
export function wrapped(label: string, most = 22): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of label.split(" ")) {
    if (line && `${line} ${word}`.length > most) {
      lines.push(line);
      line = word;
    } else {
      line = line ? `${line} ${word}` : word;
    }
  }
  lines.push(line);
  if (lines.length <= 2) return lines;
  return [lines[0] ?? "", `${(lines[1] ?? "").slice(0, most - 1)}…`];
}
