/** Envoy's format strings in the values of headers, as far as a request and its decision say what they stand for. */

import { altStatName } from "../../back/stat-names.ts";
import type { HeaderLine } from "../request/wire.ts";
import type { Client } from "./client-address.ts";

export interface FormatContext {
  readonly request: readonly HeaderLine[];
  /** Absent where a request's own headers are written. */
  readonly response?: { readonly status: number; readonly headers: readonly HeaderLine[] };
  readonly protocol: string;
  readonly client: Client;
  readonly cluster?: string;
}

/** What only a running Envoy knows stays as it is written. */
const VARIABLE = /%%|%([A-Z][A-Z0-9_]*)(?:\(([^()]*)\))?(?::(\d+))?%/g;

export function format(text: string, context: FormatContext): string {
  return text.replace(VARIABLE, (whole, name?: string, argument?: string, length?: string) => {
    if (name === undefined) {
      return "%";
    }
    const value = variable(name, argument, context);
    return value === undefined ? whole : value.slice(0, length === undefined ? undefined : Number(length));
  });
}

/** Whether nothing is left in a formatted text that only a running Envoy knows. */

function variable(name: string, argument: string | undefined, context: FormatContext): string | undefined {
  const { request, response, client } = context;
  switch (name) {
    case "REQ":
    case "STREAM_INFO_REQ":
      return first(request, argument ?? "");
    case "RESP":
      return response && first(response.headers, argument ?? "");
    case "PROTOCOL":
      return context.protocol;
    case "PATH":
      return argument === undefined ? first(request, ":path") : undefined;
    case "QUERY_PARAM":
      return new URLSearchParams(first(request, ":path").split("?")[1] ?? "").get(argument ?? "") ?? "";
    case "RESPONSE_CODE":
      return response && String(response.status);
    case "UPSTREAM_CLUSTER":
      // With Envoy, and so with istiod, it is what the cluster is called in statistics.
      return context.cluster && altStatName(context.cluster);
    case "UPSTREAM_CLUSTER_RAW":
      return context.cluster;
    case "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT":
      return client.address;
    case "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT":
      return client.connection;
    default:
      return undefined;
  }
}

/** `x-id?:path`: the first line of the first that is there. What is missing is empty. */
function first(headers: readonly HeaderLine[], names: string): string {
  for (const name of names.split("?")) {
    const value = headers.find(([other]) => other === name.toLowerCase())?.[1];
    if (value !== undefined) {
      return value;
    }
  }
  return "";
}
