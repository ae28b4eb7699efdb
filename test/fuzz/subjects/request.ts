/** Request lines, headers and curl command lines by themselves: read, or refused in words. */

import {
  makeRequest,
  parseCurl,
  parseHeader,
  parseRequestLine,
  RequestError,
} from "../../../compiler/index.ts";
import { curlLine, headerLine, requestLine } from "../requests.ts";
import type { Subject } from "../subject.ts";

export const request: Subject = {
  name: "request",
  share: 8,
  prepare() {
    return (dice) => {
      const text = dice.pick([requestLine, headerLine, curlLine, curlLine])(dice);
      return {
        input: { "request.txt": text },
        run() {
          const line = refusedInWords(() => makeRequest(parseRequestLine(text), []));
          const header = refusedInWords(() => parseHeader(text));
          const curl = refusedInWords(() => parseCurl(text));
          return line !== undefined || header !== undefined || curl !== undefined;
        },
      };
    };
  },
};

/** What is not refused in words is a bug. */
export function refusedInWords<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RequestError) || error.message === "") {
      throw error;
    }
    return undefined;
  }
}
