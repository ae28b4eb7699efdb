import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../platform/package-root.ts";
import { CONNECTION_FIELDS, emitConnectionLog, emitRequestLog, REQUEST_FIELDS } from "./access-log.ts";
import { testOptions } from "./testing.ts";

const emit = (more: Parameters<typeof testOptions>[0], decider: "wasm" | "native" = "wasm") =>
  emitRequestLog("mesh", decider, testOptions(more)).access_log?.[0];

test("nothing without a place for it", () => {
  expect(emitRequestLog("mesh", "wasm", testOptions())).toEqual({});
  expect(emitConnectionLog("tcp", testOptions())).toEqual({});
});

describe("where it goes", () => {
  test("a file", () => {
    expect(emit({ accessLog: "/var/log/a.log" })).toMatchObject({
      name: "envoy.access_loggers.file",
      typed_config: { path: "/var/log/a.log" },
    });
  });

  test("standard output, which may be a socket", () => {
    expect(emit({ accessLog: "-" })?.typed_config["@type"]).toMatch(/StdoutAccessLog$/);
  });
});

describe("which lines", () => {
  test("all", () => {
    expect(emit({ accessLog: "-" })).not.toHaveProperty("filter");
  });

  test("a share, by dice of its own", () => {
    expect(emit({ accessLog: "-", accessLogSample: 0.5 })?.filter?.runtime_filter).toMatchObject({
      percent_sampled: { numerator: 5000, denominator: "MILLION" },
      use_independent_randomness: true,
    });
  });
});

test("the rule is told by what decides", () => {
  const format = { accessLog: "-", accessLogFormat: "%RULE% %MATCH%" };
  expect(emit(format, "wasm")?.typed_config.log_format).toEqual({
    text_format_source: {
      inline_string: "%FILTER_STATE(wasm.sluice.rule:PLAIN)% %FILTER_STATE(wasm.sluice.match:PLAIN)%\n",
    },
  });
  expect(emit(format, "native")?.typed_config.log_format).toEqual({
    text_format_source: { inline_string: "%ROUTE_NAME% %METADATA(ROUTE:sluice:match)%\n" },
  });
});

test("no field has credentials", () => {
  expect(JSON.stringify([REQUEST_FIELDS, CONNECTION_FIELDS])).not.toMatch(/cookie|authorization/i);
});

test("the documentation has every field", () => {
  const page = readFileSync(path.join(packageRoot().directory, "docs/observability.md"), "utf8");
  const section = page.slice(page.indexOf("## Access log"), page.indexOf("## Tracing"));
  const rows = [...section.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, names]) =>
    [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  expect(rows.sort()).toEqual(Object.keys(REQUEST_FIELDS).sort());
  const connection = /A connection without HTTP is a line[^:]*:(.*?)\n\n/s.exec(section)![1]!;
  const names = [...connection.replace(/\(.*?\)/g, "").matchAll(/`(\w+)`/g)].map(([, name]) => name);
  expect(names).toEqual(Object.keys(CONNECTION_FIELDS).sort());
});
