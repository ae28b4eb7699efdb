/** Routes are lowered in spite of errors: whoever tries them must leave out those that cannot be tried. */

import type { Route } from "../../ir/ir.ts";
import { regexSyntaxError } from "../../regex/index.ts";

/** Whether some expression of a route's match is not valid, which was said where it stands. */
export function hasBadExpression({ match: { path, headers, queryParams } }: Route): boolean {
  return [path, ...headers.map(({ match }) => match), ...queryParams.map(({ match }) => match)].some(
    (match) => match?.kind === "regex" && regexSyntaxError(match.value) !== undefined,
  );
}
