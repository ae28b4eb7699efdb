import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EventFeed } from "../../http/event-feed.ts";
import { Identity } from "../identity/identity.ts";
import { parseListen } from "../identity/listening.ts";
import { ENDPOINTS } from "./endpoints.ts";
import { FakeFleet, NEW, OLD, revision } from "./fleet.fixture.ts";
import { type FleetHttpServer, startFleetHttp } from "./http-server.ts";
import { openApi, statusesOf } from "./openapi.ts";
import { SCHEMAS } from "./schemas.ts";

const TOKEN = "token-of-the-operators";

let folder: string;
let fleet: FakeFleet;
let feed: EventFeed;
let identity: Identity;
let server: FleetHttpServer;
let missing: string[];
const problems: string[] = [];

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-http-"));
  writeFileSync(path.join(folder, "tokens"), TOKEN);
  identity = new Identity({ httpTokens: path.join(folder, "tokens") }, (line) => problems.push(line));
  fleet = new FakeFleet();
  feed = new EventFeed();
  missing = [];
  problems.length = 0;
  server = await start("127.0.0.1:0");
});
afterEach(async () => {
  await server.close();
  identity.close();
  rmSync(folder, { recursive: true });
});

function start(listen: string): Promise<FleetHttpServer> {
  return startFleetHttp({
    fleet,
    feed,
    identity,
    listen: parseListen(listen)!,
    names: ["fleet.example"],
    metrics: ({ mayRead }) => (mayRead ? "up 1\nof_rules 1\n" : "up 1\n"),
    waitsFor: () => missing,
    onProblem: (line) => problems.push(line),
  });
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says
  readonly json: any;
}

interface Asked {
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string;
  readonly port?: number;
}

function ask(target: string, { method = "GET", headers = {}, body, port = server.port }: Asked = {}) {
  return new Promise<Answer>((resolve, reject) => {
    const request = http.request({ host: "127.0.0.1", port, path: target, method, headers, agent: false });
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => {
        const isJson = response.headers["content-type"]?.startsWith("application/json") && text !== "";
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          text,
          json: isJson ? JSON.parse(text) : undefined,
        });
      });
    });
    request.end(body);
  });
}

const withToken = { authorization: `Bearer ${TOKEN}` };
const json = { ...withToken, "content-type": "application/json" };

/** Of every endpoint a request that it takes, and what else it may come to. */
const ASKED: Readonly<Record<string, Asked & { readonly target: string }>> = {
  health: { target: "/healthz" },
  readiness: { target: "/readyz" },
  metrics: { target: "/metrics" },
  openapi: { target: "/v1/openapi.json" },
  status: { target: "/v1/status" },
  proxies: { target: "/v1/proxies?state=refused&scope=shop" },
  proxy: { target: "/v1/proxies/p1" },
  rollouts: { target: "/v1/rollouts" },
  revisions: { target: "/v1/revisions" },
  live: { target: "/v1/live?scope=shop" },
  liveEvents: { target: "/v1/live/events" },
  wait: { target: `/v1/wait?revision=${NEW.slice(0, 4)}&timeout=0` },
  explain: { target: "/v1/explain?proxy=p1&request=GET%20http://shop/&header=a:%20b&header=c:%20d&at=mesh" },
  promote: { target: "/v1/rollouts/current/promote", method: "POST", headers: withToken },
  abort: { target: "/v1/rollouts/current/abort", method: "POST", headers: json, body: '{"why":"slow"}' },
  rollback: {
    target: "/v1/rollback",
    method: "POST",
    headers: json,
    body: `{"revision":"${OLD.slice(0, 3)}"}`,
  },
};

// biome-ignore lint/suspicious/noExplicitAny: a document of another standard
const described = openApi(ENDPOINTS) as any;
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false });

test.each(ENDPOINTS.filter(({ id }) => id !== "events"))(
  "$method $path answers as described",
  async (endpoint) => {
    const { target, ...how } = ASKED[endpoint.id]!;
    const answer = await ask(target, { method: endpoint.method, ...how });
    const [success] = endpoint.answers;
    expect(answer).toMatchObject({ status: success!.status });
    if (typeof success!.content === "string") {
      const validate = ajv.compile(SCHEMAS[success!.content]);
      validate(answer.json);
      expect(validate.errors).toBeNull();
    } else {
      expect(answer.headers["content-type"]).toBe(success!.content.type);
    }
    const head = endpoint.method === "GET" ? await ask(target, { ...how, method: "HEAD" }) : undefined;
    expect(head?.text ?? "").toBe("");
  },
);

test("the description is one: its references lead somewhere, and it has every endpoint with its parameters", async () => {
  expect((await ask("/v1/openapi.json")).json).toEqual(JSON.parse(JSON.stringify(described)));
  const references = JSON.stringify(described).match(/"#\/components\/schemas\/\w+"/g)!;
  for (const reference of new Set(references)) {
    expect(Object.keys(described.components.schemas)).toContain(JSON.parse(reference).split("/").at(-1));
  }
  for (const schema of Object.values(described.components.schemas)) {
    ajv.compile(schema as object);
  }
  const operations = Object.entries<Record<string, { operationId: string; parameters?: { name: string }[] }>>(
    described.paths,
  ).flatMap(([where, methods]) => Object.values(methods).map((one) => ({ where, ...one })));
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(ENDPOINTS.length);
  for (const { where, parameters = [] } of operations) {
    const inPath = [...where.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(inPath));
  }
});

test("a later version may add fields to answers, and takes no fields that it does not know", () => {
  expect(JSON.stringify(described.components.schemas.Proxies)).not.toContain('"additionalProperties":false');
  expect(described.components.schemas.Rollback.additionalProperties).toBe(false);
});

test.each<[string, string, Asked, number, RegExp]>([
  ["an unknown path", "/v1/proxy", {}, 404, /did you mean \/v1\/proxies\?/],
  ["a path of another server", "http://other.example/v1/proxies", {}, 400, /not a valid path/],
  ["another method", "/v1/proxies", { method: "DELETE" }, 405, /takes GET/],
  ["an unknown proxy", "/v1/proxies/p9", {}, 404, /no proxy has the id "p9"/],
  ["an unknown scope", "/v1/live?scope=bank", {}, 404, /no proxy is in the scope "bank"/],
  ["an unknown scope to follow", "/v1/live/events?scope=bank", {}, 404, /"bank"/],
  ["a broken escape", "/v1/proxies/%ff", {}, 400, /is not valid in a path/],
  ["an unknown parameter", "/v1/proxies?stat=lost", {}, 400, /no parameter "stat"; use state, scope/],
  ["a parameter where none is taken", "/v1/status?x=1", {}, 400, /it takes none/],
  ["a state that is none", "/v1/proxies?state=fine", {}, 400, /use joining, current/],
  ["a parameter twice", "/v1/wait?revision=a&revision=b", {}, 400, /given twice/],
  ["a missing parameter", "/v1/wait", {}, 400, /needs the parameter revision/],
  ["too long a wait", "/v1/wait?revision=a&timeout=61", {}, 400, /must be <= 60/],
  ["a wait of nothing", "/v1/wait?revision=a&timeout=", {}, 400, /use a number/],
  ["a request that is none", "/v1/explain?proxy=p1&request=GET%20http://", {}, 400, /./],
  ["an unknown proxy to explain", "/v1/explain?proxy=p9&request=GET%20http://a/", {}, 404, /p9/],
  ["no token", "/v1/rollback", { method: "POST" }, 401, /needs a token/],
  [
    "a wrong token",
    "/v1/rollback",
    { method: "POST", headers: { authorization: "Bearer no" } },
    401,
    /not known/,
  ],
  [
    "a body of a form",
    "/v1/rollback",
    { method: "POST", headers: withToken, body: "revision=1" },
    415,
    /content-type/,
  ],
  [
    "a body that is not JSON",
    "/v1/rollback",
    { method: "POST", headers: json, body: "{" },
    400,
    /not valid JSON/,
  ],
  [
    "a body without its field",
    "/v1/rollback",
    { method: "POST", headers: json, body: "{}" },
    400,
    /revision/,
  ],
  [
    "a body with another field",
    "/v1/rollback",
    { method: "POST", headers: json, body: '{"revision":"a","x":1}' },
    400,
    /additional/,
  ],
  [
    "a body where none is taken",
    "/v1/rollouts/current/promote",
    { method: "POST", headers: json, body: "{}" },
    400,
    /no body/,
  ],
  [
    "too large a body",
    "/v1/rollback",
    { method: "POST", headers: json, body: "x".repeat(70_000) },
    413,
    /65536/,
  ],
  [
    "an unknown revision",
    "/v1/rollback",
    { method: "POST", headers: json, body: '{"revision":"f"}' },
    404,
    /no revision/,
  ],
  ["no Host that is ours", "/v1/proxies", { headers: { host: "evil.example" } }, 421, /evil.example/],
])("%s is refused in words", async (_, target, how, status, words) => {
  const answer = await ask(target, how);
  expect(answer.status, answer.text).toBe(status);
  const validate = ajv.compile(SCHEMAS.Error);
  validate(answer.json);
  expect(validate.errors).toBeNull();
  expect(answer.json.error.message).toMatch(words);
  expect(fleet.done).toEqual([]);
  const [pathname] = target.split("?") as [string];
  const endpoint = ENDPOINTS.find((one) => one.path === pathname && one.method === (how.method ?? "GET"));
  if (endpoint !== undefined) {
    expect(statusesOf(endpoint)).toContain(status);
  }
});

test.each(["127.0.0.1:99", "[::1]", "localhost:8080", "fleet.example", "FLEET.example:1"])(
  "the Host %s means this server",
  async (host) => {
    expect((await ask("/healthz", { headers: { host } })).status).toBe(200);
  },
);

test("what is done is done to the fleet, and what cannot be done is a conflict", async () => {
  const post = (target: string, body?: string) =>
    ask(target, { method: "POST", headers: json, ...(body !== undefined && { body }) });
  await post("/v1/rollouts/current/promote");
  await post("/v1/rollouts/current/abort");
  await post("/v1/rollback", `{"revision":"${OLD.slice(0, 3)}"}`);
  expect(fleet.done).toEqual(["promote", "abort", "by an operator", `rollback ${OLD}`]);
  const again = await post("/v1/rollouts/current/abort");
  expect([again.status, again.json.error]).toEqual([
    409,
    { code: "conflict", message: "no roll-out is under way" },
  ]);
});

test("an id is taken as it is, whatever is in it", async () => {
  const id = fleet.proxiesNow[1]!.id;
  expect((await ask(`/v1/proxies/${encodeURIComponent(id)}`)).json.id).toBe(id);
});

test("it is not ready as long as something is missing", async () => {
  missing = ["rules"];
  const answer = await ask("/readyz");
  expect([answer.status, answer.json]).toEqual([503, { ready: false, waitsFor: ["rules"] }]);
});

test("who waits is told as soon as the last proxy has acknowledged", async () => {
  fleet.proxiesNow = fleet.proxiesNow.slice(0, 1);
  fleet.revisionsNow = [revision("ffff", { state: "rolling out", proxies: 0 }), ...fleet.revisionsNow];
  const begun = Date.now();
  const waiting = ask("/v1/wait?revision=ff&timeout=60");
  await new Promise((resolve) => setTimeout(resolve, 100));
  fleet.revisionsNow = [revision("ffff")];
  fleet.proxiesNow = [{ ...fleet.proxiesNow[0]!, revision: "ffff" }];
  feed.tell("taken", { proxy: "p1" });
  expect((await waiting).json).toEqual({ outcome: "reached", revision: "ffff", proxies: 1, acknowledged: 1 });
  expect(Date.now() - begun).toBeLessThan(40_000);
  expect((await ask("/v1/wait?revision=unknown&timeout=0")).json.outcome).toBe("pending");
});

test("events come as they happen, and who comes back is told what it missed", async () => {
  feed.tell("joined", { proxy: "p1" });
  const read = (headers: http.OutgoingHttpHeaders, events: number, onOpen = () => {}) =>
    new Promise<string>((resolve) => {
      const request = http.get({ host: "127.0.0.1", port: server.port, path: "/v1/events", headers });
      request.on("response", (response) => {
        onOpen();
        let text = "";
        response.on("data", (chunk: Buffer) => {
          text += chunk;
          if (text.split("\n\n").length > events) {
            request.destroy();
            resolve(text);
          }
        });
        response.on("error", () => {});
      });
    });
  let first: Promise<string> | undefined;
  await new Promise<void>((onOpen) => {
    first = read({}, 1, onOpen);
  });
  feed.tell("lost", { proxy: "p1" });
  expect(await first).toBe('id: 2\nevent: lost\ndata: {"kind":"lost","proxy":"p1"}\n\n');
  expect((await read({ "last-event-id": "0" }, 2)).match(/^event: \w+/gm)).toEqual([
    "event: joined",
    "event: lost",
  ]);
});

test("what is not HTTP is told so, and others are served", async () => {
  const socket = net.connect(server.port, "127.0.0.1");
  socket.write("\x16\x03\x01 hello\r\n\r\n");
  const text = await new Promise<string>((resolve) => {
    let all = "";
    socket.on("data", (chunk) => {
      all += chunk;
    });
    socket.on("close", () => resolve(all));
  });
  expect(text).toMatch(/^HTTP\/1.1 400 [\s\S]*not a valid HTTP request/);
  expect((await ask("/healthz")).status).toBe(200);
});

test("a mistake of ours is a line in the log and no more to the client", async () => {
  fleet.status = () => {
    throw new Error("secret detail");
  };
  const answer = await ask("/v1/status");
  expect([answer.status, answer.json.error.code]).toEqual([500, "internal"]);
  expect(answer.text).not.toContain("secret detail");
  expect(problems.join("\n")).toContain("secret detail");
});

test("who reaches the server from elsewhere reads with a token only, except for what says nothing of rules", async () => {
  const open = await start("0.0.0.0:0");
  try {
    const { port } = open;
    const read = (target: string, headers = {}) =>
      ask(target, { port, headers }).then(({ status }) => status);
    expect(await read("/healthz")).toBe(200);
    expect(await read("/metrics")).toBe(200);
    expect((await ask("/metrics", { port })).text).toBe("up 1\n");
    expect((await ask("/metrics", { port, headers: withToken })).text).toContain("of_rules");
    expect(await read("/v1/proxies")).toBe(401);
    expect(await read("/v1/proxies", withToken)).toBe(200);
  } finally {
    await open.close();
  }
});

test("without tokens nobody may change anything", async () => {
  await server.close();
  identity.close();
  identity = new Identity({}, () => {});
  server = await start("127.0.0.1:0");
  const answer = await ask("/v1/rollouts/current/promote", { method: "POST", headers: withToken });
  expect([answer.status, answer.json.error.code]).toEqual([403, "forbidden"]);
  expect((await ask("/v1/proxies")).status).toBe(200);
});
