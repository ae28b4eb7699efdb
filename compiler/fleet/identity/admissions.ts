/**
 * The streams that were admitted, with what they claim: an id that a proxy has belongs to whoever proved to be its owner for as
 * long as its stream is there, and a stream whose token or name is no longer allowed is ended.
 */

import type { AdsStream } from "../../run/ads/server.ts";
import type { Claim, Refusal } from "./admission.ts";
import type { Identity } from "./identity.ts";
import type { Peer } from "./peer.ts";

interface Admitted {
  readonly stream: AdsStream;
  readonly claim: Claim;
  readonly who: string;
}

export class Admissions {
  readonly #identity: Identity;
  readonly #onProblem: (line: string) => void;
  /** The last of each id; one that it has displaced ends by itself. */
  readonly #admitted = new Map<string, Admitted>();

  constructor(identity: Identity, onProblem: (line: string) => void) {
    this.#identity = identity;
    this.#onProblem = onProblem;
    identity.onChange(() => this.#judgeAgain());
  }

  /** Whether a stream may be of the proxy that it claims to be. One that may not is ended, and a line says why. */
  admit(stream: AdsStream, claim: Claim): boolean {
    const verdict = this.#identity.admit(stream.peer, claim);
    if ("status" in verdict) {
      this.#refuse(stream, verdict);
      return false;
    }
    const { who } = verdict;
    const owner = this.#admitted.get(claim.id);
    if (owner !== undefined && owner.who !== who) {
      // Else whoever may claim a namespace of its own could push out any proxy of another.
      this.#refuse(stream, {
        status: "PERMISSION_DENIED",
        words: `${who} claims the id ${JSON.stringify(claim.id)}, which another client's proxy has`,
      });
      return false;
    }
    const admitted = { stream, claim, who };
    this.#admitted.set(claim.id, admitted);
    stream.onEnd(() => {
      if (this.#admitted.get(claim.id) === admitted) {
        this.#admitted.delete(claim.id);
      }
    });
    return true;
  }

  /** Whether a client may report on a proxy: it is the one whose stream the proxy has. */
  speaksFor(id: string, peer: Peer): boolean {
    const admitted = this.#admitted.get(id);
    if (admitted === undefined) {
      return false;
    }
    const verdict = this.#identity.admit(peer, admitted.claim);
    return "who" in verdict && verdict.who === admitted.who;
  }

  #judgeAgain(): void {
    for (const { stream, claim } of [...this.#admitted.values()]) {
      const verdict = this.#identity.admit(stream.peer, claim);
      if ("status" in verdict) {
        this.#refuse(stream, verdict);
      }
    }
  }

  #refuse(stream: AdsStream, { status, words }: Refusal): void {
    this.#onProblem(`${stream.peer.address} was sent away: ${words}`);
    stream.end(status, words);
  }
}
