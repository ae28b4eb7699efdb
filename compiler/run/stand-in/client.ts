/**
 * The client of the tests: HTTP/1.1 written by hand over a socket, because Node's own refuses or repairs what a
 * hostile client sends, and HTTP/2 by Node.
 */

import http2 from "node:http2";
import net from "node:net";
import tls from "node:tls";
import { addLine, noHeaders } from "../../answers/cases/headers.ts";

export interface ClientRequest {
  readonly method?: string;
  /** As it goes on the wire, each character one byte (latin1). */
  readonly path: string;
  /** `undefined` sends no Host at all, which HTTP/1.1 forbids. */
  readonly host: string | undefined;
  /** Where it is not that of the connection: HTTP/1.1 says it in an absolute-form target. */
  readonly scheme?: string;
  /** A list is sent as several lines. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
}

export interface ClientResponse {
  readonly status: number;
  /** Lower-case names, every line. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly elapsedMs: number;
}

const TIMEOUT_MS = 40_000;

export function formatRequest(request: ClientRequest): Buffer {
  const { scheme, host, path } = request;
  const target = scheme === undefined ? path : `${scheme}://${host}${path}`;
  const lines = [`${request.method ?? "GET"} ${target} HTTP/1.1`];
  if (request.host !== undefined) {
    lines.push(`host: ${request.host}`);
  }
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    for (const line of typeof value === "string" ? [value] : value) {
      lines.push(`${name}: ${line}`);
    }
  }
  const body = request.body === undefined ? Buffer.alloc(0) : Buffer.from(request.body);
  if (body.length > 0) {
    lines.push(`content-length: ${body.length}`);
  }
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}

/** One connection that stays open; requests go over it one after another. */
export class Connection {
  readonly #socket: net.Socket;
  #received = Buffer.alloc(0);
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake?.();
    });
    socket.on("error", (error) => {
      this.#error = error;
    });
    socket.on("close", () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  static open(port: number, address = "127.0.0.1", way: Way = {}): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, address, way);
      const connection = new Connection(socket);
      socket.once("connect", () => resolve(connection));
      socket.once("error", reject);
    });
  }

  /** Over TLS, whoever answers: what stands in the certificate is not what is asked. */
  static openTls(
    port: number,
    servername: string,
    address = "127.0.0.1",
    way: Way = {},
  ): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = tls.connect({
        socket: connect(port, address, way),
        rejectUnauthorized: false,
        ...serverName(servername),
      });
      const connection = new Connection(socket);
      socket.once("secureConnect", () => resolve(connection));
      socket.once("error", reject);
    });
  }

  /** Sends bytes as they are and reads one response. */
  async send(bytes: Buffer, isHead = false): Promise<ClientResponse> {
    const start = performance.now();
    this.#socket.write(bytes);
    const timer = setTimeout(
      () => this.#socket.destroy(new Error(`no complete response within ${TIMEOUT_MS / 1000} s`)),
      TIMEOUT_MS,
    );
    try {
      return { ...(await this.#read(isHead)), elapsedMs: performance.now() - start };
    } finally {
      clearTimeout(timer);
    }
  }

  request(request: ClientRequest): Promise<ClientResponse> {
    return this.send(formatRequest(request), request.method === "HEAD");
  }

  close(): void {
    this.#socket.destroy();
  }

  async #read(isHead: boolean): Promise<Omit<ClientResponse, "elapsedMs">> {
    for (;;) {
      const end = await this.#find("\r\n\r\n", 0);
      const head = this.#received.toString("latin1", 0, end).split("\r\n");
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head[0]!)?.[1]);
      const headers = noHeaders<string[]>();
      for (const line of head.slice(1)) {
        const colon = line.indexOf(":");
        addLine(headers, line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
      }
      this.#received = this.#received.subarray(end + 4);
      if (status >= 100 && status < 200) {
        continue;
      }
      const body = isHead || status === 204 || status === 304 ? "" : await this.#readBody(headers);
      return { status, headers, body };
    }
  }

  async #readBody(headers: Record<string, string[]>): Promise<string> {
    if (headers["transfer-encoding"]?.[0]?.toLowerCase() === "chunked") {
      let body = "";
      for (;;) {
        const end = await this.#find("\r\n", 0);
        const size = Number.parseInt(this.#received.toString("latin1", 0, end), 16);
        await this.#until(() => this.#received.length >= end + 2 + size + 2);
        body += this.#received.toString("utf8", end + 2, end + 2 + size);
        this.#received = this.#received.subarray(end + 2 + size + 2);
        if (size === 0) {
          return body;
        }
      }
    }
    const length = headers["content-length"]?.[0];
    if (length === undefined) {
      await this.#until(() => this.#ended);
    } else {
      await this.#until(() => this.#received.length >= Number(length));
    }
    const size = length === undefined ? this.#received.length : Number(length);
    const body = this.#received.toString("utf8", 0, size);
    this.#received = this.#received.subarray(size);
    return body;
  }

  async #find(text: string, from: number): Promise<number> {
    await this.#until(() => this.#received.includes(text, from));
    return this.#received.indexOf(text, from);
  }

  async #until(done: () => boolean): Promise<void> {
    while (!done()) {
      if (this.#ended) {
        throw this.#error ?? new Error("the connection was closed before the response was complete");
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** How a client comes to a port. */
export interface Way {
  /** Bytes with which the connection begins, before TLS. */
  readonly preface?: Uint8Array;
  /** The address that it comes from. */
  readonly localAddress?: string;
}

function connect(port: number, host: string, { preface, localAddress }: Way): net.Socket {
  const socket = net.connect({ host, port, ...(localAddress !== undefined && { localAddress }) });
  if (preface !== undefined) {
    socket.write(preface);
  }
  return socket;
}

/** The name that a client asks for by SNI; addresses are none. */
function serverName(authority: string): { readonly servername?: string } {
  const host = authority.replace(/:\d+$/, "");
  return net.isIP(host.replace(/^\[|\]$/g, "")) === 0 ? { servername: host } : {};
}

/** One request over a connection of its own. */
export async function ask(port: number, request: ClientRequest): Promise<ClientResponse> {
  return askRaw(port, formatRequest(request), request.method === "HEAD");
}

/** The same for bytes that no client would write. */
export async function askRaw(
  port: number,
  bytes: Buffer,
  isHead = false,
  way: Way = {},
): Promise<ClientResponse> {
  const connection = await Connection.open(port, undefined, way);
  try {
    return await connection.send(bytes, isHead);
  } finally {
    connection.close();
  }
}

/** One request over an HTTP/2 connection of its own. */
export function askHttp2(
  port: number,
  request: ClientRequest,
  secure = false,
  way: Way = {},
): Promise<ClientResponse> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const createConnection = (): net.Socket => {
      const socket = connect(port, "127.0.0.1", way);
      return secure
        ? tls.connect({
            socket,
            rejectUnauthorized: false,
            ALPNProtocols: ["h2"],
            ...serverName(request.host ?? ""),
          })
        : socket;
    };
    const session = http2.connect(`${secure ? "https" : "http"}://127.0.0.1:${port}`, { createConnection });
    const fail = (error: Error) => {
      session.destroy();
      reject(error);
    };
    session.on("error", fail);
    const stream = session.request({
      ":method": request.method ?? "GET",
      ":path": request.path,
      ...(request.scheme !== undefined && { ":scheme": request.scheme }),
      ...(request.host !== undefined && { ":authority": request.host }),
      ...(request.headers as http2.OutgoingHttpHeaders | undefined),
    });
    stream.setTimeout(TIMEOUT_MS, () => fail(new Error(`no response within ${TIMEOUT_MS / 1000} s`)));
    stream.on("error", fail);
    let status = 0;
    let body = "";
    const headers = noHeaders<string[]>();
    stream.on("response", (fields, _flags, lines: readonly string[] = []) => {
      status = Number(fields[":status"]);
      for (let i = 0; i + 1 < lines.length; i += 2) {
        addLine(headers, lines[i]!, lines[i + 1]!);
      }
    });
    // A gRPC answer without a body may put its status into trailers.
    stream.on("trailers", (fields) => {
      for (const [name, value] of Object.entries(fields)) {
        headers[name] = [value ?? ""].flat().map(String);
      }
    });
    stream.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    stream.on("end", () => {
      session.close();
      // A connection that Envoy ends is no error for Node.
      if (status === 0) {
        fail(new Error("the stream ended without an answer"));
        return;
      }
      resolve({ status, headers, body, elapsedMs: performance.now() - start });
    });
    stream.end(request.body);
  });
}
