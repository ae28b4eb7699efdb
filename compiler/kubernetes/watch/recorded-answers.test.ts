/** List and watch against what a real API server has said, cut anywhere. */

import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import {
  FakeApiServer,
  type FakeRequest,
  type Respond,
  recorded,
} from "../../../test/harness/kubernetes/fake-api-server.ts";
import { KubernetesClient } from "../client/kubernetes-client.ts";
import { RESOURCE_TYPES } from "../client/resource-types.ts";
import { Reflector } from "./reflector.ts";

const TIMEOUT = { timeout: 30_000 };
const STAY = { body: "", after: "stay" } as const;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

const isWatch = ({ query }: FakeRequest) => query.get("watch") !== null;

/** Both pages of the list. */
const listed = ({ query }: FakeRequest) =>
  recorded(query.get("continue") === null ? "listPage" : "listLastPage");

async function follow(respond: Respond) {
  const server = await FakeApiServer.start(respond);
  closing.push(() => server.close());
  const client = new KubernetesClient({
    server: new URL(server.url),
    origin: "a test",
    defaultNamespace: "shop",
    authorities: () => undefined,
    insecure: false,
    credentials: { current: async () => ({}), refused() {} },
    impersonation: {},
  });
  closing.push(() => client.close());
  const problems: string[] = [];
  const reflector = new Reflector({
    client,
    type: RESOURCE_TYPES.VirtualService,
    namespace: "shop",
    onChange: () => {},
    onProblem: (line) => problems.push(line),
  });
  closing.push(() => reflector.close());
  await reflector.start();
  const names = () => [...reflector.all()].map(({ metadata }) => metadata.name).sort();
  return { server, reflector, problems, names };
}

test("events are whole wherever the stream is cut", async () => {
  const { body } = recorded("watch");
  const offset = fc.nat(Buffer.byteLength(body));
  await fc.assert(
    fc.asyncProperty(fc.array(offset, { maxLength: 12 }), async (offsets) => {
      const cuts = offsets.sort((a, b) => a - b);
      let watches = 0;
      const { server, reflector, problems, names } = await follow((request) => {
        if (!isWatch(request)) {
          return listed(request);
        }
        watches += 1;
        return watches === 1 ? { body, cuts } : STAY;
      });
      await expect.poll(names, TIMEOUT).toEqual(["details", "reviews", "sizes"]);
      expect(reflector.get("shop/sizes")?.metadata.annotations?.about).toBe("Größen, サイズ, 📏");
      expect(reflector.get("shop/reviews")?.spec).toMatchObject({ hosts: ["reviews", "reviews.example"] });
      // It goes on where the bookmark was.
      await expect.poll(() => server.requests.filter(isWatch).length, TIMEOUT).toBe(2);
      expect(server.requests.filter(isWatch).map(({ query }) => query.get("resourceVersion"))).toEqual([
        "1004",
        "1007",
      ]);
      expect(problems).toEqual([]);
    }),
    { numRuns: 10 },
  );
}, 600_000);

test("a version that is too old is listed again, once", async () => {
  let watches = 0;
  const { server, problems, names } = await follow((request) => {
    if (!isWatch(request)) {
      return listed(request);
    }
    watches += 1;
    return watches === 1 ? recorded("watchTooOld") : STAY;
  });
  await expect.poll(() => server.requests.filter(isWatch).length, TIMEOUT).toBe(2);
  expect(server.requests.filter((request) => !isWatch(request))).toHaveLength(4);
  expect(names()).toEqual(["details", "ratings", "reviews"]);
  expect(problems).toEqual([]);
});

test("a list that cannot be continued begins again", async () => {
  let lists = 0;
  const { names } = await follow((request) => {
    if (isWatch(request)) {
      return STAY;
    }
    lists += 1;
    return lists === 2 ? recorded("continueTooOld") : listed(request);
  });
  expect(names()).toEqual(["details", "ratings", "reviews"]);
});

test("who is sent away for a second asks again after it, and lists nothing", async () => {
  const times: number[] = [];
  const { server } = await follow((request) => {
    if (!isWatch(request)) {
      return listed(request);
    }
    times.push(performance.now());
    return times.length === 1 ? recorded("tooManyRequests") : STAY;
  });
  await expect.poll(() => times.length, TIMEOUT).toBe(2);
  expect(times[1]! - times[0]!).toBeGreaterThan(900);
  expect(server.requests.filter((request) => !isWatch(request))).toHaveLength(2);
});

test.each([
  ["forbidden", 'resources: ["virtualservices"]'],
  ["missingResource", "CRD is not installed"],
])("%s is said with what to do", async (answer, words) => {
  const { problems, names } = await follow(() => recorded(answer));
  await expect.poll(() => problems, TIMEOUT).toHaveLength(1);
  expect(problems[0]).toContain(words);
  expect(names()).toEqual([]);
});
