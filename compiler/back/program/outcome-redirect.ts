/** A redirect, or another answer with a `location`, as a record: all that is known of it before a request is there. */

import * as layout from "../../../filter/layout.ts";
import type { PathMatch, Redirect } from "../../ir/ir.ts";
import { matchedStart } from "./outcome-edits.ts";
import type { BlobWriter, PooledString } from "./writer.ts";

/** What goes with it; records by their offsets. */
interface Around {
  /** Of the route, a part of which may be replaced. */
  readonly match: PathMatch | undefined;
  readonly before: number;
  readonly lines: number;
  readonly body: PooledString;
  /** A direct response that has a location is still one. */
  readonly isDirect: boolean;
}

/** Of a redirect that names nothing, the location is the request's own URL. */
export function writeRedirect(
  writer: BlobWriter,
  redirect: Omit<Redirect, "kind" | "status"> & { readonly status: number },
  { match, before, lines, body, isDirect }: Around,
): number {
  const { kind, start, value } = pathOf(redirect.path, match);
  const words = (text: string): [number, number] => {
    const { offset, length } = writer.string(text);
    return [offset, length];
  };
  return writer.sharedRecord(layout.KIND_REDIRECT, [
    before,
    redirect.status |
      (redirect.keepPort ? layout.REDIRECT_KEEPS_PORT : 0) |
      (isDirect ? layout.REDIRECT_IS_DIRECT : 0),
    ...words(redirect.scheme ?? ""),
    ...words(redirect.host ?? ""),
    ...words(redirect.port === undefined ? "" : `:${redirect.port}`),
    kind,
    start,
    // Envoy puts a slash in front of what begins with none.
    ...words(value === "" || value.startsWith("/") ? value : `/${value}`),
    lines,
    body.offset,
    body.length,
  ]);
}

function pathOf(
  path: Redirect["path"],
  match: PathMatch | undefined,
): { readonly kind: number; readonly start: number; readonly value: string } {
  switch (path?.kind) {
    case undefined:
      return { kind: layout.REDIRECT_TO_KEPT, start: 0, value: "" };
    case "whole":
      return path.value === ""
        ? { kind: layout.REDIRECT_TO_KEPT, start: 0, value: "" }
        : {
            kind: path.value.includes("?") ? layout.REDIRECT_TO_WHOLE : layout.REDIRECT_TO_PATH,
            start: 0,
            value: path.value,
          };
    case "matched": {
      const start = matchedStart(match);
      return {
        kind: start === undefined ? layout.REDIRECT_TO_PATH : layout.REDIRECT_TO_START,
        start: start ?? 0,
        value: path.value,
      };
    }
    case "regex":
      throw new Error("a redirect with a regular expression goes by class");
  }
}
