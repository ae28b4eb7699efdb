/**
 * The answer to a question about a request. A token that was typed where nobody can read it does not stand in it, though rules and
 * upstreams may see it: a page is shown to others.
 */

import type { Explanation } from "../answers/explain/explanation.ts";
import { formatExplanation } from "../format.ts";
import type { ExplainAnswer, ExplainQuestion } from "./api.ts";

/** What is shorter is no token that somebody signed, and could stand in the answer by chance. */
const SHORTEST_TOKEN = 16;
const HIDDEN = "…";

export function explainAnswer(explanation: Explanation, { client }: ExplainQuestion): ExplainAnswer {
  const token = client?.jwt?.trim() ?? "";
  const shown = token.length < SHORTEST_TOKEN ? explanation : without(explanation, token);
  return { explanation: shown, text: formatExplanation(shown) };
}

/** The same, with something else in the place of a text wherever it stands. */
function without<T>(data: T, token: string): T {
  return JSON.parse(JSON.stringify(data), (_, value: unknown) =>
    typeof value === "string" ? value.replaceAll(token, HIDDEN) : value,
  );
}
