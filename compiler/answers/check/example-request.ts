/** The most obvious request for a match. */

import type { RouteMatch, ValueMatch } from "../../ir/ir.ts";
import { exampleOfRegex } from "../../regex/example.ts";
import type { HostRequest } from "../request/wire.ts";

const UNLIKELY = "~0";

/** Headers that must not be there are left out; whether it really matches is to be asked. */
export function exampleRequest({ path, headers, queryParams }: RouteMatch): HostRequest {
  const text = (match: ValueMatch) => {
    if (match.kind === "present") {
      return UNLIKELY;
    }
    if (match.kind === "regex") {
      return exampleOfRegex(match.value) ?? UNLIKELY;
    }
    return match.kind === "exact" ? match.value : match.value + UNLIKELY;
  };
  const query = queryParams.map(({ name, match }) => `${name}=${text(match)}`).join("&");
  const plain = path === undefined ? `/${UNLIKELY}` : text(path);
  const wanted = headers.filter(({ invert }) => !invert);
  const pseudo = (name: string, otherwise: string) => {
    const found = wanted.find((header) => header.name === name);
    return found === undefined ? otherwise : text(found.match);
  };
  return {
    method: pseudo(":method", "GET"),
    authority: pseudo(":authority", "host.example"),
    path: query === "" ? plain : `${plain}?${query}`,
    headers: wanted.filter(({ name }) => !name.startsWith(":")).map(({ name, match }) => [name, text(match)]),
  };
}
