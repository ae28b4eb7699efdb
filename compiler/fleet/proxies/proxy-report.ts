/** What is told of a proxy to whoever asks. */

import type { ProxyReport } from "../model/report.ts";
import type { ProxyLine } from "./proxy-line.ts";

export function proxyReport(line: ProxyLine): ProxyReport {
  const { node, claimed, scope, state, since, revision, wanted, words } = line;
  const { proxyNamespace, proxyLabels, proxyLocality } = claimed;
  return {
    id: node.id,
    cluster: node.cluster,
    namespace: proxyNamespace,
    labels: proxyLabels,
    ...(proxyLocality !== "" && { locality: proxyLocality }),
    ...(node.version !== undefined && { version: node.version }),
    scope: scope.key,
    state,
    since: since.toISOString(),
    ...(revision !== undefined && { revision }),
    ...(wanted !== undefined && { wanted }),
    ...(words !== undefined && { words }),
  };
}
