/**
 * A proxy-wasm host in Node, small but real: it runs the same `dist/filter.wasm` that Envoy runs, so that the
 * compiler's tools never decide by a second implementation. Time stands still unless a request waits, then it is
 * moved on; randomness is seeded.
 */

import { readFileSync } from "node:fs";
import { CLUSTER_HEADER, DESTINATION_NONE, ROUTE_NONE } from "../../../filter/layout.ts";
import type { Claims } from "../request/claims.ts";
import type { HeaderLine, HostRequest } from "../request/wire.ts";
import { metadataMessage } from "./metadata.ts";
import type { SharedData } from "./shared-data.ts";

/** What became of a request. */
export interface Decision {
  /** The request goes on to a cluster, or the filter answered it. */
  readonly outcome: "forward" | "respond";
  /** `forward`: the cluster's name. */
  readonly cluster?: string;
  /** The route that it took, by its place among all of the program; absent for none. */
  readonly route?: number;
  /** The destination that was drawn, by its place in a split. */
  readonly destination?: number;
  /** `respond`: the answer. */
  readonly status?: number;
  readonly body?: string;
  readonly grpcStatus?: number;
  /** Header lines of the answer, beside those that Envoy gives every answer. */
  readonly responseHeaders?: readonly HeaderLine[];
  /** Milliseconds that the request was made to wait. */
  readonly delayMs: number;
  /** The request headers as Envoy's router sees them. */
  readonly headers: readonly HeaderLine[];
  /** Those that the filter wrote. */
  readonly written: ReadonlyMap<string, string>;
  /** What the filter told of the request for access logs and traces: `sluice.rule`, `sluice.match`, `sluice.fault`. */
  readonly properties: ReadonlyMap<string, string>;
}

/** A line that the filter logged, with Envoy's level (0 trace … 5 critical). */
export interface LogLine {
  readonly level: number;
  readonly text: string;
}

interface Exports {
  memory: WebAssembly.Memory;
  decidedRoute: WebAssembly.Global;
  decidedDestination: WebAssembly.Global;
  heapAllocations: WebAssembly.Global;
  _initialize(): void;
  malloc(size: number): number;
  proxy_on_context_create(id: number, parent: number): void;
  proxy_on_vm_start(root: number, size: number): number;
  proxy_on_configure(root: number, size: number): number;
  proxy_on_request_headers(id: number, count: number, end: number): number;
  proxy_on_tick(root: number): void;
  proxy_on_delete(id: number): void;
}

interface Response {
  readonly status: number;
  readonly body: string;
  readonly grpcStatus: number;
  readonly headers: readonly HeaderLine[];
}

interface Stream {
  readonly root: number;
  readonly source: string;
  readonly claims: Claims | undefined;
  headers: HeaderLine[];
  readonly written: Map<string, string>;
  readonly properties: Map<string, string>;
  route?: number;
  destination?: number;
  response?: Response;
  resumed: boolean;
}

/** Of a root; a period of 0 is none. In nanoseconds. */
interface Tick {
  readonly periodMs: number;
  readonly due: bigint;
}

const NO_TICK: Tick = { periodMs: 0, due: 0n };
const MILLISECOND = 1_000_000n;

const OK = 0;
const NOT_FOUND = 1;
const BAD_ARGUMENT = 2;
const CAS_MISMATCH = 8;
const CONTINUE = 0;
const PAUSE_ALL = 4;

/** One wasm VM, as an Envoy worker has one. It can hold several root contexts, as it does during a reload. */
export class FilterVm {
  readonly log: LogLine[] = [];
  readonly #exports: Exports;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();
  readonly #streams = new Map<number, Stream>();
  readonly #ticks = new Map<number, Tick>();
  /** By name, and by id: what the filter counts and sets, summed over all that the VM ever ran. */
  readonly #statistics = new Map<string, number>();
  readonly #metrics: string[] = [];
  readonly #shared: SharedData | undefined;
  #configuration: Uint8Array = new Uint8Array();
  #nextId = 1;
  #effective = 0;
  #nanoseconds = 1_000_000_000n;

  /**
   * `shared`: what it has in common with other VMs, as the workers of an Envoy have. Without, nothing is remembered of a request, so
   * that each finds limits untouched and is answered alike, however many were asked before.
   */
  constructor(module: WebAssembly.Module, seed = 1, shared?: SharedData) {
    this.#shared = shared;
    let state = seed >>> 0 || 1;
    const nextByte = (): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state & 0xff;
    };
    const imports = {
      env: {
        proxy_log: (level: number, at: number, size: number) => {
          this.log.push({ level, text: this.#text(at, size) });
          return OK;
        },
        proxy_get_buffer_bytes: (type: number, start: number, size: number, at: number, sizeAt: number) => {
          if (type !== 7) {
            return BAD_ARGUMENT;
          }
          this.#give(this.#configuration.subarray(start, start + size), at, sizeAt);
          return OK;
        },
        proxy_get_header_map_pairs: (_type: number, at: number, sizeAt: number) => {
          const stream = this.#streams.get(this.#effective);
          if (!stream) {
            return NOT_FOUND;
          }
          this.#give(this.#pairs(stream.headers), at, sizeAt);
          return OK;
        },
        proxy_add_header_map_value: (
          _type: number,
          nameAt: number,
          nameSize: number,
          valueAt: number,
          valueSize: number,
        ) => {
          const stream = this.#streams.get(this.#effective);
          if (!stream) {
            return NOT_FOUND;
          }
          const name = this.#text(nameAt, nameSize);
          const value = this.#text(valueAt, valueSize);
          stream.headers.push([name, value]);
          stream.written.set(name, value);
          return OK;
        },
        proxy_replace_header_map_value: (
          _type: number,
          nameAt: number,
          nameSize: number,
          valueAt: number,
          valueSize: number,
        ) => {
          const stream = this.#streams.get(this.#effective);
          if (!stream) {
            return NOT_FOUND;
          }
          const name = this.#text(nameAt, nameSize);
          const line: HeaderLine = [name, this.#text(valueAt, valueSize)];
          const first = stream.headers.findIndex(([other]) => other === name);
          stream.headers = stream.headers.filter(([other], i) => other !== name || i === first);
          if (first < 0) {
            stream.headers.push(line);
          } else {
            stream.headers[first] = line;
          }
          stream.written.set(...line);
          return OK;
        },
        proxy_remove_header_map_value: (_type: number, nameAt: number, nameSize: number) => {
          const stream = this.#streams.get(this.#effective);
          if (!stream) {
            return NOT_FOUND;
          }
          const name = this.#text(nameAt, nameSize);
          stream.headers = stream.headers.filter(([other]) => other !== name);
          return OK;
        },
        proxy_send_local_response: (
          status: number,
          _details: number,
          _detailsSize: number,
          body: number,
          bodySize: number,
          headers: number,
          headersSize: number,
          grpcStatus: number,
        ) => {
          const stream = this.#streams.get(this.#effective);
          if (!stream) {
            return BAD_ARGUMENT;
          }
          stream.response = {
            status,
            body: this.#text(body, bodySize),
            grpcStatus: grpcStatus | 0,
            headers: this.#lines(headers, headersSize),
          };
          return OK;
        },
        proxy_get_property: (path: number, pathSize: number, at: number, sizeAt: number) => {
          const stream = this.#streams.get(this.#effective);
          const property = stream && this.#property(stream, this.#text(path, pathSize));
          if (property === undefined) {
            return NOT_FOUND;
          }
          this.#give(property, at, sizeAt);
          return OK;
        },
        proxy_continue_stream: () => {
          const stream = this.#streams.get(this.#effective);
          if (!stream) {
            return BAD_ARGUMENT;
          }
          stream.resumed = true;
          return OK;
        },
        proxy_set_effective_context: (id: number) => {
          if (!this.#streams.has(id) && !this.#ticks.has(id)) {
            return BAD_ARGUMENT;
          }
          this.#effective = id;
          return OK;
        },
        proxy_set_tick_period_milliseconds: (period: number) => {
          const root = this.#streams.get(this.#effective)?.root ?? this.#effective;
          if (!this.#ticks.has(root)) {
            return BAD_ARGUMENT;
          }
          this.#setTick(root, period);
          return OK;
        },
        proxy_set_property: (path: number, pathSize: number, value: number, valueSize: number) => {
          const stream = this.#streams.get(this.#effective);
          stream?.properties.set(this.#text(path, pathSize), this.#text(value, valueSize));
          return stream ? OK : NOT_FOUND;
        },
        proxy_get_shared_data: (
          name: number,
          nameSize: number,
          at: number,
          sizeAt: number,
          versionAt: number,
        ) => {
          const found = this.#shared?.read(this.#bytes(name, nameSize));
          if (found === undefined) {
            return NOT_FOUND;
          }
          this.#give(found.value, at, sizeAt);
          new DataView(this.#exports.memory.buffer).setUint32(versionAt, found.version, true);
          return OK;
        },
        proxy_set_shared_data: (
          name: number,
          nameSize: number,
          value: number,
          valueSize: number,
          version: number,
        ) => {
          const isDone = this.#shared?.write(
            this.#bytes(name, nameSize),
            this.#bytes(value, valueSize),
            version,
          );
          return isDone === false ? CAS_MISMATCH : OK;
        },
        proxy_define_metric: (_type: number, name: number, nameSize: number, at: number) => {
          const text = this.#text(name, nameSize);
          this.#statistics.set(text, this.#statistics.get(text) ?? 0);
          new DataView(this.#exports.memory.buffer).setUint32(at, this.#metrics.push(text) - 1, true);
          return OK;
        },
        proxy_increment_metric: (id: number, amount: bigint) => {
          const name = this.#metrics[id];
          if (name === undefined) {
            return NOT_FOUND;
          }
          this.#statistics.set(name, this.#statistics.get(name)! + Number(amount));
          return OK;
        },
        proxy_record_metric: (id: number, value: bigint) => {
          const name = this.#metrics[id];
          if (name === undefined) {
            return NOT_FOUND;
          }
          this.#statistics.set(name, Number(value));
          return OK;
        },
      },
      wasi_snapshot_preview1: {
        clock_time_get: (_id: number, _precision: bigint, at: number) => {
          new DataView(this.#exports.memory.buffer).setBigUint64(at, this.#nanoseconds, true);
          return 0;
        },
        random_get: (at: number, size: number) => {
          const bytes = this.#bytes(at, size);
          for (let i = 0; i < size; i++) {
            bytes[i] = nextByte();
          }
          return 0;
        },
      },
    };
    this.#exports = new WebAssembly.Instance(module, imports).exports as unknown as Exports;
    this.#exports._initialize();
  }

  /** Pages of 64 KiB that the VM's memory has. */
  get memoryPages(): number {
    return this.#exports.memory.buffer.byteLength / 65536;
  }

  /** How many blocks the filter has taken from its heap since it was started. */
  get heapAllocations(): number {
    return this.#exports.heapAllocations.value;
  }

  /** Milliseconds of the tick that a root has set, 0 when none. */
  tickOf(root: number): number {
    return this.#ticks.get(root)?.periodMs ?? 0;
  }

  /** The statistics that the filter has told so far, by their names (`compiler/back/stat-names.ts`). */
  get statistics(): ReadonlyMap<string, number> {
    return this.#statistics;
  }

  /** How many statistics were defined; one that is defined twice counts twice. */
  get definedMetrics(): number {
    return this.#metrics.length;
  }

  /** A new root context with a blob, as at start or reload. Undefined when the filter refuses the blob (see `log`). */
  configure(blob: Uint8Array): number | undefined {
    const root = this.#nextId++;
    const first = this.#ticks.size === 0;
    this.#ticks.set(root, NO_TICK);
    this.#effective = root;
    this.#exports.proxy_on_context_create(root, 0);
    if (first) {
      this.#exports.proxy_on_vm_start(root, 0);
    }
    this.#configuration = blob;
    const accepted = this.#exports.proxy_on_configure(root, blob.length) !== 0;
    this.#configuration = new Uint8Array();
    if (accepted) {
      return root;
    }
    this.deleteRoot(root);
    return undefined;
  }

  deleteRoot(root: number): void {
    this.#ticks.delete(root);
    this.#effective = root;
    this.#exports.proxy_on_delete(root);
  }

  /** Begins a request and returns its id; it may wait for a delay. `end` must follow. */
  begin(root: number, request: HostRequest): number {
    const id = this.#nextId++;
    const headers: HeaderLine[] = [
      [":authority", request.authority],
      [":path", request.path],
      [":method", request.method ?? "GET"],
      [":scheme", request.scheme ?? "http"],
      ...(request.headers ?? []).map(([name, value]): HeaderLine => [name.toLowerCase(), value]),
    ];
    const stream: Stream = {
      root,
      source: request.source ?? "127.0.0.1:40000",
      claims: request.claims,
      headers,
      written: new Map(),
      properties: new Map(),
      resumed: false,
    };
    this.#streams.set(id, stream);
    this.#effective = id;
    this.#exports.proxy_on_context_create(id, root);
    this.#effective = id;
    const action = this.#exports.proxy_on_request_headers(id, headers.length, 1);
    const route = this.#exports.decidedRoute.value >>> 0;
    if (route !== ROUTE_NONE) {
      stream.route = route;
    }
    const destination = this.#exports.decidedDestination.value >>> 0;
    if (destination !== DESTINATION_NONE) {
      stream.destination = destination;
    }
    if (action === CONTINUE) {
      stream.resumed = true;
    } else if (action !== PAUSE_ALL && !stream.response) {
      throw new Error(`the filter stopped a request: ${action}`);
    }
    return id;
  }

  /** Whether a request that has begun still waits. */
  waits(id: number): boolean {
    const stream = this.#streams.get(id);
    return stream !== undefined && !stream.resumed && !stream.response;
  }

  /** What the filter answered, if it did. */
  responseOf(id: number): Response | undefined {
    return this.#streams.get(id)?.response;
  }

  /** Moves the clock on, and calls a root's tick when its time has come. */
  advance(root: number, milliseconds: number): void {
    this.#nanoseconds += BigInt(milliseconds) * MILLISECOND;
    this.#tick(root);
  }

  /** Lets time pass, with every tick that comes in it. */
  pass(milliseconds: number): void {
    this.#passUntil(this.#nanoseconds + BigInt(milliseconds) * MILLISECOND);
  }

  /** Lets an hour pass: but for what waits longer, nothing ticks any more. */
  settle(): void {
    this.pass(3_600_000);
  }

  #passUntil(end: bigint): void {
    for (let next = this.#nextTick(); next && next.due <= end; next = this.#nextTick()) {
      this.#nanoseconds = next.due;
      this.#tick(next.root);
    }
    this.#nanoseconds = end;
  }

  #property({ source, claims }: Stream, path: string): Uint8Array | undefined {
    switch (path) {
      case "source\0address":
        return this.#encoder.encode(source);
      case "metadata":
        return metadataMessage(claims);
      default:
        return undefined;
    }
  }

  #setTick(root: number, periodMs: number): void {
    this.#ticks.set(root, { periodMs, due: this.#nanoseconds + BigInt(periodMs) * MILLISECOND });
  }

  #tick(root: number): void {
    const { periodMs } = this.#ticks.get(root)!;
    this.#setTick(root, periodMs);
    this.#effective = root;
    this.#exports.proxy_on_tick(root);
  }

  /** The root that ticks next. */
  #nextTick(): { readonly root: number; readonly due: bigint } | undefined {
    const ticking = [...this.#ticks].filter(([, { periodMs }]) => periodMs > 0);
    const [first] = ticking.sort(([, a], [, b]) => Number(a.due - b.due));
    return first && { root: first[0], due: first[1].due };
  }

  /** Ends a request, whether it was decided or its client is gone. */
  end(id: number): void {
    this.#effective = id;
    this.#exports.proxy_on_delete(id);
    this.#streams.delete(id);
  }

  /** One request from beginning to end. */
  decide(root: number, request: HostRequest): Decision {
    const id = this.begin(root, request);
    const stream = this.#streams.get(id)!;
    let delayMs = 0;
    while (this.waits(id)) {
      const next = this.#nextTick();
      if (next === undefined) {
        throw new Error("a request waits, and no tick is set");
      }
      delayMs += Number((next.due - this.#nanoseconds) / MILLISECOND);
      this.#nanoseconds = next.due;
      this.#tick(next.root);
    }
    this.end(id);
    const { headers, written, properties, response, route, destination } = stream;
    const taken = {
      ...(route !== undefined && { route }),
      ...(destination !== undefined && { destination }),
    };
    if (response) {
      const { status, body, grpcStatus, headers: responseHeaders } = response;
      return {
        outcome: "respond",
        ...taken,
        status,
        body,
        ...(grpcStatus >= 0 ? { grpcStatus } : {}),
        ...(responseHeaders.length > 0 ? { responseHeaders } : {}),
        delayMs,
        headers,
        written,
        properties,
      };
    }
    const cluster = written.get(CLUSTER_HEADER);
    return {
      outcome: "forward",
      ...(cluster !== undefined ? { cluster } : {}),
      ...taken,
      delayMs,
      headers,
      written,
      properties,
    };
  }

  #bytes(at: number, size: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, at, size);
  }

  #text(at: number, size: number): string {
    return this.#decoder.decode(this.#bytes(at, size));
  }

  /** Hands bytes to the filter in memory that it allocates itself. */
  #give(bytes: Uint8Array, at: number, sizeAt: number): void {
    const address = this.#exports.malloc(bytes.length) >>> 0;
    this.#bytes(address, bytes.length).set(bytes);
    const view = new DataView(this.#exports.memory.buffer);
    view.setUint32(at, address, true);
    view.setUint32(sizeAt, bytes.length, true);
  }

  /** Header lines that the filter wrote in the form that `#pairs` makes. */
  #lines(at: number, size: number): HeaderLine[] {
    const view = new DataView(this.#exports.memory.buffer, at, size);
    const count = view.getUint32(0, true);
    let textAt = 4 + count * 8;
    const texts = Array.from({ length: count * 2 }, (_, i) => {
      const length = view.getUint32(4 + i * 4, true);
      const text = this.#text(at + textAt, length);
      textAt += length + 1;
      return text;
    });
    return Array.from({ length: count }, (_, i): HeaderLine => [texts[i * 2]!, texts[i * 2 + 1]!]);
  }

  #pairs(headers: readonly HeaderLine[]): Uint8Array {
    const lines = headers.flatMap(([name, value]) => [
      this.#encoder.encode(name),
      this.#encoder.encode(value),
    ]);
    const size = 4 + lines.reduce((sum, line) => sum + 4 + line.length + 1, 0);
    const bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, headers.length, true);
    let sizeAt = 4;
    let at = 4 + lines.length * 4;
    for (const line of lines) {
      view.setUint32(sizeAt, line.length, true);
      bytes.set(line, at);
      sizeAt += 4;
      at += line.length + 1;
    }
    return bytes;
  }
}

/** The compiled filter in a file: `dist/filter.wasm`, wherever that stands for the caller. */
export function loadFilter(path: string | URL): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(path));
}
