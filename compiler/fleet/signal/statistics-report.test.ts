/** Reports as Envoy writes them, and bytes that are none. */

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { reportWriter } from "./reported-bytes.fixture.ts";
import { readReports } from "./statistics-report.ts";

const AT = 1_800_000_000_000;
const write = await reportWriter();
const COUNTERS = { "http.mesh.downstream_rq_2xx": 7, "cluster.outbound|80||größe;.upstream_rq_2xx": 2 ** 40 };
const REPORT = { proxyId: "edge-1", at: AT, uptime: 12, counters: COUNTERS };

test("names and numbers are read, and when the process began", () => {
  const [report, ...more] = readReports(write(REPORT));
  expect(more).toEqual([]);
  expect(report).toMatchObject({ proxyId: "edge-1", startedAt: AT - 12_000 });
  expect(report!.at).toBe(AT);
  expect(Object.fromEntries(report!.statistics.map(({ name, value }) => [name, value]))).toEqual(COUNTERS);
});

test("one that does not say when it began has no beginning", () => {
  const { uptime: _, ...report } = REPORT;
  expect(readReports(write(report))[0]).not.toHaveProperty("startedAt");
});

test("a report without its proxy, or of differences, is refused", () => {
  expect(() => readReports(write({ ...REPORT, proxyId: "" }))).toThrow("service.instance.id");
  expect(() => readReports(write({ ...REPORT, temporality: "delta" }))).toThrow("report_counters_as_deltas");
});

test("so many statistics are of no Envoy that is told rules", () => {
  // `ResourceMetrics{scope_metrics: {metrics: {name: "a", sum: {}}, …}}`
  const metric = Buffer.from([0x12, 5, 0x0a, 1, 0x61, 0x3a, 0]);
  const metrics = Buffer.concat(Array.from({ length: 250_001 }, () => metric));
  const bytes = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .fork()
    .tag(2, WireType.LengthDelimited)
    .bytes(metrics)
    .join()
    .finish();
  expect(() => readReports(bytes)).toThrow("more than 250000 statistics");
});

test("bytes that were cut off or changed end in words, or are read as something else", () => {
  const bytes = write(REPORT);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
      const broken = cut ? bytes.slice(0, at) : bytes.with(at, byte);
      try {
        readReports(broken);
      } catch (error) {
        expect((error as Error).message).toMatch(/^the report /);
      }
    }),
    { numRuns: 2_000 },
  );
});
