/** The page as HTML: one string, nothing loaded from elsewhere. It shows what it was given and asks nobody. */

import type { Details } from "./details.ts";
import type { Quote } from "./quotes.ts";
import type { Review, Reviews } from "./reviews.ts";

/** One call to another service and how it went. */
export interface Call<T> {
  readonly host: string;
  readonly status: number;
  readonly elapsedMs: number;
  /** `reviews-v2`; `the proxy` when no service answered. */
  readonly servedBy: string;
  /** Present when the status is 200. */
  readonly value: T | undefined;
}

export interface PageContents {
  readonly title: string;
  /** Empty when nobody is logged in. */
  readonly user: string;
  readonly details: Call<Details>;
  readonly reviews: Call<Reviews>;
  readonly quote: Call<Quote>;
}

export function renderPage({ title, user, details, reviews, quote }: PageContents): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Bookinfo</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<header>
<a class="brand" href="/productpage">Bookinfo</a>
${login(user)}
</header>
<main>
<h1>${escapeHtml(title)}</h1>
<div class="columns">
<section>
<h2>Details</h2>
${details.value === undefined ? failed("product details", details) : detailList(details.value)}
</section>
<section>
<h2>Reviews ${reviews.value === undefined ? "" : `<span class="tag ${escapeHtml(reviews.value.version)}">${escapeHtml(reviews.servedBy)}</span>`}</h2>
${reviews.value === undefined ? failed("product reviews", reviews) : reviewList(reviews.value)}
</section>
</div>
${quote.value === undefined ? "" : quotation(quote.value)}
<details class="calls" open>
<summary>How this page was made</summary>
<table>
<thead><tr><th>asked</th><th>answered by</th><th>status</th><th>took</th></tr></thead>
<tbody>
${[details, reviews, quote].map(callRow).join("\n")}
</tbody>
</table>
<p>Every line went through the proxy. Load the page again, or log in as another, to see the rules at work.</p>
</details>
</main>
</body>
</html>
`;
}

function login(user: string): string {
  if (user !== "") {
    return `<div class="user"><span>${escapeHtml(user)}</span> <a class="button" href="/logout">Log out</a></div>`;
  }
  return `<form class="user" action="/login"><input name="user" value="jason" aria-label="User" size="10"> <button class="button">Log in</button></form>`;
}

function detailList(details: Details): string {
  const rows: [string, string | number][] = [
    ["Author", details.author],
    ["Year", details.year],
    ["Type", details.type],
    ["Pages", details.pages],
    ["Language", details.language],
    ["ISBN", details.isbn],
  ];
  return `<dl>${rows.map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(String(value))}</dd>`).join("")}</dl>`;
}

function reviewList({ reviews, ratingsError }: Reviews): string {
  const notice =
    ratingsError === undefined
      ? ""
      : `<p class="error">Ratings are not available just now <small>(${escapeHtml(ratingsError)})</small></p>`;
  return notice + reviews.map(reviewFigure).join("\n");
}

function reviewFigure({ reviewer, text, stars, color }: Review): string {
  const rating =
    stars === undefined
      ? ""
      : `<div class="stars ${color === "red" ? "red" : "black"}" aria-label="${stars} of 5 stars">${"★".repeat(stars)}${"☆".repeat(5 - stars)}</div>`;
  return `<figure><blockquote>${escapeHtml(text)}</blockquote>${rating}<figcaption>${escapeHtml(reviewer)}</figcaption></figure>`;
}

function quotation({ quote, source }: Quote): string {
  return `<aside><q>${escapeHtml(quote)}</q> <cite>${escapeHtml(source)}</cite></aside>`;
}

function failed(what: string, call: Call<unknown>): string {
  return `<div class="error"><strong>Error fetching ${what}!</strong><br>Sorry, ${what} are not available for this book just now. <small>(status ${call.status})</small></div>`;
}

function callRow({ host, servedBy, status, elapsedMs }: Call<unknown>): string {
  const time = elapsedMs >= 1000 ? `${(elapsedMs / 1000).toFixed(2)} s` : `${elapsedMs.toFixed(0)} ms`;
  return `<tr><td><code>${escapeHtml(host)}</code></td><td>${escapeHtml(servedBy)}</td><td class="${status === 200 ? "ok" : "bad"}">${status}</td><td>${time}</td></tr>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

const STYLE = `
:root { --ink: #1c2430; --soft: #5b6776; --line: #dfe4ea; --paper: #fff; --ground: #f4f6f8; --accent: #1f5fbf; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecf1; --soft: #9aa6b5; --line: #303946; --paper: #1b212a; --ground: #12161c; --accent: #7fb0ff; --bad: #ff8a80; }
}
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; color: var(--ink); background: var(--ground); }
header { display: flex; justify-content: space-between; align-items: center; gap: 1rem; padding: .75rem 1.5rem; background: var(--paper); border-bottom: 1px solid var(--line); }
.brand { font-weight: 700; color: inherit; text-decoration: none; }
.user { display: flex; gap: .5rem; align-items: center; }
.user input { font: inherit; padding: .25rem .5rem; border: 1px solid var(--line); border-radius: 6px; background: var(--ground); color: inherit; }
.button { font: inherit; padding: .25rem .8rem; border: 1px solid var(--accent); border-radius: 6px; background: none; color: var(--accent); text-decoration: none; cursor: pointer; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem; }
h1 { margin: 0 0 1rem; text-align: center; font-size: 1.9rem; }
h2 { margin: 0 0 .75rem; font-size: 1.1rem; display: flex; gap: .6rem; align-items: center; }
.columns { display: grid; grid-template-columns: minmax(14rem, 2fr) 3fr; gap: 1rem; }
@media (max-width: 44rem) { .columns { grid-template-columns: 1fr; } }
section, aside, .calls { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.25rem; }
aside, .calls { margin-top: 1rem; }
aside cite { color: var(--soft); margin-left: .5rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .3rem 1rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; }
figure { margin: 0 0 1rem; } figure:last-child { margin-bottom: 0; }
blockquote { margin: 0; }
figcaption { color: var(--soft); font-size: .9rem; }
.stars { font-size: 1.2rem; letter-spacing: .1em; } .stars.red { color: #d32f2f; } .stars.black { color: var(--ink); }
.tag { font-size: .8rem; font-weight: 600; padding: .1rem .5rem; border-radius: 99px; border: 1px solid var(--line); color: var(--soft); }
.tag.v2 { color: var(--ink); border-color: var(--ink); } .tag.v3 { color: #d32f2f; border-color: #d32f2f; }
.error { color: var(--bad); margin: 0 0 1rem; } .error small { color: var(--soft); }
.calls { color: var(--soft); font-size: .9rem; } .calls summary { cursor: pointer; } .calls p { margin: .5rem 0 0; }
table { border-collapse: collapse; margin-top: .5rem; display: block; overflow-x: auto; } th, td { text-align: left; padding: .15rem 1.2rem .15rem 0; font-weight: normal; white-space: nowrap; }
td { color: var(--ink); } td.bad { color: var(--bad); }
`;
