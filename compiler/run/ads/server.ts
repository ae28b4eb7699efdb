/**
 * The gRPC side of xDS: one method, streams of bytes in both directions. What is said on them is `session.ts`, what it looks
 * like `codec.ts`, and who is at the other end the business of whoever opened the server.
 */

import type { Server, ServerDuplexStream } from "@grpc/grpc-js";
import { EnvironmentError } from "../../platform/error.ts";

const METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";

/** A stream that a client has opened. */
export interface AdsStream {
  send(bytes: Uint8Array): void;
  /** Both are called once the owner has set them; a stream is silent before. */
  onMessage(handler: (bytes: Uint8Array) => void): void;
  /** The stream is over, for whatever reason. */
  onEnd(handler: () => void): void;
  end(): void;
}

export interface AdsServer {
  /** Ends all streams. */
  close(): void;
}

/**
 * Serves delta ADS, in plain text: on a Unix socket in a folder of this user (`unix:/…`), or on a loopback address. Throws an
 * `EnvironmentError` where that cannot be opened.
 */
export async function startAdsServer(
  listen: string,
  onStream: (stream: AdsStream) => void,
): Promise<AdsServer> {
  const grpc = await import("@grpc/grpc-js");
  const server = new grpc.Server({
    // A mesh of thousands of services is larger than the 4 MiB that gRPC takes unless said.
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  const asIs = (bytes: Buffer) => bytes;
  server.addService(
    {
      deltaAggregatedResources: {
        path: METHOD,
        requestStream: true,
        responseStream: true,
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      },
    },
    {
      deltaAggregatedResources(call: ServerDuplexStream<Buffer, Buffer>) {
        onStream(streamOf(call));
      },
    },
  );
  await bind(server, listen, grpc.ServerCredentials.createInsecure());
  return { close: () => server.forceShutdown() };
}

function bind(
  server: Server,
  listen: string,
  credentials: Parameters<Server["bindAsync"]>[1],
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(listen, credentials, (error) => {
      if (error === null) {
        resolve();
      } else {
        reject(new EnvironmentError(`cannot listen on ${listen} for Envoy: ${error.message}`));
      }
    });
  });
}

function streamOf(call: ServerDuplexStream<Buffer, Buffer>): AdsStream {
  return {
    send: (bytes) => void call.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
    onMessage: (handler) => void call.on("data", handler),
    onEnd(handler) {
      let isOver = false;
      const over = () => {
        if (!isOver) {
          isOver = true;
          handler();
        }
      };
      call.on("end", over);
      call.on("error", over);
      call.on("cancelled", over);
    },
    end: () => call.end(),
  };
}
