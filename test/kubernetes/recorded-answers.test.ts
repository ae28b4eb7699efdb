/**
 * Records what a real API server says, for the unit tests that have none: `npx vitest run --project kubernetes
 * test/kubernetes/recorded-answers.test.ts -u` writes `test/harness/kubernetes/recorded-answers.json` anew. Without `-u` it fails
 * when a real one says something else than those tests believe.
 */

import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { bindUser, createAccount, READ_RULES, roleOf } from "./harness/account.ts";
import { ApiClient, type HeardAnswer, type Method } from "./harness/api-client.ts";
import { ApiServer } from "./harness/api-server.ts";
import { normalized } from "./harness/normalized.ts";
import { programs } from "./harness/shared-server.ts";

const FILE = path.join(packageRoot().directory, "test", "harness", "kubernetes", "recorded-answers.json");
const RULES = "/apis/networking.istio.io/v1/namespaces/shop/virtualservices";
const LEASES = "/apis/coordination.k8s.io/v1/namespaces/shop/leases";

/** For what only a machine that has time can be asked. */
const TRIES = 5;

const rule = (name: string, host = name) => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name, namespace: "shop" },
  spec: { hosts: [host], http: [{ route: [{ destination: { host } }] }] },
});

let server: ApiServer;
beforeAll(async () => {
  // What nobody should be able to continue is compacted within seconds.
  server = await ApiServer.start(programs(), {
    flags: [
      "--etcd-compaction-interval=1s",
      "--enable-priority-and-fairness=false",
      "--max-requests-inflight=1",
    ],
  });
  await server.admin.create("/api/v1/namespaces", { metadata: { name: "shop" } });
});
afterAll(() => server?.stop());

interface RecordedAnswer {
  readonly request: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Versioned {
  readonly metadata: { readonly resourceVersion: string };
}

/** What a watch has said. */
function eventsOf(body: string): { readonly type: string; readonly object: Versioned }[] {
  return body
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** Bookmarks come as often as the time of a watch lets them: a line that says the same once more is left out. */
function withoutRepeats(text: string): string {
  const lines = text.split("\n");
  return lines.filter((line, i) => line === "" || line !== lines[i - 1]).join("\n");
}

test("a real API server says what unit tests believe of it", async () => {
  const { admin } = server;
  const answers: Record<string, RecordedAnswer> = {};
  const record = async (
    name: string,
    request: string,
    { api = admin, body, contentType }: { api?: ApiClient; body?: unknown; contentType?: string } = {},
  ) => {
    const [method, target] = request.split(" ") as [Method, string];
    const heard = await api.hear(method, target, body, contentType);
    answers[name] = recorded(request, heard);
    return JSON.parse(/^\{[^\n]*/.exec(heard.text)?.[0] ?? "null");
  };

  /** A token that pages are continued with; none when the answers say something of the time as well: that the machine was slow, or wrote for itself. */
  const recordPagesAndWatch = async (): Promise<string | undefined> => {
    let newest: Versioned | undefined;
    for (const name of ["details", "ratings", "reviews"]) {
      newest = await admin.create<Versioned>(RULES, rule(name));
    }
    const page = await record("listPage", `GET ${RULES}?limit=2`);
    const { continue: token, resourceVersion } = page.metadata;
    const last = await record("listLastPage", `GET ${RULES}?limit=2&continue=${token}`);

    const changes = `GET ${RULES}?watch=true&resourceVersion=${resourceVersion}&allowWatchBookmarks=true&timeoutSeconds=4`;
    const watched = record("watch", changes);
    // Characters of several bytes, for whoever cuts the stream anywhere.
    await admin.create(RULES, {
      ...rule("sizes"),
      metadata: { name: "sizes", namespace: "shop", annotations: { about: "Größen, サイズ, 📏" } },
    });
    await admin.patch(`${RULES}/reviews`, { spec: { hosts: ["reviews", "reviews.example"] } });
    await admin.delete(`${RULES}/ratings`);
    await watched;
    const events = eventsOf(answers.watch!.body);
    const isWhole = events.map(({ type }) => type).join() === "ADDED,MODIFIED,DELETED,BOOKMARK";
    // The server writes for itself, too, and the version is that of all that is written.
    const isAlone =
      newest!.metadata.resourceVersion === resourceVersion &&
      events.at(-1)?.object.metadata.resourceVersion === events.at(-2)?.object.metadata.resourceVersion;
    return last.code !== 410 && isWhole && isAlone ? token : undefined;
  };
  let token = await recordPagesAndWatch();
  for (let tries = 1; token === undefined && tries < TRIES; tries++) {
    await admin.delete(RULES);
    token = await recordPagesAndWatch();
  }

  await record("watchTooOld", `GET ${RULES}?watch=true&resourceVersion=1&timeoutSeconds=4`);
  await expect
    .poll(async () => (await admin.ask("GET", `${RULES}?limit=2&continue=${token}`)).status, {
      timeout: 30_000,
      interval: 500,
    })
    .toBe(410);
  await record("continueTooOld", `GET ${RULES}?limit=2&continue=${token}`);

  const nobody = new ApiClient(await createAccount(admin, "shop", "nobody", []));
  await record("forbidden", `GET ${RULES}`, { api: nobody });
  await record("forbiddenEverywhere", "GET /apis/networking.istio.io/v1/virtualservices?limit=500", {
    api: nobody,
  });
  const unknown = new ApiClient({ ...nobody.credentials, token: "expired" });
  await record("unauthorized", `GET ${RULES}`, { api: unknown });
  await record("missingResource", "GET /apis/networking.istio.io/v1/namespaces/shop/meshes");
  await record("missingGroup", "GET /apis/gateway.networking.k8s.io/v1/gateways");
  await record("missingObject", `GET ${RULES}/nothing`);
  await record("alreadyExists", `POST ${RULES}`, { body: rule("details") });
  await record("invalid", `POST ${RULES}`, { body: { ...rule("wrong"), spec: { hosts: "wrong" } } });
  await record("unknownField", `POST ${RULES}?fieldValidation=Strict`, {
    body: { ...rule("typo"), spec: { hosts: ["typo"], htp: [] } },
  });
  await record("statusApplied", `PATCH ${RULES}/reviews/status?fieldManager=sluice&force=true`, {
    body: {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "reviews", namespace: "shop" },
      status: { conditions: [{ type: "Accepted", status: "True" }] },
    },
    contentType: "application/apply-patch+yaml",
  });
  const lease = await record("leaseCreated", `POST ${LEASES}`, {
    body: {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: "sluice", namespace: "shop" },
      spec: { holderIdentity: "a", leaseDurationSeconds: 15 },
    },
  });
  await admin.replace(`${LEASES}/sluice`, { ...lease, spec: { ...lease.spec, holderIdentity: "b" } });
  await record("conflict", `PUT ${LEASES}/sluice`, { body: lease });

  // One request may be under way of whoever is no administrator, and a store that says nothing keeps it under way.
  const watcher = new ApiClient(await server.certificateOf("watcher"));
  await createAccount(admin, "shop", "watcher", READ_RULES);
  await bindUser(admin, roleOf("shop", "watcher"), "watcher");
  await expect.poll(async () => (await watcher.ask("GET", RULES)).status).toBe(200);
  await server.withoutStore(async () => {
    const asked = [watcher.hear("GET", RULES), watcher.hear("GET", RULES)];
    // Nobody knows which of them comes first, and waits.
    const refused = asked.map(async (one) => {
      const heard = await one;
      expect(heard.status).toBe(429);
      return heard;
    });
    answers.tooManyRequests = recorded(`GET ${RULES}`, await Promise.any(refused));
  });

  answers.starting = await answerWhileStarting(`GET ${RULES}?watch=true&timeoutSeconds=1`);
  await expect(`${JSON.stringify(normalized(answers), null, 2)}\n`).toMatchFileSnapshot(FILE);
  for (const client of [nobody, unknown, watcher]) {
    client.close();
  }
}, 300_000);

/** What a server says that is just being started; it is started until somebody was there in time to hear it. */
async function answerWhileStarting(request: string): Promise<RecordedAnswer> {
  for (let tries = 1; ; tries++) {
    await server.down("SIGKILL");
    const up = server.up();
    const heard = await firstAnswer(request);
    await up;
    if (heard.status !== 200 || tries === TRIES) {
      return recorded(request, heard);
    }
  }
}

async function firstAnswer(request: string): Promise<HeardAnswer> {
  const [method, target] = request.split(" ") as [Method, string];
  for (;;) {
    const heard = await server.admin.hear(method, target).catch(() => undefined);
    if (heard !== undefined) {
      return heard;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function recorded(request: string, { status, headers, text }: HeardAnswer): RecordedAnswer {
  return { request: withoutToken(request), status, headers, body: withoutRepeats(text) };
}

/** A token to continue with is long, and never the same. */
function withoutToken(request: string): string {
  return request.replace(/continue=[^&]*/, "continue=TOKEN");
}
