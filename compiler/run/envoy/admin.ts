/** Envoy's admin interface, as far as Sluice asks it. Every call is one short connection to its Unix socket. */

import http from "node:http";

export interface AdminClient {
  /** The path of its Unix socket. */
  readonly socket: string;
  /** `LIVE` when Envoy serves, `PRE_INITIALIZING` or `INITIALIZING` while it waits for configuration. */
  ready(): Promise<string>;
  /** Counters and gauges whose name matches the regular expression (Envoy's, unanchored), by name. */
  stats(filter?: string): Promise<Map<string, number>>;
  clusters(): Promise<unknown>;
  listeners(): Promise<readonly BoundListener[]>;
  get(path: string): Promise<AdminResponse>;
  post(path: string): Promise<AdminResponse>;
}

export interface AdminResponse {
  readonly status: number;
  readonly body: string;
}

export interface BoundListener {
  readonly name: string;
  readonly address: string;
  /** The port really bound, also where the configuration said 0. */
  readonly port: number;
}

/** An expression (RE2) for what Sluice asks for, paths with their queries: an Envoy that it runs answers nothing else. */
export const ASKED_PATHS =
  "/((ready|stats(/prometheus)?|clusters|listeners|drain_listeners|healthcheck/fail)([?].*)?|runtime_modify[?]sluice[.]tap=[0-9]*)";

const TIMEOUT_MS = 10_000;
/** Bytes; all statistics of 10,000 clusters are half of it. */
const LARGEST_ANSWER = 256 << 20;

/**
 * Of an Envoy that somebody else runs: a URL such as `http://127.0.0.1:9901`, or the path of a Unix socket, with `unix:` before it or
 * not. `undefined` for what is neither.
 */
export function adminAt(address: string): Pick<AdminClient, "get"> | undefined {
  if (!address.startsWith("http:")) {
    const socketPath = address.replace(/^unix:/, "");
    return /^[a-z]+:\/\//.test(address) || socketPath === ""
      ? undefined
      : { get: (path) => request("GET", { socketPath }, path) };
  }
  if (!URL.canParse(address)) {
    return undefined;
  }
  const { hostname, port, pathname } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, "");
  // Its port is 80 where none is given.
  const place = { host, ...(port !== "" && { port }) };
  return { get: (path) => request("GET", place, pathname.replace(/\/$/, "") + path) };
}

/** `socket` is a path. */
export function adminClient(socket: string): AdminClient {
  const call = (method: string, path: string) => request(method, { socketPath: socket }, path);
  const json = async (path: string) => {
    const response = await call("GET", path);
    if (response.status !== 200) {
      throw new Error(
        `Envoy's admin interface answered ${response.status} to ${path}: ${response.body.slice(0, 200)}`,
      );
    }
    return JSON.parse(response.body);
  };
  return {
    socket,
    ready: async () => (await call("GET", "/ready")).body.trim(),
    stats: async (filter) => {
      const query = filter === undefined ? "" : `&filter=${encodeURIComponent(filter)}`;
      const { stats } = (await json(`/stats?format=json${query}`)) as {
        stats: { name?: string; value?: unknown }[];
      };
      const values = new Map<string, number>();
      for (const { name, value } of stats) {
        // Histograms stand in an entry of their own without a name, text readouts have strings.
        if (name !== undefined && typeof value === "number") {
          values.set(name, value);
        }
      }
      return values;
    },
    clusters: () => json("/clusters?format=json"),
    listeners: async () => {
      const { listener_statuses: statuses = [] } = (await json("/listeners?format=json")) as {
        listener_statuses?: { name: string; local_address?: { socket_address?: SocketAddress } }[];
      };
      return statuses.map(({ name, local_address: local }) => ({
        name,
        address: local?.socket_address?.address ?? "",
        port: local?.socket_address?.port_value ?? 0,
      }));
    },
    get: (path) => call("GET", path),
    post: (path) => call("POST", path),
  };
}

interface SocketAddress {
  readonly address: string;
  readonly port_value?: number;
}

/** Not `fetch`: its pooled connections would keep Envoy from closing at once when it is told to end. */
function request(
  method: string,
  place: Pick<http.RequestOptions, "socketPath" | "host" | "port">,
  path: string,
): Promise<AdminResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = http.request(
      { ...place, path, method, agent: false, timeout: TIMEOUT_MS },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          body += text;
          if (body.length > LARGEST_ANSWER) {
            response.destroy(new Error(`the answer to ${path} is larger than ${LARGEST_ANSWER} bytes`));
          }
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
        response.on("error", reject);
      },
    );
    outgoing.on("timeout", () =>
      outgoing.destroy(new Error(`no answer to ${path} within ${TIMEOUT_MS / 1000} s`)),
    );
    outgoing.on("error", reject);
    outgoing.end();
  });
}
