import http from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SECURITY_HEADERS } from "./guard.ts";
import { ASSETS, type Asked, ask, cookieOf, FakeSource } from "./page.fixture.ts";
import { readPageListen } from "./page-listen.ts";
import { PageServer } from "./page-server.ts";

const ADDRESS = "127.66.1.1";

let source: FakeSource;
let server: PageServer;
let cookie: string;
let host: string;
const problems: string[] = [];

beforeEach(async () => {
  problems.length = 0;
  source = new FakeSource();
  server = await open(`${ADDRESS}:0`);
  cookie = await cookieOf(server.url);
  ({ host } = new URL(server.url));
});
afterEach(() => server.close());

function open(listen: string | undefined): Promise<PageServer> {
  const onProblem = (line: string) => void problems.push(line);
  return PageServer.open({ source, assets: ASSETS, listen: readPageListen(listen), onProblem });
}

const get = (target: string, headers: http.OutgoingHttpHeaders = {}) =>
  ask(server.url, target, { headers: { cookie, ...headers } });

const post = (target: string, body: unknown, headers: http.OutgoingHttpHeaders = {}) =>
  ask(server.url, target, {
    method: "POST",
    headers: { cookie, origin: `http://${host}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

const port = () => new URL(server.url).port;

test.each<[string, () => string]>([
  ["the address that it listens on", () => host],
  ["127.0.0.1", () => `127.0.0.1:${port()}`],
  ["localhost", () => `localhost:${port()}`],
  ["LOCALHOST", () => `LOCALHOST:${port()}`],
  ["[::1]", () => `[::1]:${port()}`],
])("the Host header may be %s", async (_, name) => {
  expect((await get("/api/rules", { host: name() })).status).toBe(200);
});

test.each<[string, () => string]>([
  ["a name that an attacker lets lead here", () => `evil.example:${port()}`],
  ["another port", () => `127.0.0.1:${Number(port()) + 1}`],
  ["no port", () => "127.0.0.1"],
  ["another address", () => `127.66.1.2:${port()}`],
  ["a name that begins alike", () => `localhost.evil.example:${port()}`],
  ["a user before it", () => `localhost:${port()}@evil.example`],
])("the Host header may not be %s: 421, whatever else is right", async (_, name) => {
  const answer = await get("/api/rules", { host: name() });
  expect(answer.status).toBe(421);
  expect(answer.text).not.toContain("generation");
  const token = new URL(server.url).search;
  const opened = await ask(server.url, `/${token}`, { headers: { host: name() } });
  expect([opened.status, opened.headers["set-cookie"]]).toEqual([421, undefined]);
});

test.each<[string, http.OutgoingHttpHeaders, number]>([
  ["by somebody who types the URL", { "sec-fetch-site": "none" }, 200],
  ["by the page", { "sec-fetch-site": "same-origin" }, 200],
  ["by a page of another site", { "sec-fetch-site": "cross-site" }, 403],
  ["by a page of another port", { "sec-fetch-site": "same-site" }, 403],
  ["by a page of another origin", { origin: "http://evil.example" }, 403],
  ["by a page in a sandbox", { origin: "null" }, 403],
])("asked %s", async (_, headers, status) => {
  expect((await get("/api/rules", headers)).status).toBe(status);
});

test("the page's own origin may ask, one of another scheme may not", async () => {
  expect((await get("/api/rules", { origin: `http://${host}` })).status).toBe(200);
  expect((await get("/api/rules", { origin: `https://${host}` })).status).toBe(403);
});

test("without the token nothing is told, not even the page, and how to get in is said", async () => {
  for (const target of ["/", "/page.js", "/api/rules", "/api/live", "/api/nothing"]) {
    const answer = await ask(server.url, target);
    expect([target, answer.status]).toEqual([target, 401]);
    expect(answer.text).toContain("open the URL that sluice printed");
  }
});

test.each(["", "no", "A".repeat(43), "%00", "%f0%9f%92%a9"])("the token %j lets nobody in", async (token) => {
  const opened = await ask(server.url, `/?t=${token}`);
  expect([opened.status, opened.headers["set-cookie"]]).toEqual([401, undefined]);
  const [name] = cookie.split("=");
  expect((await get("/api/rules", { cookie: `${name}=${token}` })).status).toBe(401);
});

test("the URL gives a cookie that scripts and other sites do not get, and a URL without the token", async () => {
  const { pathname, search } = new URL(server.url);
  for (const browser of ["first", "second"]) {
    const { status, headers } = await ask(server.url, `${pathname}${search}`);
    expect([browser, status, headers.location]).toEqual([browser, 303, "/"]);
    expect(headers["set-cookie"]![0]).toMatch(
      /^sluice-page-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/,
    );
  }
  const page = await get("/", { cookie: `other=1; ${cookie}; more=2` });
  expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
});

test("every answer says what may be done with it, errors too", async () => {
  const answers = [
    await get("/"),
    await get("/api/rules"),
    await get("/api/nothing"),
    await get("/api/rules", { host: "evil.example" }),
    await ask(server.url, "/"),
    await ask(server.url, new URL(server.url).search.replace(/^/, "/")),
    await post("/api/explain", { text: "GET http://a/" }),
  ];
  for (const { headers } of answers) {
    expect(headers).toMatchObject({
      ...SECURITY_HEADERS,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    });
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  }
  expect(SECURITY_HEADERS["content-security-policy"]).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
});

test("a GET changes nothing", async () => {
  for (const target of ["/api/explain", "/api/tap", "/api/apply", "/api/tap?percent=100"]) {
    expect((await get(target)).status).toBe(405);
    expect((await ask(server.url, target, { method: "HEAD", headers: { cookie } })).status).toBe(405);
  }
  expect(source.done).toEqual([]);
});

test.each<[string, Asked, number]>([
  ["JSON of the page", {}, 200],
  [
    "JSON in another character set's words",
    { headers: { "content-type": "application/json; charset=utf-8" } },
    200,
  ],
  ["what a form of another site can send", { headers: { "content-type": "text/plain" } }, 415],
  ["a form", { headers: { "content-type": "application/x-www-form-urlencoded" } }, 415],
  ["nothing that says what it is", { headers: { "content-type": "" } }, 415],
  ["no origin", { headers: { origin: "" } }, 403],
  ["another origin", { headers: { origin: "http://evil.example" } }, 403],
  ["another site", { headers: { "sec-fetch-site": "cross-site" } }, 403],
  ["no cookie", { headers: { cookie: "" } }, 401],
  ["what is not JSON", { body: "{" }, 400],
  ["what is not UTF-8", { body: "\xff" }, 400],
  ["more than anybody needs", { body: `"${"x".repeat(64 << 10)}"` }, 413],
])("a POST with %s", async (_, asked, status) => {
  const headers = { cookie, origin: `http://${host}`, "content-type": "application/json", ...asked.headers };
  const kept = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ""));
  const body = asked.body === "\xff" ? (Buffer.from([0xff]) as unknown as string) : (asked.body ?? "{}");
  const answer = await ask(server.url, "/api/apply", { method: "POST", headers: kept, body });
  expect(answer.status).toBe(status);
  expect(source.done).toEqual(status === 200 ? ["apply"] : []);
});

test.each<[string, string, unknown, RegExp]>([
  ["a list", "/api/explain", [], /an object is expected/],
  ["both forms", "/api/explain", { text: "a", request: {} }, /either text or request/],
  ["neither", "/api/explain", {}, /either text or request/],
  ["a number for a text", "/api/explain", { text: 7 }, /text must be a text/],
  [
    "a header that is none",
    "/api/explain",
    { request: { method: "GET", url: "a", headers: [["x"]] } },
    /header/,
  ],
  ["a client that is a text", "/api/explain", { text: "a", client: "203.0.113.7" }, /an object is expected/],
  ["a long token", "/api/explain", { text: "a", client: { jwt: "x".repeat(20_000) } }, /jwt must be a text/],
  ["claims that are no text", "/api/explain", { text: "a", client: { claims: {} } }, /claims must be a text/],
  ["more than all", "/api/tap", { percent: 101 }, /0 to 100/],
  ["no number", "/api/tap", { percent: "all" }, /0 to 100/],
  ["no status", "/api/tap", { percent: 1, status: "bad" }, /503 or 5xx/],
])("%s is refused in words: %s", async (_, target, body, words) => {
  const answer = await post(target, body);
  expect(answer.status).toBe(400);
  expect(answer.text).toMatch(words);
  expect(source.done).toEqual([]);
});

test.each([
  ["/../package.json", 404],
  ["/%2e%2e/package.json", 404],
  ["/..%2fpackage.json", 404],
  ["/page.js/../../index.js", 404],
  ["/constructor", 404],
  ["/api/__proto__", 404],
  ["//evil.example/", 404],
  ["http://evil.example/", 400],
  ["/api/lines?file=..%2f..%2fetc%2fpasswd&from=1&to=2", 400],
  ["/api/lines?file=-1&from=1&to=2", 400],
  ["/api/lines?file=0&from=1e9&to=2", 400],
  ["/api/lines", 400],
])("nothing outside is read: %s is answered %i", async (target, status) => {
  expect((await get(target)).status).toBe(status);
  expect(problems).toEqual([]);
});

test("what has too many headers, or is not HTTP, is refused", async () => {
  expect((await get("/", { "x-long": "x".repeat(40_000) })).status).toBe(431);
  const socket = connect(Number(port()), ADDRESS);
  const answer = new Promise<string>((resolve) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("close", () => resolve(text));
  });
  socket.write("\x16\x03\x01 hello\r\n\r\n");
  expect(await answer).toMatch(/^HTTP\/1\.1 400/);
});

interface Stream {
  readonly response: http.IncomingMessage;
  text: string;
  readonly ended: Promise<void>;
}

function stream(headers: http.OutgoingHttpHeaders = {}): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const { hostname } = new URL(server.url);
    http
      .get(
        { host: hostname, port: port(), path: "/api/live", headers: { cookie, ...headers }, agent: false },
        (response) => {
          const ended = new Promise<void>((done) => {
            response.on("close", () => done());
          });
          const one: Stream = { response, text: "", ended };
          response.setEncoding("utf8").on("data", (chunk: string) => {
            one.text += chunk;
          });
          response.on("error", () => {});
          resolve(one);
        },
      )
      .on("error", reject);
  });
}

test("events are streamed, with what was had last; at the end the last one comes, and then no more", async () => {
  const one = await stream({ "last-event-id": "run.7" });
  expect(one.response.headers["content-type"]).toBe("text/event-stream");
  expect(source.lastEvents).toEqual(["run.7"]);
  source.tell({ kind: "rules", data: '{"generation":2}' });
  source.tell({ kind: "event", data: '{"kind":"stopped"}', id: "run.8" });
  await server.close();
  await one.ended;
  expect(one.text).toBe(
    'event: rules\ndata: {"generation":2}\n\nid: run.8\nevent: event\ndata: {"kind":"stopped"}\n\n',
  );
  expect(source.listeners.size).toBe(0);
});

test("of a thousand tabs those that are too many are told so, and when some are closed others may come", async () => {
  const open = await Promise.all(Array.from({ length: 80 }, () => stream()));
  const taken = open.filter(({ response }) => response.statusCode === 200);
  const refused = open.filter(({ response }) => response.statusCode === 503);
  expect([taken.length, refused.length]).toEqual([64, 16]);
  await refused[0]!.ended;
  expect(refused[0]!.text).toContain("64 clients listen already");
  expect(source.listeners.size).toBe(64);
  taken[0]!.response.destroy();
  await expect.poll(() => source.listeners.size).toBe(63);
  expect((await stream()).response.statusCode).toBe(200);
});

test("a browser that does not read is cut off, the others go on", async () => {
  const slow = await stream();
  slow.response.pause();
  const quick = await stream();
  const event = { kind: "report", data: `"${"x".repeat(100_000)}"` };
  await expect
    .poll(
      () => {
        source.tell(event);
        return source.listeners.size;
      },
      { interval: 5 },
    )
    .toBe(1);
  source.tell({ kind: "rules", data: '"last"' });
  await expect.poll(() => quick.text.endsWith('data: "last"\n\n')).toBe(true);
});

test("a mistake of ours is told to the terminal, and its words to nobody else", async () => {
  source.rules = () => Promise.reject(new Error("secret words"));
  const answer = await get("/api/rules");
  expect(answer.status).toBe(500);
  expect(answer.text).not.toContain("secret words");
  expect(problems.join()).toContain("secret words");
});

test("a port that is taken is said with what to do; without one, the next is taken", async () => {
  await expect(open(`${ADDRESS}:${port()}`)).rejects.toMatchObject({
    message: expect.stringContaining(`cannot listen on ${ADDRESS}:${port()} for the page`),
    details: ["use another port, or --page alone, which finds one"],
  });
  const [first, second] = [await open(undefined), await open(undefined)];
  try {
    const ports = [first, second].map(({ url }) => Number(new URL(url).port));
    expect(ports[0]).toBeGreaterThanOrEqual(9902);
    expect(ports[1]).toBeGreaterThan(ports[0]!);
  } finally {
    await Promise.all([first.close(), second.close()]);
  }
});

test("at every address of the machine, each of them may be meant, and no name", async () => {
  const all = await open("0.0.0.0:0");
  try {
    const own = await cookieOf(all.url);
    const number = new URL(all.url).port;
    const status = async (name: string) =>
      (await ask(all.url, "/api/rules", { headers: { cookie: own, host: name } })).status;
    expect(await status(`10.1.2.3:${number}`)).toBe(200);
    expect(await status(`[2001:db8::1]:${number}`)).toBe(200);
    expect(await status(`evil.example:${number}`)).toBe(421);
    expect(await status("10.1.2.3:80")).toBe(421);
  } finally {
    await all.close();
  }
});
