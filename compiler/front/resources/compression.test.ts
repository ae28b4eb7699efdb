import { expect, test } from "vitest";
import { parseCompression } from "./compression.ts";

test("a list of algorithms, in the order of preference", () => {
  expect(parseCompression("Brotli, gzip")).toMatchObject({
    compression: { algorithms: ["brotli", "gzip"], minimumBytes: 1400 },
  });
  expect(parseCompression("zstd")).toMatchObject({ compression: { algorithms: ["zstd"] } });
  const types = JSON.stringify(parseCompression("gzip"));
  expect(types).toContain("application/json");
  expect(types).not.toContain("text/event-stream");
});

test("a mapping says more", () => {
  const value =
    "{ algorithms: [gzip, zstd], minimumBytes: 100, contentTypes: [Text/HTML, text/html, text/css] }";
  expect(parseCompression(value)).toEqual({
    compression: { algorithms: ["gzip", "zstd"], minimumBytes: 100, contentTypes: ["text/html", "text/css"] },
  });
  expect(parseCompression("algorithms: brotli")).toMatchObject({ compression: { algorithms: ["brotli"] } });
});

test.each([
  ["", '""'],
  ["on", '"on"'],
  ["deflate", '"deflate"'],
  ["gzip, gzip", "twice"],
  ["minimumBytes: 5", '""'],
  ["{ algorithms: gzip, level: 9 }", '"level"'],
  ["{ algorithms: gzip, minimumBytes: 0 }", '"0"'],
  ["{ algorithms: gzip, minimumBytes: 1.5 }", '"1.5"'],
  ["{ algorithms: gzip, minimumBytes: many }", '"many"'],
  ["{ algorithms: gzip, contentTypes: [] }", '""'],
  ["{ algorithms: gzip, contentTypes: [html] }", '"html"'],
  ["{ algorithms: gzip, contentTypes: ['text/*;q=1'] }", '"text/*;q=1"'],
  ["{ algorithms: gzip, contentTypes: [application/grpc] }", '"application/grpc"'],
  ["{ algorithms: {a: b} }", "object"],
  ["{ algorithms: gzip", "neither"],
])("%j is refused", (value, named) => {
  expect(parseCompression(value)).toMatchObject({ wrong: expect.stringContaining(named) });
});
