import { beforeEach, expect, test } from "vitest";
import { RecentResponses } from "./recent-responses.ts";

const MINUTE = 60_000;
const counts = (requests: number, serverErrors = 0) => ({ requests, serverErrors });

let recent: RecentResponses;
beforeEach(() => {
  recent = new RecentResponses();
});

test("a proxy's answers are added up for five to ten minutes, and then forgotten", () => {
  expect(recent.of("a", 0)).toBeUndefined();
  recent.answered("a", counts(10, 1), 0);
  recent.answered("a", counts(5), MINUTE);
  recent.answered("a", counts(1), 6 * MINUTE);
  recent.answered("b", counts(7), 6 * MINUTE);
  expect(recent.of("a", 9 * MINUTE)).toEqual(counts(16, 1));
  expect(recent.of("a", 11 * MINUTE)).toEqual(counts(1));
  expect(recent.of("b", 11 * MINUTE)).toEqual(counts(7));
  expect(recent.of("a", 60 * MINUTE)).toBeUndefined();
});

test("another revision begins anew, after the report that is about both", () => {
  recent.answered("a", counts(1_000, 30), 0);
  recent.changed("a");
  expect(recent.of("a", 1)).toBeUndefined();
  recent.answered("a", counts(500, 15), 2);
  expect(recent.of("a", 2)).toBeUndefined();
  recent.answered("a", counts(500), 3);
  expect(recent.of("a", 3)).toEqual(counts(500));
});
