/** A stand-in for an OpenTelemetry collector: takes spans by HTTP, as protobuf, and gives them as plain data. */

import http from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf, messageRegistry } from "../../compiler/run/ads/messages.ts";
import { KEPT_CONNECTIONS } from "./kept-connections.ts";

export interface Span {
  readonly name: string;
  /** Hexadecimal, as in a `traceparent`; `parentId` is empty for the first of a trace. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly kind: number;
  readonly tags: Readonly<Record<string, string>>;
  /** `service.name` of whoever sent it. */
  readonly service: string;
}

export interface OtlpCollector {
  readonly url: string;
  readonly spans: readonly Span[];
  /** Paths that were asked for. */
  readonly paths: ReadonlySet<string>;
  /** Once `done` holds of the spans that have come; throws when it does not within half a minute. */
  until(done: (spans: readonly Span[]) => boolean): Promise<readonly Span[]>;
  close(): Promise<void>;
}

interface KeyValue {
  readonly key: string;
  readonly value?: { readonly value: { readonly value?: unknown } };
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource?: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly RawSpan[] }[];
  }[];
}

interface RawSpan {
  readonly name: string;
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId: Uint8Array;
  readonly kind: number;
  readonly attributes: readonly KeyValue[];
}

const LONGEST_WAIT_MS = 30_000;

export async function startOtlpCollector(address = "127.63.2.1"): Promise<OtlpCollector> {
  const [{ fromBinary }, registry] = await Promise.all([import("@bufbuild/protobuf"), messageRegistry()]);
  const schema = messageOf(registry, "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest");
  const spans: Span[] = [];
  const paths = new Set<string>();
  const waiting = new Set<() => void>();
  const server = http.createServer(KEPT_CONNECTIONS, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      paths.add(request.url ?? "");
      spans.push(...spansIn(fromBinary(schema, Buffer.concat(chunks)) as unknown as Export));
      response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
      for (const look of waiting) {
        look();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${address}:${port}`,
    spans,
    paths,
    until: (done) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (done(spans)) {
            clearTimeout(timer);
            waiting.delete(look);
            resolve(spans);
          }
        };
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`only these spans came: ${spans.map(({ name }) => name).join(", ")}`));
        }, LONGEST_WAIT_MS);
        waiting.add(look);
        look();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function spansIn({ resourceSpans }: Export): Span[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = tagsOf(resource?.attributes ?? [])["service.name"] ?? "";
    return scopeSpans.flatMap((scope) =>
      scope.spans.map((span) => ({
        name: span.name,
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentId: hex(span.parentSpanId),
        kind: span.kind,
        tags: tagsOf(span.attributes),
        service,
      })),
    );
  });
}

function tagsOf(attributes: readonly KeyValue[]): Record<string, string> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, String(value?.value.value ?? "")]));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
