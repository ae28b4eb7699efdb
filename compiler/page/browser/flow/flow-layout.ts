/**
 * Where everything of the flow stands. Pure: rates and a size go in, boxes and bands come out. A band is as wide as its rate,
 * by one scale for the whole picture; a box is as high as its bands, and never lower than its words. Of a column with more
 * boxes than can be read, the busiest are shown and the rest is summed up.
 */

import type { FlowLink, FlowPlace } from "./flow-links.ts";

export interface FlowBox extends FlowPlace {
  readonly column: 0 | 1 | 2;
  readonly perSecond: number;
  readonly top: number;
  readonly height: number;
}

export interface FlowBand {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** Of the first column, or of the second, to the next one. */
  readonly gap: 0 | 1;
  readonly perSecond: number;
  /** Middles of its ends. */
  readonly leftY: number;
  readonly rightY: number;
  readonly width: number;
  readonly isTrouble: boolean;
}

export interface Flow {
  readonly boxes: readonly FlowBox[];
  readonly bands: readonly FlowBand[];
  readonly height: number;
  readonly perSecond: number;
}

const COLUMNS = ["from", "rule", "to"] as const;
/** Boxes of a column, the one that sums up the rest included. */
export const MOST_BOXES = 12;
const LOWEST_BOX = 34;
const SPACE = 10;
const THINNEST_BAND = 1;

/** `height` is what is there to be used; a column of many boxes takes more. */
export function layoutFlow(links: readonly FlowLink[], height: number): Flow {
  const summed = COLUMNS.reduce(sumUpRest, links);
  const columns = COLUMNS.map((column) => placesOf(summed, column));
  const total = summed.reduce((sum, { perSecond }) => sum + perSecond, 0);
  const scale = Math.min(...columns.map((places) => scaleFor(places, height)));
  const tallest = Math.max(0, ...columns.map((places) => heightOf(places, scale)));
  const boxes: FlowBox[] = [];
  columns.forEach((places, column) => {
    let top = (tallest - heightOf(places, scale)) / 2;
    for (const { place, perSecond } of places) {
      const own = Math.max(perSecond * scale, LOWEST_BOX);
      boxes.push({ ...place, column: column as FlowBox["column"], perSecond, top, height: own });
      top += own + SPACE;
    }
  });
  return {
    boxes,
    bands: [...bandsOf(summed, boxes, 0, scale), ...bandsOf(summed, boxes, 1, scale)],
    height: tallest,
    perSecond: total,
  };
}

/** The path of a band between two columns, `off` its middle. */
export function bandPath({ leftY, rightY }: FlowBand, left: number, right: number, off = 0): string {
  const middle = (left + right) / 2;
  const begin = (leftY + off).toFixed(1);
  const end = (rightY + off).toFixed(1);
  return `M${left} ${begin}C${middle} ${begin} ${middle} ${end} ${right} ${end}`;
}

interface Placed {
  readonly place: FlowPlace;
  readonly perSecond: number;
}

function placesOf(links: readonly FlowLink[], column: (typeof COLUMNS)[number]): Placed[] {
  const places = new Map<string, { place: FlowPlace; perSecond: number }>();
  for (const link of links) {
    const place = link[column];
    const known = places.get(place.id);
    if (known === undefined) {
      places.set(place.id, { place, perSecond: link.perSecond });
    } else {
      known.perSecond += link.perSecond;
    }
  }
  return [...places.values()].sort(
    (a, b) => a.place.order - b.place.order || (a.place.id < b.place.id ? -1 : 1),
  );
}

const REST_TITLES = { from: "other hosts", rule: "other rules", to: "other clusters" };

function sumUpRest(links: readonly FlowLink[], column: (typeof COLUMNS)[number]): readonly FlowLink[] {
  const places = placesOf(links, column);
  if (places.length <= MOST_BOXES) {
    return links;
  }
  const kept = new Set(
    [...places]
      .sort((a, b) => b.perSecond - a.perSecond)
      .slice(0, MOST_BOXES - 1)
      .map(({ place }) => place.id),
  );
  const rest: FlowPlace = {
    id: `${column} …`,
    title: `${places.length - kept.size} ${REST_TITLES[column]}`,
    order: Number.MAX_SAFE_INTEGER,
  };
  return links.map((link) => (kept.has(link[column].id) ? link : { ...link, [column]: rest }));
}

function heightOf(places: readonly Placed[], scale: number): number {
  return places.reduce(
    (sum, { perSecond }) => sum + Math.max(perSecond * scale, LOWEST_BOX) + SPACE,
    places.length > 0 ? -SPACE : 0,
  );
}

/** Pixels a request a second, so that the column fits: what is low already takes its least, the others share what is left. */
function scaleFor(places: readonly Placed[], height: number): number {
  let room = height - SPACE * (places.length - 1);
  let rates = places.reduce((sum, { perSecond }) => sum + perSecond, 0);
  for (const { perSecond } of [...places].sort((a, b) => a.perSecond - b.perSecond)) {
    if (rates > 0 && (perSecond * room) / rates >= LOWEST_BOX) {
      return room / rates;
    }
    room -= LOWEST_BOX;
    rates -= perSecond;
  }
  // All are low: as much as the busiest may have.
  const busiest = Math.max(...places.map(({ perSecond }) => perSecond), Number.MIN_VALUE);
  return LOWEST_BOX / busiest;
}

function bandsOf(
  links: readonly FlowLink[],
  boxes: readonly FlowBox[],
  gap: 0 | 1,
  scale: number,
): FlowBand[] {
  const [leftColumn, rightColumn] = gap === 0 ? (["from", "rule"] as const) : (["rule", "to"] as const);
  const boxOf = new Map(boxes.map((box) => [box.id, box]));
  const rates = new Map<string, { left: FlowBox; right: FlowBox; perSecond: number }>();
  for (const link of links) {
    const left = boxOf.get(link[leftColumn].id)!;
    const right = boxOf.get(link[rightColumn].id)!;
    const id = `${left.id}\n${right.id}`;
    const known = rates.get(id);
    if (known === undefined) {
      rates.set(id, { left, right, perSecond: link.perSecond });
    } else {
      known.perSecond += link.perSecond;
    }
  }
  // Bands leave and arrive in the order of the boxes at their other ends, so that few of them cross.
  const widthOf = (perSecond: number) => Math.max(perSecond * scale, THINNEST_BAND);
  const leftEnds = new Map<string, number>();
  const rightEnds = new Map<string, number>();
  const all = [...rates].map(([id, rate]) => ({ id, ...rate }));
  for (const { id, left, perSecond } of [...all].sort((a, b) => a.right.top - b.right.top)) {
    const used = leftEnds.get(left.id) ?? (left.height - left.perSecond * scale) / 2;
    leftEnds.set(left.id, used + perSecond * scale);
    leftEnds.set(id, left.top + used + (perSecond * scale) / 2);
  }
  for (const { id, right, perSecond } of [...all].sort((a, b) => a.left.top - b.left.top)) {
    const used = rightEnds.get(right.id) ?? (right.height - right.perSecond * scale) / 2;
    rightEnds.set(right.id, used + perSecond * scale);
    rightEnds.set(id, right.top + used + (perSecond * scale) / 2);
  }
  return all.map(({ id, left, right, perSecond }) => ({
    id: `${gap}\n${id}`,
    from: left.id,
    to: right.id,
    gap,
    perSecond,
    leftY: leftEnds.get(id)!,
    rightY: rightEnds.get(id)!,
    width: widthOf(perSecond),
    isTrouble: right.isTrouble === true,
  }));
}
