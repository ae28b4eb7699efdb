/**
 * Whether a request may be answered at all: whom its Host header means, and whether its token allows what it asks. A browser on
 * this machine would ask for any site that it shows: a name that an attacker lets lead here (DNS rebinding) is recognized by the
 * Host header, and no page can send a token that it does not have.
 */

import ipaddr from "ipaddr.js";
import { HttpError } from "../../http/http-error.ts";
import type { Access } from "./endpoint.ts";

/** Throws an `HttpError` unless the Host header is an address, or a name by which the server is known. */
export function checkHost(host: string | undefined, names: readonly string[]): void {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(host ?? "") ?? [];
  const name = (bracketed ?? plain)?.toLowerCase();
  if (name === undefined || !(ipaddr.isValid(name) || name === "localhost" || names.includes(name))) {
    throw new HttpError(
      421,
      `the Host header names ${JSON.stringify(host ?? "")}; use the server's address, or add the name with --http-name`,
    );
  }
}

export interface TokenCheck {
  /** Whether a token is one of those that may change the fleet; `undefined` when there are none. */
  mayChange(token: string | undefined): boolean | undefined;
}

/** Whether somebody with this token, or without one, may be told of rules. */
export function mayRead(token: string | undefined, isLocal: boolean, tokens: TokenCheck): boolean {
  return isLocal || tokens.mayChange(token) === true;
}

/** Throws an `HttpError` unless somebody with this token, or without one, may have an answer. */
export function checkAccess(
  access: Access,
  token: string | undefined,
  isLocal: boolean,
  tokens: TokenCheck,
): void {
  if (access === "open" || (access === "read" && mayRead(token, isLocal, tokens))) {
    return;
  }
  switch (tokens.mayChange(token)) {
    case undefined:
      throw new HttpError(
        403,
        "the server was started without tokens, so it answers this to no client; start it with --http-token-file or --token-file",
      );
    case false:
      throw new HttpError(
        401,
        token === undefined ? "this needs a token (authorization: Bearer TOKEN)" : "the token is not known",
        { "www-authenticate": 'Bearer realm="sluice"' },
      );
    case true:
  }
}
