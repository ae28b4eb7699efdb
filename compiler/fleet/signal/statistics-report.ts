/**
 * What an Envoy reports of its statistics, read from the bytes of OpenTelemetry's protocol. Only names and numbers are read of it:
 * a thousand proxies with a thousand rules report two hundred thousand of them a second, and a message of objects for each would
 * cost the server more than all else that it does.
 *
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
 */

import { PROXY_ATTRIBUTE, UPTIME } from "./stats-sink.ts";
import { WireReader } from "./wire-reader.ts";

/** What a proxy has counted, at one moment. */
export interface StatisticsReport {
  /** What the report itself claims. */
  readonly proxyId: string;
  /** When it was made, in milliseconds since 1970. */
  readonly at: number;
  /** When the proxy's process began, to a second; absent: it does not say. */
  readonly startedAt?: number;
  readonly statistics: readonly ReportedStatistic[];
}

export interface ReportedStatistic {
  /** Envoy's own. */
  readonly name: string;
  /** Of a counter: since the proxy began. */
  readonly value: number;
}

/** More than 10,000 rules with three destinations each, and as many clusters, come to. */
const MOST_STATISTICS = 250_000;

/** `AGGREGATION_TEMPORALITY_DELTA`: a report that is lost would be lost for good. */
const DELTA = 1;
/** Numbers of fields, by their messages. */
const REQUEST = { resourceMetrics: 1 };
const RESOURCE_METRICS = { resource: 1, scopeMetrics: 2 };
const RESOURCE = { attributes: 1 };
const ATTRIBUTE = { key: 1, value: 2 };
const ANY_VALUE = { string: 1 };
const SCOPE_METRICS = { metrics: 2 };
const METRIC = { name: 1, gauge: 5, sum: 7 };
const SUM = { dataPoints: 1, temporality: 2 };
const POINT = { time: 3, double: 4, integer: 6 };
const NANOSECONDS = 1e6;

/** Of one message, those of all proxies that it is of. Throws for what is not a report; the message says why. */
export function readReports(bytes: Uint8Array): StatisticsReport[] {
  const reports: StatisticsReport[] = [];
  const reader = new WireReader(bytes);
  for (let field = reader.next(reader.end); field !== 0; field = reader.next(reader.end)) {
    if (field === REQUEST.resourceMetrics) {
      reports.push(readResourceMetrics(reader));
    } else {
      reader.skip();
    }
  }
  return reports;
}

/** What was read so far of one report. */
class Found {
  readonly statistics: ReportedStatistic[] = [];
  proxyId = "";
  at = 0;
  uptimeMs: number | undefined;
}

function readResourceMetrics(reader: WireReader): StatisticsReport {
  const found = new Found();
  const end = reader.message();
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === RESOURCE_METRICS.resource) {
      readResource(reader, found);
    } else if (field === RESOURCE_METRICS.scopeMetrics) {
      readScopeMetrics(reader, found);
    } else {
      reader.skip();
    }
  }
  const { proxyId, at, uptimeMs, statistics } = found;
  if (proxyId === "") {
    throw new Error(`the report has no attribute "${PROXY_ATTRIBUTE}", which names its proxy`);
  }
  return { proxyId, at, ...(uptimeMs !== undefined && { startedAt: at - uptimeMs }), statistics };
}

function readResource(reader: WireReader, found: Found): void {
  const end = reader.message();
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === RESOURCE.attributes) {
      readAttribute(reader, found);
    } else {
      reader.skip();
    }
  }
}

function readAttribute(reader: WireReader, found: Found): void {
  const end = reader.message();
  let key = "";
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === ATTRIBUTE.key) {
      key = reader.text();
    } else if (field === ATTRIBUTE.value && key === PROXY_ATTRIBUTE) {
      found.proxyId = readString(reader);
    } else {
      reader.skip();
    }
  }
}

/** Of an `AnyValue`; empty for one that is not a text. */
function readString(reader: WireReader): string {
  const end = reader.message();
  let text = "";
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === ANY_VALUE.string) {
      text = reader.text();
    } else {
      reader.skip();
    }
  }
  return text;
}

function readScopeMetrics(reader: WireReader, found: Found): void {
  const end = reader.message();
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === SCOPE_METRICS.metrics) {
      readMetric(reader, found);
    } else {
      reader.skip();
    }
  }
}

/** Fields come by their numbers, the name first. */
function readMetric(reader: WireReader, found: Found): void {
  const end = reader.message();
  let name = "";
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === METRIC.name) {
      name = reader.text();
    } else if (field === METRIC.gauge || field === METRIC.sum) {
      readNumbers(reader, name, found);
    } else {
      reader.skip();
    }
  }
}

function readNumbers(reader: WireReader, name: string, found: Found): void {
  const end = reader.message();
  let value = 0;
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === SUM.dataPoints) {
      value += readPoint(reader, found);
    } else if (field === SUM.temporality) {
      if (reader.varint() === DELTA) {
        throw new Error(
          "the report counts since the one before it; leave `report_counters_as_deltas` unset, as `sluice bootstrap` does",
        );
      }
    } else {
      reader.skip();
    }
  }
  if (name === UPTIME) {
    found.uptimeMs = value * 1000;
  } else if (found.statistics.push({ name, value }) > MOST_STATISTICS) {
    throw new Error(`the report has more than ${MOST_STATISTICS} statistics`);
  }
}

function readPoint(reader: WireReader, found: Found): number {
  const end = reader.message();
  let value = 0;
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    switch (field) {
      case POINT.time:
        found.at = reader.unsigned64() / NANOSECONDS;
        break;
      case POINT.double:
        value = reader.double();
        break;
      case POINT.integer:
        value = reader.signed64();
        break;
      default:
        reader.skip();
    }
  }
  return value;
}
