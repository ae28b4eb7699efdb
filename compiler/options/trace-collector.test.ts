import { expect, test } from "vitest";
import { parseCollector, traceCollector } from "./trace-collector.ts";

test.each([
  ["http://otel:4318", { protocol: "http", isSecure: false, host: "otel", port: 4318, path: "/v1/traces" }],
  ["http://otel", { port: 4318, path: "/v1/traces" }],
  ["http://otel:80", { port: 80 }],
  ["http://OTEL.example/custom/path", { host: "otel.example", port: 4318, path: "/custom/path" }],
  ["https://otel.example", { isSecure: true, port: 443, path: "/v1/traces" }],
  ["https://otel.example:443/v1/traces", { isSecure: true, port: 443 }],
  ["https://otel.example:4318", { isSecure: true, port: 4318 }],
  ["grpc://127.0.0.1", { protocol: "grpc", isSecure: false, host: "127.0.0.1", port: 4317 }],
  ["http://[2001:db8::1]:4318/", { host: "2001:db8::1", port: 4318 }],
])("%s", (text, collector) => {
  expect(parseCollector(text)).toMatchObject(collector);
  expect(traceCollector.accepts(text)).toBe(true);
});

test.each([
  "otel:4318",
  "otel",
  "ftp://otel",
  "grpcs://otel:4317",
  "http://user:secret@otel",
  "http://otel?a=b",
  "http://otel/#a",
  "http://otel:99999",
  "http://",
  "grpc://otel:4317/v1/traces",
  "http://otel/a b",
  "http://otel\\a",
  "http://otel/\r\nx: y",
])("%j is refused with an example", (text) => {
  expect(parseCollector(text)).toBeUndefined();
  expect(() =>
    traceCollector.read(text, (words) => {
      throw new Error(words);
    }),
  ).toThrow("http://HOST:4318");
});
