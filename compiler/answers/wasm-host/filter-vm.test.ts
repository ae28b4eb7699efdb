import { describe, expect, test } from "vitest";
import { encodeProgram } from "../../back/program/encode.ts";
import { exact, header, prefix, present, route, table, to } from "../../back/program/rules.fixture.ts";
import type { Route, RouteTable } from "../../ir/ir.ts";
import type { HeaderLine } from "../request/wire.ts";
import { type Decision, FilterVm, loadFilter } from "./filter-vm.ts";

const FILTER = loadFilter(new URL("../../../dist/filter.wasm", import.meta.url));

/** Where requests of a table go: a cluster's name or a status. */
function decider(rules: RouteTable, seed = 1) {
  const vm = new FilterVm(FILTER, seed);
  const root = vm.configure(encodeProgram(rules));
  if (root === undefined) {
    throw new Error(vm.log.map(({ text }) => text).join("\n"));
  }
  const decide = (url: string, headers: readonly HeaderLine[] = [], method = "GET"): Decision => {
    const slash = url.indexOf("/");
    return vm.decide(root, { authority: url.slice(0, slash), path: url.slice(slash), headers, method });
  };
  const where = (url: string, headers: readonly HeaderLine[] = [], method = "GET") => {
    const decision = decide(url, headers, method);
    return decision.outcome === "forward" ? decision.cluster : decision.status;
  };
  return { vm, root, decide, where };
}

/** Padding routes, so that the ones under test are reached through tables and not in a short list. */
const crowd = (count = 40): Route[] =>
  Array.from({ length: count }, (_, i) => [
    route(exact(`/crowd/${i}`), `crowd-${i}`),
    route(prefix(`/crowd-prefix/${i}/`), `crowd-prefix-${i}`),
  ]).flat();

describe("virtual hosts", () => {
  const { where } = decider(
    table({
      "a.example": [route(undefined, "exact")],
      "*.a.example": [route(undefined, "suffix")],
      "*.b.a.example": [route(undefined, "longer")],
      "only.example": [route(exact("/x"), "only")],
      "*": [route(undefined, "any")],
    }),
  );

  test("are chosen by exact domain, then the longest suffix, then `*`", () => {
    expect(where("a.example/")).toBe("exact");
    expect(where("x.a.example/")).toBe("suffix");
    expect(where("b.a.example/")).toBe("suffix");
    expect(where("x.b.a.example/")).toBe("longer");
    expect(where("x.y.b.a.example/")).toBe("longer");
    expect(where("xa.example/")).toBe("any");
    expect(where(".a.example/")).toBe("any");
    expect(where("/")).toBe("any");
  });

  test("do not look at case or port", () => {
    expect(where("A.Example/")).toBe("exact");
    expect(where("a.example:8080/")).toBe("exact");
    expect(where("X.A.EXAMPLE:1/")).toBe("suffix");
    expect(where("a.example./")).toBe("any");
  });

  test("do not fall through to a wider one", () => {
    expect(where("only.example/y")).toBe(404);
  });

  test("compare the port where they are told to", () => {
    const strict = decider(
      table({ "a.example:8080": [route(undefined, "port")], "a.example": [route(undefined, "none")] }, false),
    );
    expect(strict.where("a.example:8080/")).toBe("port");
    expect(strict.where("a.example/")).toBe("none");
    expect(strict.where("a.example:80/")).toBe(404);
  });

  test("take IPv6 addresses apart", () => {
    const six = decider(table({ "[::1]": [route(undefined, "six")] }));
    expect(six.where("[::1]/")).toBe("six");
    expect(six.where("[::1]:80/")).toBe("six");
  });
});

for (const [name, padding] of [
  ["in a list", []],
  ["in a table", crowd()],
] as const) {
  describe(`matching ${name}`, () => {
    test("takes the first route that matches", () => {
      const { where } = decider(
        table({
          "*": [
            ...padding,
            route(prefix("/a"), "a"),
            route(prefix("/a/b"), "never"),
            route(exact("/c"), "c"),
            route(prefix("/"), "rest"),
          ],
        }),
      );
      expect(where("h/a/b")).toBe("a");
      expect(where("h/abc")).toBe("a");
      expect(where("h/c")).toBe("c");
      expect(where("h/c?q")).toBe("c");
      expect(where("h/c/")).toBe("rest");
      expect(where("h/c#f")).toBe("c");
      if (padding.length > 0) {
        expect(where("h/crowd/7")).toBe("crowd-7");
      }
    });

    test("ignores case where told", () => {
      const { where } = decider(
        table({
          "*": [
            ...padding,
            route(exact("/Foo"), "exact", { ignoreCase: true }),
            route(prefix("/Bar/"), "prefix", { ignoreCase: true }),
            route(exact("/FOO2"), "case"),
          ],
        }),
      );
      expect(where("h/fOO")).toBe("exact");
      expect(where("h/bAR/x")).toBe("prefix");
      expect(where("h/foo2")).toBe(404);
      expect(where("h/FOO2")).toBe("case");
    });

    test("compares each line of a header on its own", () => {
      const { where } = decider(
        table({
          "*": [
            ...padding,
            route(undefined, "exact", { headers: [header("x-a", exact("1"))] }),
            route(undefined, "prefix", { headers: [header("x-a", prefix("p"))] }),
            route(undefined, "empty", { headers: [header("x-a", exact(""))] }),
            route(undefined, "present", { headers: [header("x-a", present)] }),
          ],
        }),
      );
      expect(where("h/", [["x-a", "1"]])).toBe("exact");
      expect(where("h/", [["X-A", "1"]])).toBe("exact");
      const lines = (...values: string[]) => values.map((value) => ["x-a", value] as const);
      expect(where("h/", lines("2", "1"))).toBe("exact");
      expect(where("h/", lines("0", "2", "1"))).toBe("exact");
      expect(where("h/", lines("2,1"))).toBe("present");
      expect(where("h/", lines("pq"))).toBe("prefix");
      expect(where("h/", lines(""))).toBe("empty");
      expect(where("h/")).toBe(404);
    });

    test("inverts", () => {
      const without = { invert: true, missingAsEmpty: true };
      const { where } = decider(
        table({
          "*": [
            ...padding,
            route(prefix("/v"), "not-v", { headers: [header("x-a", exact("v"), without)] }),
            route(prefix("/e"), "not-empty", { headers: [header("x-a", exact(""), without)] }),
            route(prefix("/n"), "absent", { headers: [header("x-a", present, { invert: true })] }),
          ],
        }),
      );
      expect(where("h/v")).toBe("not-v");
      expect(where("h/v", [["x-a", "w"]])).toBe("not-v");
      expect(where("h/v", [["x-a", "v"]])).toBe(404);
      const two: HeaderLine[] = [
        ["x-a", "w"],
        ["x-a", "v"],
      ];
      expect(where("h/v", two)).toBe(404);
      expect(where("h/e")).toBe(404);
      expect(where("h/e", [["x-a", "w"]])).toBe("not-empty");
      expect(where("h/n")).toBe("absent");
      expect(where("h/n", [["x-a", ""]])).toBe(404);
    });

    test("knows pseudo headers", () => {
      const { where } = decider(
        table({
          "*": [
            ...padding,
            route(undefined, "post", { headers: [header(":method", exact("POST"))] }),
            route(undefined, "authority", { headers: [header(":authority", exact("H:80"))] }),
            route(undefined, "path", { headers: [header(":path", exact("/a?b"))] }),
            route(undefined, "http", { headers: [header(":scheme", exact("http"))] }),
          ],
        }),
      );
      expect(where("h/", [], "POST")).toBe("post");
      expect(where("H:80/")).toBe("authority");
      expect(where("h:80/")).toBe("http");
      expect(where("h/a?b")).toBe("path");
    });

    test("takes the first of several query parameters, as it is written", () => {
      const query = (name: string, match: ReturnType<typeof exact> | typeof present) => ({
        queryParams: [{ name, match }],
      });
      const { where } = decider(
        table({
          "*": [
            ...padding,
            route(undefined, "one", query("q", exact("1"))),
            route(undefined, "empty", query("q", exact(""))),
            route(undefined, "present", query("q", present)),
            route(undefined, "other", query("other", present)),
          ],
        }),
      );
      expect(where("h/?q=1")).toBe("one");
      expect(where("h/?q=2&q=1")).toBe("present");
      expect(where("h/?q=1&q=2")).toBe("one");
      expect(where("h/?q")).toBe("empty");
      expect(where("h/?q=")).toBe("empty");
      expect(where("h/?Q=1")).toBe(404);
      expect(where("h/?q=%31")).toBe("present");
      expect(where("h/?q=1=2")).toBe("present");
      expect(where("h/?x;q=1")).toBe(404);
      expect(where("h/?x&&other&q=1")).toBe("one");
      expect(where("h/?x&other")).toBe("other");
      expect(where("h/q=1")).toBe(404);
    });
  });
}

describe("nested prefixes", () => {
  test("yield the first route of all that match", () => {
    const depth = 30;
    const routes: Route[] = [];
    for (let i = depth; i > 0; i--) {
      // Each asks for a header of its own, so none shadows another.
      routes.push(
        route(prefix("/a".repeat(i)), `depth-${i}`, { headers: [header("x-depth", exact(String(i)))] }),
      );
    }
    routes.push(route(prefix("/a"), "rest"));
    const { where } = decider(table({ "*": routes }));
    expect(where(`h${"/a".repeat(30)}/x`, [["x-depth", "17"]])).toBe("depth-17");
    expect(where(`h${"/a".repeat(10)}`, [["x-depth", "17"]])).toBe("rest");
    expect(where("h/b")).toBe(404);
  });
});

describe("splits", () => {
  test("give each its share, within seven standard deviations", () => {
    const { where } = decider(table({ "*": [route(undefined, to({ a: 80, b: 19, c: 1 }))] }));
    const seen = new Map<unknown, number>();
    const total = 50_000;
    for (let i = 0; i < total; i++) {
      const cluster = where("h/");
      seen.set(cluster, (seen.get(cluster) ?? 0) + 1);
    }
    for (const [cluster, share] of [
      ["a", 0.8],
      ["b", 0.19],
      ["c", 0.01],
    ] as const) {
      const bound = 7 * Math.sqrt(total * share * (1 - share));
      expect(Math.abs((seen.get(cluster) ?? 0) - total * share)).toBeLessThan(bound);
    }
  });

  test("take weights up to 2^32 - 1 each", () => {
    const most = 4294967295;
    const { where } = decider(table({ "*": [route(undefined, to({ a: most, b: most, c: most }))] }));
    const seen = new Set(Array.from({ length: 200 }, () => where("h/")));
    expect([...seen].sort()).toEqual(["a", "b", "c"]);
  });
});

describe("answers and faults", () => {
  const always = 1_000_000;
  const delay = { fixedMs: 250, perMillion: always };
  const abort = { kind: "http", status: 503, perMillion: always } as const;

  test("answers directly", () => {
    const action = { kind: "directResponse", status: 418, body: "tea" } as const;
    const { decide } = decider(table({ "*": [route(undefined, action)] }));
    expect(decide("h/")).toMatchObject({ outcome: "respond", status: 418, body: "tea", delayMs: 0 });
  });

  test("answers 404 without a body when nothing matches", () => {
    const { decide } = decider(table({ "a.example": [route(exact("/a"), "a")] }));
    expect(decide("a.example/b")).toMatchObject({ status: 404, body: "" });
    expect(decide("b.example/a")).toMatchObject({ status: 404, body: "" });
  });

  test("delays, then forwards", () => {
    const { vm, root, decide } = decider(table({ "*": [route(undefined, "a", { fault: { delay } })] }));
    expect(decide("h/")).toMatchObject({ outcome: "forward", cluster: "a", delayMs: 250 });
    expect(vm.tickOf(root)).toBe(0);
  });

  test("aborts", () => {
    const { decide } = decider(table({ "*": [route(undefined, "a", { fault: { abort } })] }));
    expect(decide("h/")).toMatchObject({ status: 503, body: "fault filter abort", delayMs: 0 });
  });

  test("delays, then aborts", () => {
    const { decide } = decider(table({ "*": [route(undefined, "a", { fault: { delay, abort } })] }));
    expect(decide("h/")).toMatchObject({ status: 503, delayMs: 250 });
  });

  test("delays, then answers directly", () => {
    const action = { kind: "directResponse", status: 418, body: "tea" } as const;
    const { decide } = decider(table({ "*": [route(undefined, action, { fault: { delay } })] }));
    expect(decide("h/")).toMatchObject({ status: 418, body: "tea", delayMs: 250 });
  });

  test("aborts with a gRPC status", () => {
    const fault = { abort: { kind: "grpc", status: 7, perMillion: always } } as const;
    const { decide } = decider(table({ "*": [route(undefined, "a", { fault })] }));
    expect(decide("h/")).toMatchObject({ status: 200, grpcStatus: 7, body: "fault filter abort" });
  });

  test("rolls the dice for each part", () => {
    const fault = {
      delay: { fixedMs: 10, perMillion: 300_000 },
      abort: { kind: "http", status: 500, perMillion: 100_000 },
    } as const;
    const { decide } = decider(table({ "*": [route(undefined, "a", { fault })] }));
    let delayed = 0;
    let aborted = 0;
    let both = 0;
    for (let i = 0; i < 20_000; i++) {
      const { outcome, delayMs } = decide("h/");
      if (delayMs > 0) {
        delayed++;
      }
      if (outcome === "respond") {
        aborted++;
      }
      if (delayMs > 0 && outcome === "respond") {
        both++;
      }
    }
    expect(Math.abs(delayed - 6000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.3 * 0.7));
    expect(Math.abs(aborted - 2000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.1 * 0.9));
    expect(Math.abs(both - 600)).toBeLessThan(5 * Math.sqrt(20_000 * 0.03 * 0.97));
  });

  test("serves those that wait in the order of their deadlines, and forgets one whose client is gone", () => {
    const slow = (ms: number) => ({ fault: { delay: { fixedMs: ms, perMillion: always } } });
    const { vm, root } = decider(
      table({ "*": [route(exact("/300"), "a", slow(300)), route(exact("/100"), "b", slow(100))] }),
    );
    const late = vm.begin(root, { authority: "h", path: "/300" });
    expect(vm.tickOf(root)).toBe(300);
    const early = vm.begin(root, { authority: "h", path: "/100" });
    const gone = vm.begin(root, { authority: "h", path: "/100" });
    expect(vm.tickOf(root)).toBe(100);
    vm.end(gone);
    vm.advance(root, 100);
    expect([vm.waits(early), vm.waits(late)]).toEqual([false, true]);
    expect(vm.tickOf(root)).toBe(200);
    vm.end(early);
    vm.end(late);
    vm.advance(root, 200);
    expect(vm.tickOf(root)).toBe(0);
  });

  test("wakes requests of a new program after the root whose tick they relied on is gone", () => {
    const slow = (ms: number) =>
      encodeProgram(
        table({ "*": [route(undefined, "a", { fault: { delay: { fixedMs: ms, perMillion: always } } })] }),
      );
    const vm = new FilterVm(FILTER);
    const old = vm.configure(slow(1000))!;
    const first = vm.begin(old, { authority: "h", path: "/" });
    const fresh = vm.configure(slow(3000))!;
    const second = vm.begin(fresh, { authority: "h", path: "/" });
    expect([vm.tickOf(old), vm.tickOf(fresh)]).toEqual([1000, 0]);
    vm.advance(old, 1000);
    expect([vm.waits(first), vm.waits(second)]).toEqual([false, true]);
    vm.end(first);
    vm.deleteRoot(old);
    expect(vm.tickOf(fresh)).toBe(2000);
    vm.advance(fresh, 2000);
    expect(vm.waits(second)).toBe(false);
    vm.end(second);
  });

  test("keeps a deleted program while a request waits under it", () => {
    const body = "x".repeat(1000);
    const action = { kind: "directResponse", status: 200, body } as const;
    const blob = encodeProgram(table({ "*": [route(undefined, action, { fault: { delay } })] }));
    const vm = new FilterVm(FILTER);
    const old = vm.configure(blob)!;
    const id = vm.begin(old, { authority: "h", path: "/" });
    const fresh = vm.configure(encodeProgram(table({ "*": [route(undefined, "a")] })))!;
    vm.deleteRoot(old);
    vm.configure(blob);
    vm.advance(fresh, 1000);
    expect(vm.responseOf(id)).toMatchObject({ status: 200, body });
    vm.end(id);
  });
});

describe("headers for Envoy", () => {
  const forward = (timeoutMs: number, retry: object) =>
    ({
      kind: "forward",
      destinations: [{ cluster: "a", weight: 1 }],
      timeoutMs,
      retry: {
        attempts: 0,
        perTryTimeoutMs: 0,
        retryOn: [],
        retriableStatusCodes: [],
        avoidPreviousHosts: true,
        avoidPreviousPriorities: false,
        ...retry,
      },
    }) as const;

  test("is the cluster alone for a plain route", () => {
    const { decide } = decider(table({ "*": [route(undefined, "a")] }));
    expect([...decide("h/").written]).toEqual([["x-sluice-cluster", "a"]]);
  });

  test("turns retries off", () => {
    const { decide } = decider(table({ "*": [route(undefined, forward(0, {}))] }));
    expect(Object.fromEntries(decide("h/").written)).toEqual({
      "x-sluice-class": "retry",
      "x-sluice-cluster": "a",
    });
  });

  test("tells timeouts and retries", () => {
    const retry = {
      attempts: 3,
      perTryTimeoutMs: 20,
      retryOn: ["5xx", "reset"],
      retriableStatusCodes: [418, 429],
      avoidPreviousHosts: true,
      avoidPreviousPriorities: false,
    };
    const { decide } = decider(table({ "*": [route(undefined, forward(500, retry))] }));
    expect(Object.fromEntries(decide("h/").written)).toEqual({
      "x-sluice-class": "retry",
      "x-sluice-cluster": "a",
      "x-envoy-max-retries": "3",
      "x-envoy-retry-on": "5xx,reset",
      "x-envoy-retriable-status-codes": "418,429",
      "x-envoy-upstream-rq-per-try-timeout-ms": "20",
      "x-envoy-upstream-rq-timeout-ms": "500",
    });
  });

  test("drops what a client forged, every line of it", () => {
    const { decide } = decider(table({ "*": [route(undefined, "a")] }));
    const { headers } = decide("h/", [
      ["x-sluice-cluster", "evil"],
      ["X-Sluice-Cluster", "worse"],
      ["x-sluice-class", "retry"],
      ["x-envoy-upstream-rq-timeout-ms", "1"],
      ["x-envoy-max-retries", "100"],
      ["x-request-id", "keep"],
    ]);
    expect(headers.filter(([name]) => !name.startsWith(":"))).toEqual([
      ["x-request-id", "keep"],
      ["x-sluice-cluster", "a"],
    ]);
  });

  test("shows no rule what a client forged", () => {
    const { where } = decider(
      table({
        "*": [
          route(undefined, "believed", { headers: [header("x-sluice-anything", present)] }),
          route(undefined, "steered", { headers: [header("x-envoy-max-retries", exact("9"))] }),
          route(undefined, "real", { headers: [header("x-sluicely", exact("1"))] }),
          route(undefined, "rest"),
        ],
      }),
    );
    expect(where("h/", [["x-sluice-anything", "1"]])).toBe("rest");
    expect(where("h/", [["x-envoy-max-retries", "9"]])).toBe("rest");
    expect(where("h/", [["x-sluicely", "1"]])).toBe("real");
  });
});

describe("hostile requests", () => {
  test("are decided like any other", () => {
    const { where } = decider(
      table({
        "*": [
          ...crowd(),
          route(undefined, "query", { queryParams: [{ name: "last", match: exact("1") }] }),
          route(prefix("/"), "rest"),
        ],
      }),
    );
    const many = Array.from({ length: 10_000 }, (_, i) => `p${i}=${i}`).join("&");
    expect(where(`h/?${many}&last=1`)).toBe("query");
    expect(where("h/", [["x-long", "x".repeat(65_536)]])).toBe("rest");
    expect(
      where(
        "h/",
        Array.from({ length: 2000 }, (_, i) => [`x-${i}`, String(i)] as const),
      ),
    ).toBe("rest");
    expect(where(`h/${"a/".repeat(30_000)}`)).toBe("rest");
    expect(where("h/%00\u0000\u00ff")).toBe("rest");
    expect(where("/")).toBe("rest");
    expect(where(`${"h".repeat(10_000)}/`)).toBe("rest");
    expect(where("h")).toBe(404);
  });
});
