/** Operations on headers, as istiod writes them. */

import type { HeaderMutation } from "../../ir/ir.ts";

/** `envoy.config.core.v3.HeaderValueOption` */
interface HeaderValueOption {
  readonly header: { readonly key: string; readonly value: string };
  readonly append_action: "APPEND_IF_EXISTS_OR_ADD" | "OVERWRITE_IF_EXISTS_OR_ADD";
}

/** The same fields in a route and in a weighted cluster. */
export interface HeaderFields {
  readonly request_headers_to_add?: readonly HeaderValueOption[];
  readonly request_headers_to_remove?: readonly string[];
  readonly response_headers_to_add?: readonly HeaderValueOption[];
  readonly response_headers_to_remove?: readonly string[];
}

export function emitHeaders(
  request: HeaderMutation | undefined,
  response: HeaderMutation | undefined,
): HeaderFields {
  return {
    ...(request?.write.length && { request_headers_to_add: request.write.map(emitWrite) }),
    ...(request?.remove.length && { request_headers_to_remove: request.remove }),
    ...(response?.write.length && { response_headers_to_add: response.write.map(emitWrite) }),
    ...(response?.remove.length && { response_headers_to_remove: response.remove }),
  };
}

function emitWrite({ name, value, append }: HeaderMutation["write"][number]): HeaderValueOption {
  return {
    header: { key: name, value },
    append_action: append ? "APPEND_IF_EXISTS_OR_ADD" : "OVERWRITE_IF_EXISTS_OR_ADD",
  };
}
