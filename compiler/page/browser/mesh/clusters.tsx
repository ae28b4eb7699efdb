/** Where requests go: each cluster with its rate, its slowest hundredth, and what is wrong with it. */

import { useSignal } from "@preact/signals";
import { rateText, tookText } from "../format/numbers.ts";
import { complaints } from "../live/cluster-health.ts";
import { ClusterName } from "../parts/cluster-name.tsx";
import { Icon } from "../parts/icon.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { usePage } from "../parts/page-context.ts";

const AT_FIRST = 14;
const AT_MOST = 500;

export function Clusters() {
  const page = usePage();
  const isLong = useSignal(false);
  const known = new Set(page.view.value?.clusters);
  // Those of Sluice itself, such as its stream, are nobody's concern.
  const clusters = page.live.value.clusters
    .filter(({ name }) => known.has(name))
    .map((cluster) => ({ cluster, wrong: complaints(cluster) }))
    .sort(
      (a, b) =>
        grave(b.wrong) - grave(a.wrong) ||
        b.cluster.requests.perSecond - a.cluster.requests.perSecond ||
        (a.cluster.name < b.cluster.name ? -1 : 1),
    );
  return (
    <section class="panel" aria-labelledby="clusters-title">
      <h2 id="clusters-title">Clusters</h2>
      {clusters.length === 0 ? (
        <p class="is-muted">None was asked yet.</p>
      ) : (
        <table class="clusters">
          <thead>
            <tr>
              <th scope="col">Cluster</th>
              <th scope="col" class="number">
                Requests
              </th>
              <th scope="col" class="number">
                p99
              </th>
            </tr>
          </thead>
          <tbody>
            {clusters.slice(0, isLong.value ? AT_MOST : AT_FIRST).map(({ cluster, wrong }) => (
              <tr key={cluster.name} class={cluster.requests.perSecond > 0 ? "" : "is-still"}>
                <th scope="row">
                  <button
                    type="button"
                    class="pick"
                    onClick={() => {
                      page.filter.value = { ...page.filter.peek(), text: cluster.name };
                    }}
                  >
                    <ClusterName of={cluster.name} />
                  </button>
                  {wrong.map(({ tone, words }) => (
                    <span key={words} class={`complaint is-${tone}`}>
                      <Icon name={tone} />
                      {words}
                    </span>
                  ))}
                </th>
                <td class="number">{rateText(cluster.requests.perSecond)}/s</td>
                <td class="number">{cluster.latency === undefined ? "–" : tookText(cluster.latency.p99)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <MoreButton isLong={isLong} more={clusters.length - AT_FIRST} what="clusters" />
    </section>
  );
}

/** What is wrong comes first, however little it is asked. */
function grave(wrong: ReturnType<typeof complaints>): number {
  return wrong.some(({ tone }) => tone === "bad") ? 2 : wrong.length > 0 ? 1 : 0;
}
