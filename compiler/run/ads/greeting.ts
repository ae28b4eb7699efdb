/**
 * The beginning of a stream, up to the first message: who is there. Whoever connects and says nothing, or not who it is, is
 * told so and let go.
 */

import type { AdsCodec, Decoded } from "./codec.ts";
import type { RequestNode } from "./node.ts";
import type { AdsStream } from "./server.ts";

/** An Envoy sends its first request as soon as the stream is there. */
const PATIENCE_MS = 15_000;
/** Characters of JSON. It is kept for as long as the proxy is known; that of an Envoy in a mesh has some 10,000. */
const MOST_METADATA = 64 << 10;

export interface Greeting {
  readonly stream: AdsStream;
  readonly node: RequestNode;
  /** The first message itself, which also asks for something. */
  readonly first: Decoded;
}

export interface GreetOptions {
  readonly stream: AdsStream;
  readonly codec: AdsCodec;
  /** Takes the stream over, before it says anything more. */
  readonly onGreeting: (greeting: Greeting) => void;
  /** Told, in a line, why a stream was let go. */
  readonly onProblem?: (line: string) => void;
  readonly patienceMs?: number;
}

/** Reads the first message of a stream. */
export function greet({
  stream,
  codec,
  onGreeting,
  onProblem = () => {},
  patienceMs = PATIENCE_MS,
}: GreetOptions): void {
  const { address } = stream.peer;
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    onProblem(`${address} opened a stream and said nothing for ${patienceMs / 1000} s`);
    stream.end("DEADLINE_EXCEEDED", "the first request has not come");
  }, patienceMs);
  stream.onEnd(() => {
    clearTimeout(timer);
    if (!isOver) {
      onProblem(`${address} left, or sent a message that is too large, before it said who it is`);
    }
  });
  stream.onMessage((bytes) => {
    if (isOver) {
      return;
    }
    isOver = true;
    clearTimeout(timer);
    let first: Decoded;
    try {
      first = codec.decode(bytes);
    } catch (error) {
      onProblem(`${address} sent what is not a request: ${(error as Error).message}`);
      stream.end("INVALID_ARGUMENT", "not a DeltaDiscoveryRequest");
      return;
    }
    const { node } = first;
    if (node === undefined) {
      onProblem(`${address} was let go: its first request does not say who asks`);
      stream.end("INVALID_ARGUMENT", "the first request has no `node`");
      return;
    }
    if (JSON.stringify(node.metadata).length > MOST_METADATA) {
      onProblem(`${address} was let go: the metadata of its node is larger than ${MOST_METADATA} bytes`);
      stream.end("INVALID_ARGUMENT", `the metadata of the node is larger than ${MOST_METADATA} bytes`);
      return;
    }
    onGreeting({ stream, node, first });
  });
}
