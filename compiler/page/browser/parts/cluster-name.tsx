/** A cluster as people say it; its subset stands out, for it is what a split is about. */

import { clusterTitle } from "../format/clusters.ts";
import { inert } from "../format/inert.ts";

export function ClusterName({ of }: { readonly of: string }) {
  const { host, subset } = clusterTitle(of);
  return (
    <bdi class="text cluster-name" title={inert(of)}>
      {inert(host)}
      {subset !== "" && <b> {inert(subset)}</b>}
    </bdi>
  );
}
