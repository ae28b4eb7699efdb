import fc from "fast-check";
import { expect, test } from "vitest";
import { bandPath, type Flow, layoutFlow, MOST_BOXES } from "./flow-layout.ts";
import type { FlowLink } from "./flow-links.ts";

function place(column: string, number: number) {
  return { id: `${column} ${number}`, title: `${column} ${number}`, order: number };
}

function link(from: number, rule: number, to: number, perSecond: number): FlowLink {
  return { from: place("from", from), rule: place("rule", rule), to: place("to", to), perSecond };
}

const links = fc.array(
  fc
    .tuple(fc.nat(30), fc.nat(60), fc.nat(40), fc.double({ min: 0.01, max: 5000, noNaN: true }))
    .map((parts) => link(...parts)),
  { minLength: 1, maxLength: 120 },
);

function sum(of: readonly { readonly perSecond: number }[]): number {
  return of.reduce((all, { perSecond }) => all + perSecond, 0);
}

test("nothing is lost: each column and each gap has all requests", () => {
  fc.assert(
    fc.property(links, (all) => {
      const flow = layoutFlow(all, 600);
      for (const part of [
        ...[0, 1, 2].map((column) => flow.boxes.filter((box) => box.column === column)),
        ...[0, 1].map((gap) => flow.bands.filter((band) => band.gap === gap)),
      ]) {
        expect(sum(part)).toBeCloseTo(sum(all), 3);
      }
    }),
  );
});

test("a column has few boxes, none over another, all within the picture", () => {
  fc.assert(
    fc.property(links, fc.integer({ min: 200, max: 1200 }), (all, height) => {
      const flow = layoutFlow(all, height);
      for (const column of [0, 1, 2]) {
        const boxes = flow.boxes.filter((box) => box.column === column);
        expect(boxes.length).toBeLessThanOrEqual(MOST_BOXES);
        boxes.forEach((box, index) => {
          expect(box.top).toBeGreaterThanOrEqual(endOf(boxes[index - 1]) - 0.001);
          expect(box.top + box.height).toBeLessThanOrEqual(flow.height + 0.001);
        });
      }
    }),
  );
});

test("a band begins and ends within its boxes, and is as wide as its rate", () => {
  fc.assert(
    fc.property(links, (all) => {
      const flow = layoutFlow(all, 600);
      const scale = scaleOf(flow);
      for (const band of flow.bands) {
        const [left, right] = [band.from, band.to].map((id) => flow.boxes.find((box) => box.id === id)!);
        const half = (band.perSecond * scale) / 2;
        expect(band.width).toBeCloseTo(Math.max(band.perSecond * scale, 1), 3);
        for (const [box, y] of [
          [left!, band.leftY],
          [right!, band.rightY],
        ] as const) {
          expect(y - half).toBeGreaterThanOrEqual(box.top - 0.001);
          expect(y + half).toBeLessThanOrEqual(box.top + box.height + 0.001);
        }
      }
    }),
  );
});

test("the rest of a long column is summed up, the busiest are shown", () => {
  const flow = layoutFlow(
    Array.from({ length: 40 }, (_, rule) => link(1, rule, 1, rule === 33 ? 100 : 1)),
    600,
  );
  const rules = flow.boxes.filter(({ column }) => column === 1);
  expect(rules).toHaveLength(MOST_BOXES);
  expect(rules.map(({ title }) => title)).toContain("rule 33");
  expect(rules.at(-1)).toMatchObject({ title: "29 other rules", perSecond: 29 });
});

test("the order of boxes is that of the places, whatever their rates", () => {
  const titles = (rates: readonly number[]) =>
    layoutFlow(
      rates.map((rate, index) => link(index, index, index, rate)),
      600,
    ).boxes.map(({ title }) => title);
  expect(titles([1, 50, 3])).toEqual(titles([50, 3, 1]));
});

test("nothing flows, nothing is drawn; a path goes from edge to edge", () => {
  expect(layoutFlow([], 600)).toMatchObject({ boxes: [], bands: [], height: 0 });
  const [band] = layoutFlow([link(1, 1, 1, 5)], 100).bands;
  expect(bandPath(band!, 10, 90)).toMatch(/^M10 [\d.]+C50 [\d.]+ 50 [\d.]+ 90 [\d.]+$/);
});

function endOf(box: Flow["boxes"][number] | undefined): number {
  return box === undefined ? 0 : box.top + box.height;
}

/** Pixels a request a second, from the broadest band. */
function scaleOf({ bands }: Flow): number {
  const broadest = [...bands].sort((a, b) => b.perSecond - a.perSecond)[0]!;
  return broadest.width / broadest.perSecond;
}
