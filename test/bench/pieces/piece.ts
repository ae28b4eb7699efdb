/** A piece whose cost is measured: an edge without it and one with it, which are asked alike. */

import type { Claims, EnvoyProcess, ProxyOptions } from "../../../compiler/index.ts";
import type { Answer } from "../load.ts";
import type { BenchRequest } from "../shapes.ts";

export interface Piece {
  /** For `--piece`. */
  readonly name: string;
  /** What a request meets, in few words. */
  readonly what: string;
  readonly without: Edge;
  readonly with: Edge;
}

/** A gateway, the load that it gets, and what shows that it does what is measured. */
export interface Edge {
  /** Beside the Gateway and the services: objects of Kubernetes, as a user writes them. */
  readonly rules: readonly object[];
  /** Of the Gateway. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** What differs from the defaults of a proxy; `folder` is its own. */
  readonly proxy?: (folder: string) => Partial<ProxyOptions>;
  /** Sent by turns, and all answered alike. */
  readonly requests: readonly BenchRequest[];
  readonly expected: Answer;
  /** With which each connection begins. */
  readonly opening?: string;
  /** What the tokens of the requests say, for whoever asks the filter without Envoy. */
  readonly claims?: Claims;
  /** Asked before anything is measured, one after another: what only an edge with the piece answers so. */
  readonly proofs?: readonly Proof[];
  /** The same for what no answer shows: looked at after the load, until it is so. */
  readonly shows?: (running: RunningEdge) => Promise<boolean>;
}

export interface Proof {
  readonly request: BenchRequest;
  readonly expected: Answer;
}

export interface RunningEdge {
  readonly envoy: EnvoyProcess;
  readonly port: number;
  readonly folder: string;
  /** The program of the filter. Absent: Envoy's own routes decide. */
  readonly program?: Uint8Array;
  stop(): Promise<void>;
}
