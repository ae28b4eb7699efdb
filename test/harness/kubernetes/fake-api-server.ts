/**
 * An API server for unit tests: it says what it is told to say, and what it is told to say was said by a real one
 * (`recorded-answers.json`). The test that records them (`test/kubernetes/recorded-answers.test.ts`) fails when a real one says
 * something else.
 */

import { readFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { KEPT_CONNECTIONS } from "../kept-connections.ts";

export interface RecordedAnswer {
  readonly request: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const RECORDED = JSON.parse(
  readFileSync(new URL("recorded-answers.json", import.meta.url), "utf8"),
) as Readonly<Record<string, RecordedAnswer>>;

/** What a real API server has answered. */
export function recorded(name: string): RecordedAnswer {
  const answer = RECORDED[name];
  if (answer === undefined) {
    throw new Error(`no answer "${name}" was recorded; there are ${Object.keys(RECORDED).join(", ")}`);
  }
  return answer;
}

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** Offsets in bytes at which the body is cut into packets: nothing keeps an event, or a character, in one piece. */
  readonly cuts?: readonly number[];
  /** What becomes of the connection after the body: it ends as it should unless said, stays open, or breaks. */
  readonly after?: "end" | "stay" | "break";
}

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

/** Without an answer, the resource is unknown. */
export type Respond = (request: FakeRequest) => FakeAnswer | undefined;

/** Long enough for the packets before and after a cut to arrive apart. */
const BETWEEN_PACKETS_MS = 2;

export class FakeApiServer {
  readonly requests: FakeRequest[] = [];
  readonly #server: http.Server;

  private constructor(respond: Respond) {
    this.#server = http.createServer(KEPT_CONNECTIONS, (request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      request.on("end", () => {
        const { pathname, searchParams } = new URL(request.url!, "http://fake");
        const asked = { method: request.method!, path: pathname, query: searchParams, body };
        this.requests.push(asked);
        void this.#answer(response, respond(asked) ?? recorded("missingResource"));
      });
    });
  }

  /** `respond` is given each request. */
  static async start(respond: Respond): Promise<FakeApiServer> {
    const fake = new FakeApiServer(respond);
    await new Promise<void>((resolve) => fake.#server.listen(0, "127.0.0.1", resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(response: http.ServerResponse, answer: FakeAnswer): Promise<void> {
    response.writeHead(answer.status ?? 200, answer.headers ?? { "content-type": "application/json" });
    response.flushHeaders();
    const bytes = Buffer.from(answer.body);
    let from = 0;
    for (const cut of [...(answer.cuts ?? []), bytes.length]) {
      response.write(bytes.subarray(from, cut));
      from = cut;
      if (cut < bytes.length) {
        await new Promise((resolve) => setTimeout(resolve, BETWEEN_PACKETS_MS));
      }
    }
    if (answer.after === "break") {
      // What was written is on its way first.
      setTimeout(() => response.destroy(), BETWEEN_PACKETS_MS);
    } else if (answer.after !== "stay") {
      response.end();
    }
  }
}
