/**
 * Whether a request to the page may be answered. It listens on this machine, where any web page that somebody opens can send it requests,
 * and every user can connect to it:
 *
 * - the Host header has to be an address of the page itself, so that a name which an attacker lets lead here (DNS rebinding)
 *   reads nothing: 421;
 * - what a browser says of the request's origin has to be the page's own: 403;
 * - a secret has to come with it, which only whoever can read the terminal has: 401. It comes in the URL once, and then in a
 *   cookie that scripts cannot read and other sites cannot send.
 */

import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { digestOf, hasDigest } from "../fleet/identity/tokens.ts";
import { HttpError } from "../http/http-error.ts";
import { formatSocket } from "../ir/sockets.ts";

/** What every answer has beside its own: nothing but the page's own files runs, is shown or is asked, and nobody frames it. */
export const SECURITY_HEADERS = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const;

const TOKEN_BYTES = 32;

export class PageGuard {
  /** Holds for as long as the page is served: a second browser takes the same URL. */
  readonly token = randomBytes(TOKEN_BYTES).toString("base64url");
  readonly #digests = [digestOf(this.token)];
  readonly #hosts: readonly string[];
  /** The page listens at every address of the machine, so that each of them may be meant; an address is no name. */
  readonly #anyAddress: boolean;
  readonly #port: number;
  readonly #cookie: string;

  /** `address` is the one that was told, or `any`. Cookies do not know ports, so the page of each has one of its own. */
  constructor(address: string, port: number) {
    const hosts = ["127.0.0.1", "localhost", "[::1]"].map((host) => `${host}:${port}`);
    this.#anyAddress = address === "any";
    this.#hosts = [...new Set([...hosts, ...(this.#anyAddress ? [] : [formatSocket(address, port)])])];
    this.#port = port;
    this.#cookie = `sluice-page-${port}`;
  }

  /** Throws an `HttpError` for a request that no page of ours sends. */
  checkOrigin({ method, headers }: Pick<IncomingMessage, "method" | "headers">): void {
    const { host = "", origin } = headers;
    if (!this.#isOurs(host.toLowerCase())) {
      throw new HttpError(
        421,
        `the Host header names ${JSON.stringify(host.slice(0, 100))}; use ${this.#hosts.join(" or ")}`,
      );
    }
    const site = headers["sec-fetch-site"];
    if (site !== undefined && site !== "same-origin" && site !== "none") {
      throw new HttpError(403, "this was asked by a page of another site");
    }
    if (origin !== undefined && origin !== `http://${host}`) {
      throw new HttpError(403, "this was asked by a page of another origin");
    }
    if (method === "POST" && origin === undefined) {
      throw new HttpError(403, `a POST needs the origin of the page (origin: http://${host})`);
    }
  }

  /** Throws an `HttpError` for who has not opened the URL. */
  checkCookie(headers: IncomingHttpHeaders): void {
    const sent = (headers.cookie ?? "").split(";").flatMap((one) => {
      const [name, value] = one.trim().split("=", 2);
      return name === this.#cookie && value !== undefined ? [value] : [];
    });
    if (!sent.some((token) => this.#isToken(token))) {
      throw new HttpError(
        401,
        "open the URL that sluice printed when it started, the one that ends in ?t=…: it lets this browser in",
      );
    }
  }

  /** The cookie for who has the token. Throws an `HttpError` for another. */
  admit(token: string): string {
    if (!this.#isToken(token)) {
      throw new HttpError(
        401,
        "the token in this URL is not that of the page that is served now: open the URL that sluice printed last",
      );
    }
    return `${this.#cookie}=${this.token}; HttpOnly; SameSite=Strict; Path=/`;
  }

  #isOurs(host: string): boolean {
    if (this.#hosts.includes(host)) {
      return true;
    }
    const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(host) ?? [];
    return this.#anyAddress && host.endsWith(`:${this.#port}`) && isIP(bracketed ?? plain ?? "") !== 0;
  }

  #isToken(token: string): boolean {
    return hasDigest(this.#digests, token);
  }
}
