import { expect, test } from "vitest";
import { nameAnswer, summary } from "./stream.ts";

test("answers are named by who served them", () => {
  expect(nameAnswer(200, '{"servedBy":"reviews-v2"}')).toBe("reviews-v2");
  expect(nameAnswer(200, '{"servedBy":"reviews-v2","ratingsError":"x"}')).toBe("reviews-v2 without ratings");
  expect(nameAnswer(503, "no healthy upstream")).toBe("status 503");
  expect(nameAnswer(200, "<html>")).toBe("no JSON");
});

test("the summary counts each kind", () => {
  expect(summary(["b", "a", "b"])).toMatch(/3 .*a 1 · b 2$/);
});
