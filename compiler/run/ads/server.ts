/**
 * The gRPC side of xDS: one method, streams of bytes in both directions. What is said on them is `session.ts`, what it looks
 * like `codec.ts`, and who is at the other end the business of whoever opened the server.
 *
 * Whoever is at the other end may be anybody: there are only so many streams, a message has only so many bytes, and a client that does
 * not read what it is sent is let go before that fills the memory. The others are served on.
 */

import { X509Certificate } from "node:crypto";
import type { ServerDuplexStream, ServerUnaryCall, sendUnaryData } from "@grpc/grpc-js";
import { Door } from "./door.ts";
import { type AdsServerTls, renewableCredentials } from "./server-tls.ts";

const METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";

/**
 * A client that comes back names all that it has in one message: for 10,000 services some 3 MB. Its node takes 61 kB.
 */
const LARGEST_MESSAGE = 16 << 20;
/** More than two whole states of a mesh of 10,000 services: whoever has so much to read does not read. */
const MOST_WAITING_BYTES = 64 << 20;
/** For a client that does not read to be told why it is let go. */
const GRACE_MS = 1_000;

const LIMITS = {
  // A client that is gone without a word, as one whose machine lost its power, is found out.
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 15_000,
  // A connection without a stream.
  "grpc.max_connection_idle_ms": 60_000,
  "grpc.max_receive_message_length": LARGEST_MESSAGE,
  // A mesh of thousands of services is larger than the 4 MiB that gRPC sends unless said.
  "grpc.max_send_message_length": -1,
  // It counts for a debugging service that nobody opens.
  "grpc.enable_channelz": 0,
};

const asIs = (bytes: Buffer) => bytes;
/** Messages are made and read elsewhere. */
const AS_BYTES = {
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
};

/** Why a stream is ended, by the names of gRPC's codes. */
export type StreamStatus =
  | "DEADLINE_EXCEEDED"
  | "INTERNAL"
  | "INVALID_ARGUMENT"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "UNAUTHENTICATED"
  | "UNAVAILABLE";

/** Who is at the other end, as far as its connection proves it. */
export interface AdsPeer {
  /** With its port; `unknown` on a Unix socket. */
  readonly address: string;
  /** Of a client that has proved that it is its own, where client certificates are asked for. */
  readonly certificate?: X509Certificate;
  /** Of the header `authorization: Bearer …`. */
  readonly token?: string;
}

/** A stream that a client has opened. */
export interface AdsStream {
  readonly peer: AdsPeer;
  /** What is sent on a stream that is over is lost. `onTaken`: the connection has taken it. */
  send(bytes: Uint8Array, onTaken?: () => void): void;
  /** A stream is silent before somebody listens. Whoever listens last is told. */
  onMessage(handler: (bytes: Uint8Array) => void): void;
  /** The stream is over, for whatever reason. */
  onEnd(handler: () => void): void;
  /** Tells the client why, if there is a reason. */
  end(status?: StreamStatus, words?: string): void;
}

/** A method with one request and one answer, both in bytes. */
export interface UnaryMethod {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** What it throws the client is told as a mistake of its own. */
  answer(request: Uint8Array, peer: AdsPeer): Uint8Array;
}

/** A method with messages in both directions, in bytes. */
export interface StreamMethod {
  /** `/package.Service/Method`. */
  readonly path: string;
  onStream(stream: AdsStream): void;
}

export interface AdsServerOptions {
  /** `address:port`, where port 0 is any that is free, or `unix:/path`. */
  readonly listen: string;
  /** Without it, plain text: for a loopback address, or a Unix socket in a folder of this user. */
  readonly tls?: AdsServerTls;
  /** Who comes when there are so many is told RESOURCE_EXHAUSTED, and may find another server. */
  readonly mostStreams?: number;
  readonly onStream: (stream: AdsStream) => void;
  /** What else can be asked here, with one answer to one request. */
  readonly methods?: readonly UnaryMethod[];
  /** What else can be opened here; such streams do not count as those of proxies. */
  readonly streamMethods?: readonly StreamMethod[];
  /** Told, in a line, of a client that was not served or is served no longer. */
  readonly onProblem?: (line: string) => void;
}

export interface AdsServer {
  /** The one that it listens on; 0 for a Unix socket. */
  readonly port: number;
  /** Of now. */
  readonly streams: number;
  /** Bytes that clients were sent on all streams, also on those that are over. */
  readonly sentBytes: number;
  /** From now on clients that connect meet these certificates. Of no use to a server without TLS. */
  renewTls(tls: AdsServerTls): void;
  /** Ends all streams. */
  close(): void;
}

/** Serves delta ADS. Throws an `EnvironmentError` where `listen` cannot be opened. */
export async function startAdsServer(options: AdsServerOptions): Promise<AdsServer> {
  const { listen, tls, mostStreams = Number.POSITIVE_INFINITY, onStream, onProblem = () => {} } = options;
  const { methods = [], streamMethods = [] } = options;
  const { Server, ServerCredentials, status } = await import("@grpc/grpc-js");
  const server = new Server(LIMITS);
  const open = new Set<Call>();
  let sentBytes = 0;
  const around: Surroundings = {
    codes: status,
    cut: (peer) => door.cut(peer),
    onSent: (bytes) => {
      sentBytes += bytes;
    },
    onProblem,
  };
  server.addService(
    {
      deltaAggregatedResources: {
        path: METHOD,
        requestStream: true,
        responseStream: true,
        ...AS_BYTES,
      },
    },
    {
      deltaAggregatedResources(call: Call) {
        const stream = new CallStream(call, around);
        if (open.size >= mostStreams) {
          stream.end("RESOURCE_EXHAUSTED", `this server serves ${mostStreams} streams at most`);
          onProblem(`${stream.peer.address} was sent away: there are ${open.size} streams already`);
          return;
        }
        open.add(call);
        stream.onEnd(() => open.delete(call));
        onStream(stream);
      },
    },
  );
  for (const { path, answer } of methods) {
    const method = { path, requestStream: false, responseStream: false, ...AS_BYTES };
    server.addService(
      { method },
      {
        method(call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
          try {
            done(null, Buffer.from(answer(call.request, peerOf(call))));
          } catch (error) {
            done({ code: status.INVALID_ARGUMENT, details: (error as Error).message });
          }
        },
      },
    );
  }
  for (const { path, onStream: open } of streamMethods) {
    const method = { path, requestStream: true, responseStream: true, ...AS_BYTES };
    server.addService({ method }, { method: (call: Call) => open(new CallStream(call, around)) });
  }
  const renewable = tls && (await renewableCredentials(tls));
  const inside = server.createConnectionInjector(renewable ?? ServerCredentials.createInsecure());
  const door = await Door.open({
    listen,
    protocol: tls === undefined ? "HTTP/2" : "TLS",
    onConnection: (socket) => inside.injectConnection(socket),
    onProblem,
  });
  return {
    port: door.port,
    get streams() {
      return open.size;
    },
    get sentBytes() {
      return sentBytes;
    },
    renewTls: (now) => renewable?.renew(now),
    close() {
      door.close();
      server.forceShutdown();
    },
  };
}

type Call = ServerDuplexStream<Buffer, Buffer>;
type StatusCodes = Readonly<Record<StreamStatus, number>>;

interface Surroundings {
  readonly codes: StatusCodes;
  readonly onSent: (bytes: number) => void;
  /** Ends the connection of an address. */
  readonly cut: (address: string) => void;
  readonly onProblem: (line: string) => void;
}

class CallStream implements AdsStream {
  readonly peer: AdsPeer;
  readonly #call: Call;
  readonly #around: Surroundings;
  readonly #onEnd: (() => void)[] = [];
  #onMessage: ((bytes: Uint8Array) => void) | undefined;
  /** Given to gRPC, and not yet to the connection. */
  #waiting = 0;
  #isOver = false;

  constructor(call: Call, around: Surroundings) {
    this.#call = call;
    this.#around = around;
    this.peer = peerOf(call);
    // A client that has nothing more to say is not served on.
    call.on("end", () => this.end());
    for (const event of ["error", "cancelled", "close"]) {
      call.on(event, () => this.#over());
    }
  }

  send(bytes: Uint8Array, onTaken?: () => void): void {
    if (this.#isOver) {
      return;
    }
    if (this.#waiting > 0 && this.#waiting + bytes.length > MOST_WAITING_BYTES) {
      this.#letGo();
      return;
    }
    this.#waiting += bytes.length;
    this.#around.onSent(bytes.length);
    this.#call.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), () => {
      this.#waiting -= bytes.length;
      onTaken?.();
    });
  }

  onMessage(handler: (bytes: Uint8Array) => void): void {
    if (this.#onMessage === undefined) {
      this.#call.on("data", (bytes: Buffer) => this.#onMessage?.(bytes));
    }
    this.#onMessage = handler;
  }

  onEnd(handler: () => void): void {
    this.#onEnd.push(handler);
  }

  end(status?: StreamStatus, words = ""): void {
    if (this.#isOver) {
      return;
    }
    if (status === undefined) {
      this.#call.end();
    } else {
      this.#call.emit("error", { code: this.#around.codes[status], details: words });
    }
    this.#over();
  }

  /** What waits is not sent any more: it would wait for as long as the connection lasts. */
  #letGo(): void {
    const { address } = this.peer;
    this.#around.onProblem(`${address} does not read: ${this.#waiting} bytes wait for it; it was let go`);
    this.end("RESOURCE_EXHAUSTED", "too much waits to be read");
    setTimeout(() => {
      this.#call.destroy();
      this.#around.cut(address);
    }, GRACE_MS).unref();
  }

  #over(): void {
    if (!this.#isOver) {
      this.#isOver = true;
      for (const handler of this.#onEnd) {
        handler();
      }
    }
  }
}

const BEARER = /^Bearer +(\S+)$/i;

function peerOf(call: Call | ServerUnaryCall<Buffer, Buffer>): AdsPeer {
  const certificate = call.getAuthContext().sslPeerCertificate?.raw;
  const token = BEARER.exec(String(call.metadata.get("authorization")[0] ?? ""))?.[1];
  return {
    address: call.getPeer(),
    ...(certificate && { certificate: new X509Certificate(certificate) }),
    ...(token !== undefined && { token }),
  };
}
