/** A request of given values, as a client would send it. */

import type { Listener } from "../../ir/ir.ts";
import type { AskedRequest } from "../request/asked.ts";
import type { HeaderLine } from "../request/wire.ts";
import type { Attribute, AttributeValue } from "./attributes.ts";

export function witnessOf(
  authority: string,
  attributes: readonly Attribute[],
  values: ReadonlyMap<number, AttributeValue>,
  { role, tls }: Pick<Listener, "role" | "tls">,
): AskedRequest {
  let path = "/";
  let host = authority;
  let method = "GET";
  const query: string[] = [];
  const headers: HeaderLine[] = [];
  for (const [index, { lines }] of [...values].sort(([a], [b]) => a - b)) {
    const { name } = attributes[index]!;
    const [first] = lines;
    if (first === undefined) {
      continue;
    }
    if (name.kind === "path") {
      path = first;
    } else if (name.kind === "query") {
      query.push(first === "" ? `${name.name}=` : `${name.name}=${first}`);
    } else if (name.name === ":authority") {
      host = first;
    } else if (name.name === ":method") {
      method = first;
    }
    // An edge sees for itself how a request came.
    else if (role === "gateway" && (name.name === ":scheme" || name.name === "x-forwarded-proto")) {
    } else if (name.name === ":scheme") {
      if (first === "https") {
        headers.push(["x-forwarded-proto", "https"]);
      }
    } else if (!name.name.startsWith(":")) {
      headers.push(...lines.map((line): HeaderLine => [name.name, line]));
    }
  }
  return {
    method,
    authority: host,
    path: query.length === 0 ? path : `${path}?${query.join("&")}`,
    headers,
    protocol: "HTTP/1.1",
    ...(tls && { secure: true as const }),
  };
}
