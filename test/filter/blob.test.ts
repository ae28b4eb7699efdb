import { describe, expect, test } from "vitest";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { describeProgram } from "../../compiler/back/program/describe.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import { checksum } from "../../compiler/back/program/hash.ts";
import { unpackProgram } from "../../compiler/back/program/pack.ts";
import {
  exact,
  header,
  ofRule,
  prefix,
  present,
  regex,
  route,
  table,
  to,
} from "../../compiler/back/program/rules.fixture.ts";
import type { Route } from "../../compiler/ir/ir.ts";
import * as layout from "../../filter/layout.ts";
import { CHECKSUM_SEED, FORMAT_VERSION, HEADER_CHECKSUM, HEADER_VERSION } from "../../filter/layout.ts";
import { thoroughly } from "../harness/thorough.ts";

const FILTER = loadFilter(new URL("../../dist/filter.wasm", import.meta.url));
const LOG_ERROR = 4;
const write = (name: string, value: string) => ({ name, value, append: false });

/** One of every kind of record, unpacked: what is packed has a test of its own. */
function everything(): Uint8Array {
  const routes: Route[] = [];
  for (let i = 0; i < 12; i++) {
    routes.push(route(exact(`/exact/${i}`), `c${i}`));
    routes.push(route(prefix(`/prefix/${String.fromCharCode(97 + i)}`), `p${i}`));
  }
  routes.push(
    route(prefix("/nested/a"), "a", { headers: [header("x-a", exact("1")), header("x-b", present)] }),
    route(prefix("/nested/a/b"), "b", { queryParams: [{ name: "q", match: prefix("v") }] }),
    route(regex("/[a-c]+/x"), "regex", { headers: [header("x-a", regex("(1|2)+"), { invert: true })] }),
    route(exact("/Case"), to({ a: 1, b: 2 }), { ignoreCase: true }),
    route(prefix("/fault"), { ...to("slow"), timeoutMs: 5 } as Route["action"], {
      fault: { delay: { fixedMs: 5, perMillion: 5 }, abort: { kind: "grpc", status: 3, perMillion: 9 } },
    }),
    {
      ...route(
        prefix("/lines"),
        {
          ...to("a"),
          destinations: [
            { cluster: "a", weight: 1, responseHeaders: { remove: [], write: [write("x-d", "%PROTOCOL%")] } },
            { cluster: "b", weight: 2, responseHeaders: { remove: [], write: [write("x-d", "2")] } },
          ],
        } as Route["action"],
        { fault: { abort: { kind: "http", status: 503, perMillion: 9 } } },
      ),
      responseHeaders: { remove: [], write: [write("x-r", "1"), write("x-longer", "more than a word")] },
    },
    route(prefix("/limited"), "a", {
      rateLimit: {
        bucket: "a",
        requests: 3,
        periodMs: 1000,
        burst: 2,
        by: { kind: "header", name: "x-key" },
      },
    }),
    route(
      undefined,
      { kind: "directResponse", status: 502, body: "no" },
      {
        headers: [header("x-c", exact("v"), { invert: true, missingAsEmpty: true })],
      },
    ),
  );
  routes.push(
    {
      ...route(prefix("/redirect"), {
        kind: "redirect",
        status: 302,
        host: "h",
        port: 81,
        scheme: "https",
        path: { kind: "matched", value: "/to" },
      }),
      responseHeaders: { remove: [], write: [write("x-r", "1")] },
    },
    route(prefix("/sticky"), {
      ...to({ a: 1, b: 2 }),
      sticky: { kind: "cookie", name: "id" },
    } as Route["action"]),
    route(prefix("/edits"), {
      ...to("a"),
      requestHeaders: { remove: ["x-a"], write: [write("x-b", "1"), { ...write("x-c", "2"), append: true }] },
      rewrite: { kind: "matched", value: "/to" },
      hostRewrite: "h",
    } as Route["action"]),
    ofRule("shop/a#split", route(prefix("/counted"), to({ "a b": 1, b: 2 })), "2"),
  );
  const apart = Array.from({ length: 12 }, (_, i) =>
    route(undefined, `f${i}`, { headers: [header(`x-f${i}`, exact("v")), header("x-a", present)] }),
  );
  const overlapping = Array.from({ length: 12 }, (_, i) =>
    route(prefix(`/${"a".repeat(i)}`), `b${i}`, {
      headers: [
        header("x-a", prefix("1".repeat(12 - i))),
        header("x-b", exact("v"), { invert: true, missingAsEmpty: true }),
        header("x-c", regex("c*"), { invert: i % 2 === 0, missingAsEmpty: true }),
      ],
    }),
  );
  const expressions = Array.from({ length: 8 }, (_, i) =>
    route(regex(`/a.{0,${i}}`), `r${i}`, { headers: [header("x-b", exact(`v${i}`), { invert: true })] }),
  );
  const packed = encodeProgram(
    table({
      "a.example b.example": routes,
      "*.c.example": routes.slice(0, 3),
      "fan.example": apart,
      "bits.example": overlapping,
      "regex.example": expressions,
      "*": [],
    }),
    undefined,
    undefined,
    { listener: "mesh", counters: true, names: true },
  );
  return unpackProgram(packed)!;
}

/** Asks the filter for a verdict on a blob; a trap is an exception here. */
function verdict(vm: FilterVm, blob: Uint8Array): { accepted: boolean; reason: string | undefined } {
  const before = vm.log.length;
  const root = vm.configure(blob);
  if (root !== undefined) {
    vm.deleteRoot(root);
  }
  const line = vm.log[before];
  if (line) {
    expect(line.level).toBe(LOG_ERROR);
  }
  return { accepted: root !== undefined, reason: line?.text };
}

function withChecksum(blob: Uint8Array): Uint8Array {
  new DataView(blob.buffer).setUint32(HEADER_CHECKSUM, checksum(blob.subarray(HEADER_CHECKSUM + 4)), true);
  return blob;
}

describe("a routing program", () => {
  test("has every kind of record in these tests", () => {
    const kinds = Object.keys(layout).filter((name) => name.startsWith("KIND_"));
    const seen = describeProgram(everything()).records.map(({ kind }) => kind);
    expect(seen.length).toBe(kinds.length);
  });

  test("is the same for the same rules", () => {
    expect(everything()).toEqual(everything());
  });

  test("is accepted whole", () => {
    expect(verdict(new FilterVm(FILTER), everything())).toEqual({ accepted: true, reason: undefined });
  });

  test("is refused when cut at any length", () => {
    const vm = new FilterVm(FILTER);
    const blob = everything();
    for (let length = 0; length < blob.length; length++) {
      const { accepted, reason } = verdict(vm, blob.slice(0, length));
      expect(accepted, `${length} bytes`).toBe(false);
      expect(reason).toBeDefined();
    }
  });

  test("is refused with anything behind its end", () => {
    const blob = new Uint8Array(everything().length + 4);
    blob.set(everything());
    expect(verdict(new FilterVm(FILTER), blob).accepted).toBe(false);
  });

  test("is refused with any byte changed", () => {
    const vm = new FilterVm(FILTER);
    const blob = everything();
    for (let at = 0; at < blob.length; at++) {
      const changed = blob.slice();
      changed[at]! ^= 1 << (at & 7);
      expect(verdict(vm, changed).accepted, `byte ${at}`).toBe(false);
    }
  });

  test("is refused by version", () => {
    const blob = everything();
    new DataView(blob.buffer).setUint32(HEADER_VERSION, FORMAT_VERSION + 1, true);
    expect(verdict(new FilterVm(FILTER), withChecksum(blob))).toMatchObject({
      accepted: false,
      reason: expect.stringContaining("newer"),
    });
  });

  test("never traps when words are wrong and the checksum is right, and decides if it is accepted", () => {
    const vm = new FilterVm(FILTER);
    const blob = everything();
    const values = [
      0,
      1,
      2,
      5,
      0xff,
      0xffff,
      0x7fffffff,
      0xffffffff,
      blob.length,
      blob.length - 4,
      CHECKSUM_SEED,
    ];
    let refused = 0;
    let count = 0;
    // Another part of the values for each word.
    const part = Math.max(1, 3 / thoroughly(1));
    for (let at = HEADER_CHECKSUM + 4; at + 4 <= blob.length; at += 4) {
      for (const value of values.filter((_, i) => (i + at / 4) % part < 1)) {
        const changed = blob.slice();
        new DataView(changed.buffer).setUint32(at, value, true);
        const root = vm.configure(withChecksum(changed));
        count++;
        if (root === undefined) {
          refused++;
          continue;
        }
        for (const path of [
          "/exact/3",
          "/prefix/k",
          "/nested/a/b/c?q=v1",
          "/case",
          "/fault",
          "/counted",
          "/aaa",
        ]) {
          for (const authority of [
            "a.example",
            "x.c.example",
            "fan.example",
            "bits.example",
            "regex.example",
            "",
          ]) {
            const headers = [
              ["x-a", "1"],
              ["x-b", ""],
            ] as const;
            vm.end(vm.begin(root, { authority, path, headers }));
          }
        }
        vm.deleteRoot(root);
      }
    }
    expect(refused).toBeGreaterThan(count / 2);
  });
});

describe("memory", () => {
  test("does not grow over 20,000 requests", () => {
    const vm = new FilterVm(FILTER);
    const root = vm.configure(everything())!;
    const requests = ["/exact/3", "/prefix/k", "/nested/a/b/c?q=v1&r=2", "/case", "/fault", "/"].map(
      (path) => ({
        authority: "a.example",
        path,
        headers: [["x-a", "1"] as const, ["x-b", "x".repeat(200)] as const],
      }),
    );
    for (const request of requests) {
      vm.decide(root, request);
    }
    const pages = vm.memoryPages;
    for (let i = 0; i < 20_000; i++) {
      vm.decide(root, requests[i % requests.length]!);
    }
    expect(vm.memoryPages).toBe(pages);
  });

  test("does not grow over 1,000 reloads of programs that differ in size", () => {
    const vm = new FilterVm(FILTER);
    const blobs = [0, 1, 2, 3, 4].map((more) =>
      encodeProgram(
        table({
          "*": Array.from({ length: 1000 + more * 25 }, (_, i) => route(exact(`/${i}/${more}`), `c${i}`)),
        }),
      ),
    );
    let pages = 0;
    let current = vm.configure(blobs[0]!)!;
    for (let i = 1; i <= 1000; i++) {
      // A request of the old program waits while the new one arrives, as it may in a worker.
      const waiting = vm.begin(current, { authority: "h", path: `/${i}` });
      const next = vm.configure(blobs[i % blobs.length]!)!;
      vm.end(waiting);
      vm.deleteRoot(current);
      expect(verdict(vm, blobs[0]!.slice(0, -5000)).accepted).toBe(false);
      current = next;
      if (i === 20) {
        pages = vm.memoryPages;
      }
    }
    expect(vm.memoryPages).toBe(pages);
    const largest = Math.max(...blobs.map((blob) => unpackProgram(blob)!.length));
    expect(vm.memoryPages * 65536).toBeLessThan(3 * largest + 256 * 1024);
  });
});
