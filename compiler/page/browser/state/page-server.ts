/** Questions to the page's server, and what to tell a person when it does not answer. Knows nothing of what is shown. */

import type {
  ExplainAnswer,
  ExplainQuestion,
  FleetChange,
  HistoryView,
  LinesView,
  RulesView,
  TapQuestion,
  TapState,
} from "../../api.ts";
import { address } from "./page-address.ts";

/** Why a question was not answered, for a person to read. */
export class PageProblem extends Error {
  /** Asking again is of no use before somebody has opened another URL. */
  readonly isForGood: boolean;

  constructor(message: string, isForGood = false) {
    super(message);
    this.isForGood = isForGood;
  }
}

export class PageServer {
  rules(): Promise<RulesView> {
    return ask("api/rules");
  }

  /** Lines count from 1, both ends included. */
  lines(file: number, from: number, to: number): Promise<LinesView> {
    return ask(`api/lines?file=${file}&from=${from}&to=${to}`);
  }

  history(rule: string, match: string | undefined): Promise<HistoryView> {
    const query = new URLSearchParams({ rule, ...(match !== undefined && { match }) });
    return ask(`api/history?${query}`);
  }

  explain(question: ExplainQuestion): Promise<ExplainAnswer> {
    return tell("api/explain", question);
  }

  tap(question: TapQuestion): Promise<TapState> {
    return tell("api/tap", question);
  }

  async changeFleet(change: FleetChange): Promise<void> {
    await tell("api/fleet", change);
  }

  async apply(): Promise<void> {
    await tell("api/apply", {});
  }
}

function tell<T>(path: string, body: unknown): Promise<T> {
  return ask(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(address(path), { ...init, credentials: "same-origin", cache: "no-store" });
  } catch {
    throw new PageProblem("Sluice does not answer; is it still running?");
  }
  if (response.status === 401) {
    throw new PageProblem("This link has expired: open the URL that Sluice printed last", true);
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    const said = body as { error?: { message?: unknown } } | undefined;
    throw new PageProblem(String(said?.error?.message ?? `Sluice answered ${response.status}`));
  }
  return body as T;
}

export function problemText(error: unknown): string {
  return error instanceof PageProblem ? error.message : `The page made a mistake: ${String(error)}`;
}
