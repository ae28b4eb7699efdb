import { expect, test } from "vitest";
import type { Details } from "./details.ts";
import { type Call, type PageContents, renderPage } from "./page.ts";
import type { Reviews } from "./reviews.ts";

function call<T>(value: T | undefined, status = 200): Call<T> {
  return { host: "h:9080", status, elapsedMs: 12, servedBy: "h-v1", value };
}

const contents: PageContents = {
  title: "T",
  user: "",
  details: call({ author: "A", year: 1, type: "t", pages: 2, language: "l", isbn: "i" }),
  reviews: call({ version: "v3", reviews: [{ reviewer: "R", text: "good", stars: 4, color: "red" }] }),
  quote: call({ quote: "q", source: "s" }),
};

test("shows stars in their colour, and a form to log in", () => {
  const page = renderPage(contents);
  expect(page).toContain('<div class="stars red" aria-label="4 of 5 stars">★★★★☆</div>');
  expect(page).toContain('action="/login"');
  expect(page).not.toContain("/logout");
});

test("shows what could not be had", () => {
  const page = renderPage({
    ...contents,
    details: call<Details>(undefined, 504),
    reviews: call<Reviews>(undefined, 503),
  });
  expect(page).toContain("Error fetching product details");
  expect(page).toContain("status 503");
  const partly = {
    version: "v2",
    reviews: [{ reviewer: "R", text: "good" }],
    ratingsError: "ratings answered 503",
  };
  expect(renderPage({ ...contents, reviews: call(partly) })).toContain("Ratings are not available");
});

test("what comes from elsewhere is text, never markup", () => {
  const evil = '<script>alert("1")</script>';
  const page = renderPage({
    ...contents,
    title: evil,
    user: evil,
    quote: { ...call({ quote: evil, source: evil }), servedBy: evil, host: evil },
    reviews: call({ version: evil, reviews: [{ reviewer: evil, text: evil }], ratingsError: evil }),
  });
  expect(page).not.toContain("<script");
});
