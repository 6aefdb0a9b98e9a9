/** Where the nodes stand: d3-force, the same every time, warm-started from where they stood before. */

import {
  type SimulationLinkDatum,
  type SimulationNodeDatum,
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
} from "d3-force";

export interface Place extends SimulationNodeDatum {
  id: string;
  x: number;
  y: number;
  /** Half the width of the label, in pixels at zoom 1. */
  reach: number;
  /** In the middle of the picture. */
  centre: boolean;
}

export interface Link extends SimulationLinkDatum<Place> {
  source: Place;
  target: Place;
}

export interface Wanted {
  id: string;
  reach: number;
  centre: boolean;
}

const TICKS = 320;
const TURN = Math.PI * (3 - Math.sqrt(5));

/** Places for nodes and links between them (pairs of ids); `before` are places of an earlier picture. */
export function layout(
  wanted: Wanted[],
  pairs: [string, string][],
  before: ReadonlyMap<string, { x: number; y: number }> = new Map(),
): Map<string, Place> {
  const places = wanted.map((one, index): Place => ({ ...one, ...start(index, wanted.length), ...before.get(one.id) }));
  const byId = new Map(places.map((place) => [place.id, place]));
  const links = pairs.flatMap(([a, b]): Link[] => {
    const [source, target] = [byId.get(a), byId.get(b)];
    return source && target && source !== target ? [{ source, target }] : [];
  });
  const crowd = places.length;
  const stretch = crowd > 120 ? 0.75 : 1;
  const fresh = places.some((place) => !before.has(place.id)) ? 1 : 0.3;
  const simulation = forceSimulation(places)
    .alpha(fresh)
    .alphaDecay(1 - 0.001 ** (1 / TICKS))
    .force("charge", forceManyBody<Place>().strength((one) => (one.centre ? -900 : -320) * stretch).distanceMax(900))
    .force("link", forceLink<Place, Link>(links).distance((link) => distance(link) * stretch).strength(strength))
    .force("apart", forceCollide<Place>((one) => Math.min(22 + one.reach * 0.42, 58)).strength(0.9).iterations(2))
    .force("x", forceX<Place>(0).strength(0.035))
    .force("y", forceY<Place>(0).strength(0.06))
    .stop();
  simulation.tick(TICKS);
  return byId;
}

/** A sunflower: every node has a place of its own to begin from, and always the same one. */
function start(index: number, total: number): { x: number; y: number } {
  const radius = 26 * Math.sqrt(index + 0.5);
  const turn = index * TURN;
  return { x: radius * Math.cos(turn) * 1.3, y: radius * Math.sin(turn) * (total > 1 ? 0.8 : 0) };
}

const degrees = new WeakMap<Place, number>();

function distance(link: Link): number {
  return link.source.centre && link.target.centre ? 230 : 150;
}

/** Links of nodes with many of them pull less, so that a hub does not draw its whole circle together. */
function strength(link: Link, _: number, links: Link[]): number {
  if (!degrees.has(link.source) || !degrees.has(link.target)) {
    for (const { source, target } of links) {
      for (const end of [source, target]) degrees.set(end, (degrees.get(end) ?? 0) + 1);
    }
  }
  const fewest = Math.min(degrees.get(link.source) ?? 1, degrees.get(link.target) ?? 1);
  return 0.7 / Math.max(fewest, 1);
}
