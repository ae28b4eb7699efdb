import { expect, test } from "vitest";
import { RequestError } from "./asked.ts";
import { connectionUrl, isConnectionUrl, parseConnection } from "./asked-connection.ts";

test("reads a host and a port, by TLS or without", () => {
  expect(parseConnection("tcp://db.shop:5432")).toEqual({ host: "db.shop", port: 5432 });
  expect(parseConnection("TLS://Shop.Example./")).toEqual({
    host: "shop.example",
    port: 443,
    tls: { serverName: "shop.example", applicationProtocols: [] },
  });
  expect(parseConnection("tls://[2001:db8::1]:8443")).toEqual({
    host: "2001:db8::1",
    port: 8443,
    tls: { applicationProtocols: [] },
  });
  const details = { to: "10.0.0.1", from: "::1", applicationProtocols: ["istio"] };
  expect(parseConnection("tls://outbound_.80_.v1_.a.b:15443", details)).toEqual({
    host: "outbound_.80_.v1_.a.b",
    port: 15443,
    to: "10.0.0.1",
    from: "::1",
    tls: { serverName: "outbound_.80_.v1_.a.b", applicationProtocols: ["istio"] },
  });
});

test("writes it as it reads it", () => {
  for (const url of ["tcp://db:5432", "tls://a.example:443", "tcp://[::1]:80"]) {
    expect(connectionUrl(parseConnection(url))).toBe(url);
  }
});

test("tells connections from requests", () => {
  expect(["tcp://a:1", "tls:a", " TLS://a"].map(isConnectionUrl)).toEqual([true, true, true]);
  expect(["GET tcp://a:1", "http://tls", "tlsa", "tcp"].map(isConnectionUrl)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test.each([
  ["tcp:/db:1", "not a valid connection"],
  ["tcp://db", "names no port"],
  ["tcp://db:0", '"0" is not a valid port'],
  ["tcp://db:65536", "use 1 to 65535"],
  ["tcp://db:1e3", "not a valid port"],
  ["tcp://:5432", "names no host"],
  ["tls://", "names no host"],
  ["tcp://db:5432/table", 'remove "/table"'],
  ["tcp://me@db:5432", "no user"],
  ["tcp://d b:5432", "not a valid host"],
  ["tcp://*.db:5432", "not a valid host"],
  ["tcp://::1:5432", "stands in brackets"],
  ["tcp://[db]:5432", "not a host and a port"],
])("says what is wrong with %s", (text, words) => {
  expect(() => parseConnection(text)).toThrow(RequestError);
  expect(() => parseConnection(text)).toThrow(words);
});

test("says what is wrong with what stands beside it", () => {
  expect(() => parseConnection("tcp://db:1", { to: "db" })).toThrow('"db" is not a valid address');
  expect(() => parseConnection("tcp://db:1", { from: "10.0.0.1:80" })).toThrow("without a port");
  expect(() => parseConnection("tcp://db:1", { applicationProtocols: ["h2"] })).toThrow("write tls://");
});
