/** The proxies of a fleet: by scope and state, and each with what it has, what it is to have, and its words where it refuses. */

import { useSignal } from "@preact/signals";
import type { ProxyReport, ProxyState } from "../../../fleet/model/report.ts";
import type { FleetView } from "../../api.ts";
import { countText } from "../format/numbers.ts";
import { agoText } from "../format/times.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { Text } from "../parts/text.tsx";

const STATES: Readonly<Record<ProxyState, readonly [words: string, icon: IconName, tone: string]>> = {
  refused: ["refuses", "bad", "is-bad"],
  silent: ["silent", "warn", "is-warn"],
  behind: ["changing", "wait", ""],
  joining: ["joining", "wait", ""],
  lost: ["gone", "warn", "is-warn"],
  current: ["current", "good", "is-good"],
};
const ORDER = Object.keys(STATES) as ProxyState[];

export function Scopes({ states }: { readonly states: FleetView["states"] }) {
  return (
    <table class="scopes">
      <thead>
        <tr>
          <th scope="col">Scope</th>
          {ORDER.map((state) => (
            <th key={state} scope="col" class="number">
              {STATES[state][0]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {states.map(({ scope, counts }) => (
          <tr key={scope}>
            <th scope="row">
              <Text of={scope} longest={120} />
            </th>
            {ORDER.map((state) => (
              <td key={state} class={`number ${counts[state] > 0 ? STATES[state][2] : "is-muted"}`}>
                {countText(counts[state])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Proxies({ fleet: { proxies, moreProxies, at } }: { readonly fleet: FleetView }) {
  const open = useSignal<string | undefined>(undefined);
  if (proxies.length === 0) {
    return <p class="is-muted">No proxy has joined yet. `sluice bootstrap` writes what one joins with.</p>;
  }
  return (
    <>
      <ul class="proxies">
        {proxies.map((proxy) => (
          <ProxyRow
            key={proxy.id}
            proxy={proxy}
            at={at}
            isOpen={open.value === proxy.id}
            onToggle={() => {
              open.value = open.peek() === proxy.id ? undefined : proxy.id;
            }}
          />
        ))}
      </ul>
      {moreProxies > 0 && (
        <p class="is-muted">and {countText(moreProxies)} more, which `sluice fleet status` lists</p>
      )}
    </>
  );
}

function ProxyRow({
  proxy,
  at,
  isOpen,
  onToggle,
}: {
  readonly proxy: ProxyReport;
  readonly at: number;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}) {
  const { id, state, since, revision, wanted, words = [] } = proxy;
  const [said, icon, tone] = STATES[state];
  return (
    <li class="proxy">
      <button type="button" class="proxy-line" aria-expanded={isOpen} onClick={onToggle}>
        <Icon name={icon} />
        <Text of={id} longest={80} class="proxy-id" />
        <span class={tone}>{said}</span>
        <span class="is-muted">for {agoText(Math.max(at - Date.parse(since), 1_000))}</span>
        <span class="is-muted">
          {revision ?? "nothing yet"}
          {wanted !== undefined && wanted !== revision && <> → {wanted}</>}
        </span>
      </button>
      {words.map((line) => (
        <p key={line} class="words is-bad">
          <Text of={line} longest={2_000} />
        </p>
      ))}
      {isOpen && <Details proxy={proxy} />}
    </li>
  );
}

function Details({ proxy }: { readonly proxy: ProxyReport }) {
  const { cluster, namespace, labels, locality, version, scope } = proxy;
  const said: readonly (readonly [string, string | undefined])[] = [
    ["scope", scope],
    ["namespace", namespace],
    [
      "labels",
      Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(", ") || undefined,
    ],
    ["locality", locality],
    ["cluster", cluster],
    ["Envoy", version],
  ];
  return (
    <dl class="proxy-details">
      {said.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <Text of={value} longest={500} />
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}
