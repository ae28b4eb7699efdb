/**
 * The page of the book, put together from what the other services say. A reader logs in by a name and no password
 * (`/login?user=jason`); the name goes on to the other services as the header `end-user`, which rules can match.
 */

import type http from "node:http";
import type { Details } from "./details.ts";
import { type MeshClient, passedOn } from "./mesh-client.ts";
import { type Call, renderPage } from "./page.ts";
import type { Quote } from "./quotes.ts";
import type { Reviews } from "./reviews.ts";
import { type Place, type Reply, type Service, startService } from "./service.ts";

const PRODUCTS = [{ id: 0, title: "The Comedy of Errors" }];

export function startProductpage(mesh: MeshClient, at?: Place): Promise<Service> {
  return startService({ app: "productpage", version: "v1", at }, async (url, request) => {
    if (url.pathname === "/" || url.pathname === "/productpage") {
      return showPage(url, request, mesh);
    }
    if (url.pathname === "/login") {
      return goToPage(
        `user=${encodeURIComponent(userName(url.searchParams.get("user") ?? ""))}; Path=/; HttpOnly`,
      );
    }
    if (url.pathname === "/logout") {
      return goToPage("user=; Path=/; Max-Age=0");
    }
    return api(url, request, mesh);
  });
}

async function showPage(url: URL, request: http.IncomingMessage, mesh: MeshClient): Promise<Reply> {
  const user = whoAsks(url, request);
  const headers = headersFor(user, request);
  const [details, reviews, quote] = await Promise.all([
    call<Details>(mesh, "details:9080", "/details/0", headers),
    call<Reviews>(mesh, "reviews:9080", "/reviews/0", headers),
    call<Quote>(mesh, "quotes.example.com", "/quote", headers),
  ]);
  return {
    headers: { "cache-control": "no-store" },
    body: renderPage({ title: PRODUCTS[0]!.title, user, details, reviews, quote }),
  };
}

/** The same as JSON, for programs: `/api/v1/products`, `…/0`, `…/0/reviews`, `…/0/ratings`. */
async function api(url: URL, request: http.IncomingMessage, mesh: MeshClient): Promise<Reply | undefined> {
  const path = /^\/api\/v1\/products(?:\/0(?:\/(reviews|ratings))?)?$/.exec(url.pathname);
  if (path === null) {
    return undefined;
  }
  if (url.pathname.endsWith("/products")) {
    return { body: PRODUCTS };
  }
  const what = path[1] ?? "details";
  const answer = await call<object>(
    mesh,
    `${what}:9080`,
    `/${what}/0`,
    headersFor(whoAsks(url, request), request),
  );
  return { status: answer.status, body: { ...answer.value, servedBy: answer.servedBy } };
}

async function call<T>(
  mesh: MeshClient,
  host: string,
  path: string,
  headers: http.OutgoingHttpHeaders,
): Promise<Call<T>> {
  try {
    const answer = await mesh.get(host, path, headers);
    return {
      host,
      status: answer.status,
      elapsedMs: answer.elapsedMs,
      servedBy: String(answer.headers["x-served-by"] ?? "the proxy"),
      value: answer.status === 200 ? (JSON.parse(answer.body) as T) : undefined,
    };
  } catch {
    // No answer at all: shown as a gateway would say it.
    return { host, status: 502, elapsedMs: 0, servedBy: "nobody", value: undefined };
  }
}

/** The query wins over the cookie, so that one address shows one reader's page; a header names a program's user. */
function whoAsks(url: URL, request: http.IncomingMessage): string {
  const fromCookie = /(?:^|;\s*)user=([^;]*)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
  const fromHeader = request.headers["end-user"];
  return userName(url.searchParams.get("user") ?? (decode(fromCookie) || String(fromHeader ?? "")));
}

function headersFor(user: string, request: http.IncomingMessage): http.OutgoingHttpHeaders {
  const { "end-user": _, ...headers } = passedOn(request.headers);
  return user === "" ? headers : { ...headers, "end-user": user };
}

/** Becomes a header's value, so it holds what may stand in one. */
function userName(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, "").slice(0, 40);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

function goToPage(cookie: string): Reply {
  return {
    status: 302,
    headers: { location: "/productpage", "set-cookie": `${cookie}; SameSite=Lax` },
    body: "",
  };
}
