/**
 * The filter with a host that does nothing: it has the headers of one request ready, and answers every call with "done". So what
 * is measured is the filter, and not who runs it in Node.
 */

export interface BareFilter {
  /** Decides so many requests. */
  decide(requests: number): void;
  /** Processor time of the ticks until nothing is left to do, in milliseconds each. */
  tick(): readonly number[];
}

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  malloc(size: number): number;
  proxy_on_context_create(id: number, parent: number): void;
  proxy_on_vm_start(root: number, size: number): number;
  proxy_on_configure(root: number, size: number): number;
  proxy_on_request_headers(id: number, count: number, end: number): number;
  proxy_on_tick(root: number): void;
  proxy_on_delete(id: number): void;
}

const ROOT = 1;
const PLUGIN_CONFIGURATION = 7;

/** `headers`: those of the request with a number. */
export function bareFilter(
  module: WebAssembly.Module,
  blob: Uint8Array,
  headers: (request: number) => Uint8Array,
): BareFilter {
  let current: Uint8Array = new Uint8Array();
  let nanoseconds = 1_000_000_000n;
  let period = 0;
  let metrics = 0;
  let seed = 1;
  const give = (bytes: Uint8Array, at: number, sizeAt: number): number => {
    const address = filter.malloc(bytes.length) >>> 0;
    new Uint8Array(filter.memory.buffer, address, bytes.length).set(bytes);
    const view = new DataView(filter.memory.buffer);
    view.setUint32(at, address, true);
    view.setUint32(sizeAt, bytes.length, true);
    return 0;
  };
  const done = () => 0;
  const imports = {
    env: {
      proxy_log: done,
      proxy_get_buffer_bytes: (type: number, _start: number, _size: number, at: number, sizeAt: number) =>
        type === PLUGIN_CONFIGURATION ? give(blob, at, sizeAt) : 1,
      proxy_get_header_map_pairs: (_type: number, at: number, sizeAt: number) => give(current, at, sizeAt),
      proxy_add_header_map_value: done,
      proxy_replace_header_map_value: done,
      proxy_remove_header_map_value: done,
      proxy_send_local_response: done,
      proxy_get_property: () => 1,
      proxy_set_property: done,
      proxy_continue_stream: done,
      proxy_set_effective_context: done,
      proxy_set_tick_period_milliseconds: (milliseconds: number) => {
        period = milliseconds;
        return 0;
      },
      proxy_define_metric: (_type: number, _name: number, _size: number, at: number) => {
        new DataView(filter.memory.buffer).setUint32(at, ++metrics, true);
        return 0;
      },
      proxy_increment_metric: done,
      proxy_record_metric: done,
    },
    wasi_snapshot_preview1: {
      clock_time_get: (_id: number, _precision: bigint, at: number) => {
        new DataView(filter.memory.buffer).setBigUint64(at, nanoseconds, true);
        return 0;
      },
      random_get: (at: number, size: number) => {
        new Uint8Array(filter.memory.buffer, at, size).fill(seed++);
        return 0;
      },
    },
  };
  const filter = new WebAssembly.Instance(module, imports).exports as unknown as Exports;
  filter._initialize();
  filter.proxy_on_context_create(ROOT, 0);
  filter.proxy_on_vm_start(ROOT, 0);
  if (filter.proxy_on_configure(ROOT, blob.length) === 0) {
    throw new Error("the filter refuses its program");
  }
  let asked = 0;
  return {
    decide(requests) {
      for (let i = 0; i < requests; i++) {
        current = headers(asked++);
        const id = ROOT + asked;
        filter.proxy_on_context_create(id, ROOT);
        filter.proxy_on_request_headers(id, 0, 1);
        filter.proxy_on_delete(id);
      }
    },
    tick() {
      const times: number[] = [];
      while (period > 0) {
        nanoseconds += BigInt(period) * 1_000_000n;
        const start = process.cpuUsage();
        filter.proxy_on_tick(ROOT);
        const { user, system } = process.cpuUsage(start);
        times.push((user + system) / 1000);
      }
      return times;
    },
  };
}

/** Header lines as the host hands them over. */
export function headerPairs(lines: readonly (readonly [name: string, value: string])[]): Uint8Array {
  const texts = lines.flat().map((text) => Buffer.from(text));
  const sizes = new DataView(new ArrayBuffer(4 + texts.length * 4));
  sizes.setUint32(0, lines.length, true);
  for (const [i, text] of texts.entries()) {
    sizes.setUint32(4 + i * 4, text.length, true);
  }
  return Buffer.concat([new Uint8Array(sizes.buffer), ...texts.flatMap((text) => [text, Buffer.from([0])])]);
}
