/**
 * An Event of Kubernetes that says that a roll-out was stopped, at an object that it is about: `kubectl describe` and
 * `kubectl events` show it.
 *
 * https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */

import type { RolloutReport } from "../../fleet/model/report.ts";
import { microTime } from "../../kubernetes/client/micro-time.ts";
import { apiVersionOf } from "../../kubernetes/client/resource-types.ts";
import { wordsOf } from "./programming.ts";
import type { StatusTarget } from "./status-writer.ts";

/** Characters, as the API has it. */
const LONGEST_NOTE = 1_024;
const CONTROLLER = "sluice.dev/serve";

/** `instance`: the server that stopped it. */
export function stoppedEvent(
  { type, namespace, name, uid }: StatusTarget,
  { revision, from, failure }: Pick<RolloutReport, "revision" | "from" | "failure">,
  instance: string,
  now: Date,
): object {
  const back = from === undefined ? "is taken back" : `is taken back; proxies have ${from} again`;
  const why = failure === undefined ? "" : ` (${wordsOf(failure)})`;
  const note = `revision ${revision} ${back}${why}`;
  return {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { generateName: "sluice-", namespace },
    eventTime: microTime(now),
    type: "Warning",
    reason: "RolloutStopped",
    action: "TakeBack",
    note: note.length > LONGEST_NOTE ? `${note.slice(0, LONGEST_NOTE - 1)}…` : note,
    regarding: { apiVersion: apiVersionOf(type), kind: type.kind, namespace, name, uid },
    reportingController: CONTROLLER,
    reportingInstance: instance,
  };
}
