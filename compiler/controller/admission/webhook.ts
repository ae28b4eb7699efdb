/**
 * The HTTPS server that an API server asks whether objects may be applied: `POST /validate` with an `AdmissionReview`. Beside it,
 * `GET /healthz`. What a client can cost is bounded: whoever reaches the address can ask.
 *
 * A question that cannot be answered gets an HTTP error and not a verdict, so that the `failurePolicy` of the webhook decides.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Identity } from "../../fleet/identity/identity.ts";
import { ListenError, parseListen } from "../../fleet/identity/listening.ts";
import type { FleetRules, RuleSnapshot } from "../../fleet/model/rules.ts";
import { EnvironmentError } from "../../platform/error.ts";
import { readStreamAtMost, TooLargeError } from "../../source/bounded.ts";
import { AdmissionMetrics } from "./admission-metrics.ts";
import { AdmissionReviewError, readAdmissionReview, writeAdmissionReview } from "./admission-review.ts";
import { review } from "./review.ts";

export interface AdmissionWebhookOptions {
  /** `address:port`; port 0 is any that is free. */
  readonly listen: string;
  /** Files of the certificate chain and its key, PEM, which are read again when they change: an API server asks by HTTPS only. */
  readonly certificate: string;
  readonly key: string;
  /** What objects are held against. */
  readonly rules: WebhookRules;
  /** Count warnings as errors. Default: false. */
  readonly strict?: boolean;
  /** Told in a line of what went wrong. */
  readonly onProblem: (line: string) => void;
}

/** `fleetRules(workspace)` are some. */
export interface WebhookRules extends Pick<FleetRules, "defaults"> {
  read(): Promise<Pick<RuleSnapshot, "resources">>;
}

export interface AdmissionWebhook {
  /** The one that it listens on. */
  readonly port: number;
  /** For Prometheus. */
  metrics(): string;
  close(): Promise<void>;
}

const VALIDATE_PATH = "/validate";
/** Bytes: an object of the largest that an API server takes, as it is and as it is to be. */
const LARGEST_BODY = 8 << 20;
const MOST_CONNECTIONS = 256;
/** Milliseconds in which a whole request has to come. */
const REQUEST_TIMEOUT_MS = 5_000;
/** Milliseconds; an API server that waits for more than 10 s is told so in its configuration. */
const READ_TIMEOUT_MS = 5_000;
const IDLE_MS = 90_000;

/** Throws a `ListenError` for an address that is not valid. */
export function checkWebhookListen(text: string): { readonly host: string; readonly port: number } {
  const listen = parseListen(text);
  if (listen?.port === undefined) {
    throw new ListenError(
      `--webhook: "${text}" is not valid; use an IP address and a port, such as 0.0.0.0:15017`,
    );
  }
  return { host: listen.host, port: listen.port };
}

/** Throws a `ListenError`, or an `EnvironmentError` when the address or the certificate cannot be used. */
export async function startAdmissionWebhook(options: AdmissionWebhookOptions): Promise<AdmissionWebhook> {
  const { host, port } = checkWebhookListen(options.listen);
  const { certificate, key, onProblem } = options;
  const identity = new Identity({ certificate, key }, onProblem);
  const limits = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    maxHeaderSize: 32 * 1024,
  };
  const server = https.createServer({ ...limits, ...contextOf(identity) });
  server.maxConnections = MOST_CONNECTIONS;
  server.timeout = IDLE_MS;
  identity.onChange(() => server.setSecureContext(contextOf(identity)));
  const metrics = new AdmissionMetrics();
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    void answer(request, response, options, metrics);
  });
  try {
    await listening(server, host, port);
  } catch (error) {
    identity.close();
    throw new EnvironmentError(
      `cannot listen on ${options.listen} for the webhook: ${(error as Error).message}`,
    );
  }
  server.on("error", (error) => onProblem(`an API server could not ask the webhook: ${error.message}`));
  return {
    port: (server.address() as AddressInfo).port,
    metrics: () => metrics.text(),
    async close() {
      identity.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function contextOf({ certificate }: Identity): {
  readonly cert: Buffer | string;
  readonly key: Buffer | string;
} {
  const { certificate: cert, key } = certificate!;
  return { cert, key };
}

function listening(server: https.Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** An answer that is no verdict. */
class Unanswered extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: AdmissionWebhookOptions,
  metrics: AdmissionMetrics,
): Promise<void> {
  try {
    const path = (request.url ?? "").split("?", 1)[0];
    if (path === "/healthz") {
      send(request, response, 200, "text/plain", "ok\n");
      return;
    }
    if (path !== VALIDATE_PATH) {
      throw new Unanswered(404, `there is nothing here; ask ${VALIDATE_PATH}, or /healthz`);
    }
    const start = performance.now();
    const asked = await questionOf(request);
    const { resources } = await read(options.rules);
    const { defaults: proxy } = options.rules;
    const verdict = review(asked, { resources, proxy, strict: options.strict === true });
    metrics.answered(verdict, performance.now() - start);
    send(request, response, 200, "application/json", writeAdmissionReview(verdict));
  } catch (error) {
    metrics.failed();
    const { status, message } = failureOf(error, options.onProblem);
    // What was not read of a body would be taken for the next request.
    const close = request.complete ? {} : { connection: "close" };
    send(request, response, status, "text/plain", `${message}\n`, close);
  }
}

async function questionOf(request: IncomingMessage): Promise<ReturnType<typeof readAdmissionReview>> {
  if (request.method !== "POST") {
    throw new Unanswered(405, `${request.method} is not for ${VALIDATE_PATH}; an API server uses POST`);
  }
  const type = request.headers["content-type"] ?? "";
  if (type.split(";", 1)[0]!.trim().toLowerCase() !== "application/json") {
    throw new Unanswered(415, "the body must be application/json");
  }
  try {
    return readAdmissionReview(await bodyOf(request));
  } catch (error) {
    throw error instanceof AdmissionReviewError ? new Unanswered(400, error.message) : error;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const tooLarge = new Unanswered(413, `the body may have at most ${LARGEST_BODY} bytes`);
  if (Number(request.headers["content-length"]) > LARGEST_BODY) {
    throw tooLarge;
  }
  try {
    return Buffer.from(await readStreamAtMost(request, LARGEST_BODY)).toString("utf8");
  } catch (error) {
    throw error instanceof TooLargeError ? tooLarge : error;
  }
}

async function read(rules: WebhookRules): ReturnType<WebhookRules["read"]> {
  const late = new AbortController();
  try {
    return await Promise.race([
      rules.read(),
      delay(READ_TIMEOUT_MS, undefined, { signal: late.signal }).then(() => {
        throw new Unanswered(503, "the rules of the cluster have not been read yet");
      }),
    ]);
  } finally {
    late.abort();
  }
}

function failureOf(
  error: unknown,
  onProblem: (line: string) => void,
): Pick<Unanswered, "status" | "message"> {
  if (error instanceof Unanswered) {
    return error;
  }
  if (error instanceof EnvironmentError) {
    return { status: 503, message: error.message };
  }
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ECONNRESET" || code === "ECONNABORTED") {
    return { status: 400, message: "the client went away" };
  }
  onProblem(`this is a bug in Sluice: ${(error as Error)?.stack ?? error}`);
  return { status: 500, message: "this is a bug in Sluice; the server's log has more" };
}

function send(
  { method }: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.destroyed) {
    return;
  }
  const bytes = Buffer.from(text);
  response.writeHead(status, {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-type": `${type}; charset=utf-8`,
    "content-length": bytes.length,
    ...headers,
  });
  response.end(method === "HEAD" ? undefined : bytes);
}
