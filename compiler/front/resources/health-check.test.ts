/** What the words of `sluice.dev/health-check` mean, and what is said of those that mean nothing. */

import { expect, test } from "vitest";
import { parseHealthChecks } from "./health-check.ts";

function checksOf(value: string) {
  const parsed = parseHealthChecks(value);
  if ("wrong" in parsed) {
    throw new Error(parsed.wrong);
  }
  return parsed.checks;
}

test("what is not written has a default", () => {
  expect(checksOf("http").whole).toEqual({
    asks: "http",
    path: "/",
    statuses: [[200, 299]],
    intervalMs: 5000,
    timeoutMs: 1000,
    unhealthyThreshold: 3,
    healthyThreshold: 2,
  });
});

test("words stand in any order, and no check waits for longer than its interval unless told", () => {
  expect(
    checksOf(
      "http /healthz?deep=1 healthy 4 expect 204,300-399 every 50ms port 9000 host a.example unhealthy 5 panic 30%",
    ).whole,
  ).toEqual({
    asks: "http",
    path: "/healthz?deep=1",
    statuses: [
      [204, 204],
      [300, 399],
    ],
    intervalMs: 50,
    timeoutMs: 50,
    unhealthyThreshold: 5,
    healthyThreshold: 4,
    port: 9000,
    host: "a.example",
    panicPercent: 30,
  });
  expect(checksOf("tcp every 50ms timeout 2s").whole).toMatchObject({ intervalMs: 50, timeoutMs: 2000 });
});

test("gRPC asks for a service, or for the server", () => {
  expect(checksOf("grpc shop.Reviews every 1s").whole).toMatchObject({
    asks: "grpc",
    service: "shop.Reviews",
  });
  expect(checksOf("grpc every 1s").whole).not.toHaveProperty("service");
});

test("subsets have checks of their own, or none", () => {
  const { whole, subsets } = checksOf("subset v1 tcp; http /ok;subset v2  off ");
  expect(whole).toMatchObject({ asks: "http", path: "/ok" });
  expect([...subsets.keys()]).toEqual(["v1", "v2"]);
  expect(subsets.get("v1")).toMatchObject({ asks: "tcp" });
  expect(subsets.get("v2")).toBe("off");
});

test.each([
  ["", "expected http, http2, grpc, tcp or off"],
  ["  ;", "expected http, http2, grpc, tcp or off"],
  ["udp", '"udp" is not a kind of check; expected http, http2, grpc, tcp or off'],
  ["HTTP /", '"HTTP" is not a kind of check; expected http, http2, grpc, tcp or off'],
  ["off every 5s", '"off" stands alone, and "every" follows it'],
  ["http healthz", '"healthz" is not a path; it must begin with a slash, without "#"'],
  ["http /a#b", '"/a#b" is not a path; it must begin with a slash, without "#"'],
  ["http /ä", '"/ä" is not a path; it must begin with a slash, without "#"'],
  [`http /${"a".repeat(2000)}`, `"/${"a".repeat(19)}…" is longer than 1024 characters`],
  ["http / evry 5s", 'unknown word "evry"; did you mean "every"?'],
  ["http / /b", 'unknown word "/b"'],
  ["http / __proto__ 1", 'unknown word "__proto__"'],
  ["http / every", 'expected a duration after "every"'],
  ["http / every 5", 'every: "5" is not a valid duration; use a number and a unit, such as 500ms'],
  ["http / every 0.5ms", 'every: "0.5ms" is not a valid duration; use a number and a unit, such as 500ms'],
  ["http / every 9ms", 'every: "9ms" is not between 10ms and 3600s'],
  ["http / every -5s", 'every: "-5s" is not between 10ms and 3600s'],
  ["http / every 2h", 'every: "2h" is not between 10ms and 3600s'],
  ["http / timeout 11s", 'timeout: "11s" is not between 10ms and 10s'],
  ["http / unhealthy 0", 'unhealthy: "0" is not a whole number from 1 to 100'],
  ["http / healthy 1.5", 'healthy: "1.5" is not a whole number from 1 to 100'],
  ["http / port 65536", 'port: "65536" is not a whole number from 1 to 65535'],
  ["http / host a/b", 'host: "a/b" is not a host name'],
  ["http / expect 2xx", 'expect: "2xx" is not a status or a range of them, such as 200-299'],
  ["http / expect 299-200", 'expect: "299-200" is not a status or a range of them, such as 200-299'],
  ["http / expect 200,", 'expect: "" is not a status or a range of them, such as 200-299'],
  ["http / panic 30", 'panic: "30" is not a percentage; use 0% to 100%'],
  ["http / panic 101%", 'panic: "101%" is not a percentage; use 0% to 100%'],
  ["http / every 1s every 2s", '"every" is given twice'],
  ["tcp /x", 'unknown word "/x"'],
  ["tcp expect 200", '"expect" has no meaning for a check of kind tcp'],
  ["grpc expect 200", '"expect" has no meaning for a check of kind grpc'],
  ["grpc a,b", '"a,b" is not the name of a gRPC service'],
  ["http; tcp", 'there are two checks for all endpoints; begin one with "subset NAME"'],
  ["subset v1 http; subset v1 tcp", 'there are two checks for subset "v1"'],
  ["subset", 'expected the name of a subset after "subset"'],
  ["subset v1", 'expected http, http2, grpc, tcp or off after "v1"'],
])("%j is wrong", (value, wrong) => {
  expect(parseHealthChecks(value)).toEqual({ wrong });
});
