/** Answers that the proxy gives itself. Source: istiod's `validateHTTPDirectResponse`. */

import type { FieldPath } from "../../resources/resource.ts";
import type { HttpRoute } from "../../resources/types.ts";
import type { Reporter } from "./reporter.ts";
import { checkStatus } from "./status-codes.ts";

/** Bytes of a body: from here on it is refused. */
const BODY_ERROR = 1024 * 1024;
/** Bytes of a body: from here on it is worth a warning. */
const BODY_WARNING = 100 * 1024;

export function checkDirectResponse(
  reporter: Reporter,
  { directResponse }: HttpRoute,
  path: FieldPath,
): void {
  if (!directResponse) {
    return;
  }
  checkStatus(reporter, directResponse.status, [...path, "directResponse", "status"]);
  const { string, bytes } = directResponse.body ?? {};
  const size =
    string !== undefined
      ? Buffer.byteLength(string)
      : bytes !== undefined
        ? Buffer.byteLength(bytes, "base64")
        : 0;
  const at = [...path, "directResponse", "body"];
  if (size > BODY_ERROR) {
    reporter.report("SL0241", at, `the body has ${size} bytes; at most ${BODY_ERROR} are allowed`);
  } else if (size > BODY_WARNING) {
    reporter.report("SL0242", at, `the body has ${size} bytes, which every proxy keeps in memory`);
  }
}
