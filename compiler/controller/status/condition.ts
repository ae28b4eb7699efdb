/**
 * What an object's `status.conditions` say of it, as Istio's kinds have them (`IstioCondition`). Two are ours: `Accepted`, what is
 * wrong with it, and `Programmed`, which proxies have it. Those of others, such as istiod's `Reconciled`, are left as they are.
 *
 * https://istio.io/latest/docs/reference/config/meta/v1beta1/istio-status/
 */

export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  /** One word, for programs. */
  readonly reason: string;
  /** For people. */
  readonly message: string;
  readonly lastTransitionTime?: string;
  /** `metadata.generation` of what it was said of. */
  readonly observedGeneration?: string;
}

/** What is to be said, before it is known what was said last. */
export type Statement = Pick<Condition, "type" | "status" | "reason" | "message">;

/**
 * The list with ours in place of what was said before; `undefined` when it says that already. Of what is not stated nothing new is
 * known, and it stays. A time changes only with a status (Kubernetes' API conventions, "Typical status properties").
 */
export function withStatements(
  before: readonly Condition[],
  statements: readonly Statement[],
  generation: number | undefined,
  now: Date,
): readonly Condition[] | undefined {
  const of = generation === undefined ? {} : { observedGeneration: String(generation) };
  const isSaid = (statement: Statement) => {
    const last = before.find(({ type }) => type === statement.type);
    return last?.observedGeneration === of.observedGeneration && says(last, statement);
  };
  if (statements.every(isSaid)) {
    return undefined;
  }
  const own = statements.map((statement): Condition => {
    const last = before.find(({ type }) => type === statement.type);
    const since = last?.status === statement.status ? last.lastTransitionTime : undefined;
    return { ...statement, ...of, lastTransitionTime: since ?? now.toISOString().replace(/\.\d+Z$/, "Z") };
  });
  return [...before.filter(({ type }) => !statements.some((one) => one.type === type)), ...own];
}

function says(condition: Condition | undefined, { status, reason, message }: Statement): boolean {
  return condition?.status === status && condition.reason === reason && condition.message === message;
}
