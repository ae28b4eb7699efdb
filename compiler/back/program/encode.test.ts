import { describe, expect, test } from "vitest";
import type { Route } from "../../ir/ir.ts";
import { describeProgram } from "./describe.ts";
import { encodeProgram } from "./encode.ts";
import { exact, header, prefix, present, regex, route, table, to } from "./rules.fixture.ts";

const many = (count: number, make: (i: number) => Route) => Array.from({ length: count }, (_, i) => make(i));
const kinds = (routes: readonly Route[]) =>
  new Map(
    describeProgram(encodeProgram(table({ "*": routes }))).records.map(({ kind, count }) => [kind, count]),
  );

describe("the size of a program", () => {
  test("is at most 64 bytes a rule beyond the strings, for 10,000 exact paths", () => {
    const routes = many(10_000, (i) =>
      route(exact(`/service-${i}/items`), `outbound|80||service-${i}.example`),
    );
    const { unpackedSize, sections } = describeProgram(encodeProgram(table({ "*": routes })));
    const strings = sections.find(({ name }) => name === "strings")!.size;
    expect((unpackedSize - strings) / routes.length).toBeLessThan(64);
  });

  test("is below 1 MiB for 10,000 rules as people write them", () => {
    const hosts = Object.fromEntries(
      Array.from({ length: 500 }, (_, host) => [
        `service-${host}.example.com`,
        many(20, (i) => {
          const cluster = `outbound|80|v${i % 3}|service-${host}.team.svc.cluster.local`;
          if (i === 19) {
            return route(prefix("/"), cluster);
          }
          if (i % 10 === 3) {
            return route(prefix(`/api/v${i}/`), cluster, { headers: [header("x-canary", exact("true"))] });
          }
          if (i % 7 === 5) {
            return route(regex(`/files/[a-z]+/${i}/.*`), cluster);
          }
          return route(i % 2 ? prefix(`/api/v${i}/items/`) : exact(`/static/${i}.js`), cluster);
        }),
      ]),
    );
    expect(encodeProgram(table(hosts)).length).toBeLessThan(1 << 20);
  });

  test("grows with the bytes of nested prefixes, not with their sum", () => {
    const routes = many(2000, (i) => route(prefix(`/${"a".repeat(2000 - i)}`), `c${i}`));
    expect(encodeProgram(table({ "*": routes })).length / routes.length).toBeLessThan(128);
  });
});

describe("the graph", () => {
  test("looks at the attribute that tells routes apart, not at the first one", () => {
    const byHeader = many(100, (i) =>
      route(exact("/same"), `c${i}`, { headers: [header("x-a", exact(`${i}`))] }),
    );
    const found = kinds(byHeader);
    expect([found.get("switch"), found.get("bits"), found.get("leaf")]).toEqual([1, undefined, 100]);
  });

  test("drops routes behind one that takes everything", () => {
    const routes = [route(undefined, "all"), ...many(100, (i) => route(exact(`/${i}`), `c${i}`))];
    const found = kinds(routes);
    expect([found.get("switch"), found.get("leaf"), found.get("node table")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("takes rows of bits only where nothing narrows", () => {
    const overlapping = many(64, (i) =>
      route(prefix(`/${"a".repeat(i)}`), `c${i}`, { headers: [header("x-a", prefix("b".repeat(64 - i)))] }),
    );
    expect(kinds(overlapping).get("bits")).toBe(1);
  });

  test("goes over what the request has where each rule asks for a header of its own", () => {
    const apart = many(64, (i) => route(undefined, `c${i}`, { headers: [header(`x-${i}`, present)] }));
    expect(kinds(apart).get("fan")).toBe(1);
  });

  test("asks all expressions of an attribute at once", () => {
    const found = kinds(many(64, (i) => route(regex(`/[a-z]+/${i}/.*`), `c${i}`)));
    expect([found.get("regex"), found.get("regex set")]).toEqual([1, 1]);
  });

  test("takes an expression without operators for the exact value it is", () => {
    const written = many(64, (i) => route(regex(`^/a\\.b/${i}$`), `c${i}`));
    const plain = many(64, (i) => route(exact(`/a.b/${i}`), `c${i}`));
    expect(encodeProgram(table({ "*": written }))).toEqual(encodeProgram(table({ "*": plain })));
  });

  test("shares equal outcomes", () => {
    const found = kinds(many(64, (i) => route(exact(`/${i}`), to({ a: 1, b: 2 }))));
    expect(found.get("forward")).toBe(1);
  });
});
