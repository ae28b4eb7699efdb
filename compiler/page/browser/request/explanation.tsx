/** An explanation: first where the request goes, then the rules in the order in which they were tried, and why not each. */

import type { Explanation, SplitPart, TriedRule } from "../../../answers/explain/explanation.ts";
import { clusterText } from "../format/clusters.ts";
import { inert } from "../format/inert.ts";
import { counted, percentText, tookText } from "../format/numbers.ts";
import { ClusterName } from "../parts/cluster-name.tsx";
import { Icon } from "../parts/icon.tsx";
import { usePage } from "../parts/page-context.ts";
import { Text } from "../parts/text.tsx";

/** Rules that are shown as tried, of those before the one that took it. */
const TRIED = 12;
/** Claims that are shown; the text has all of them. */
const CLAIMS = 12;

type Seen = NonNullable<Explanation["seen"]>;

export function ExplanationView({
  explanation,
  text,
}: {
  readonly explanation: Explanation;
  readonly text: string;
}) {
  const { asked, listener, seen, tried, untried, rule, decision, notHere, nearestHost, disagreements } =
    explanation;
  const left = tried.length - TRIED;
  return (
    <>
      <p class="asked">
        <b>{inert(asked.method, 20)}</b> <Text of={asked.url} longest={300} />
      </p>
      {disagreements.map((one) => (
        <p key={one} class="is-bad problem">
          {inert(one, 1000)}
        </p>
      ))}
      <Decision explanation={explanation} />
      {seen !== undefined && <Asker from={asked.from} seen={seen} />}
      {nearestHost !== undefined && (
        <p>
          No rule names this host. Do you mean <Text of={nearestHost} class="word" />?
        </p>
      )}
      <h3>
        Tried at <Text of={listener.name} longest={60} />
      </h3>
      <ol class="tried">
        {left > 0 && <li class="is-muted">{counted(left, "rule")} before these did not match</li>}
        {tried.slice(-TRIED).map((one, index) => (
          <Tried key={index} tried={one} />
        ))}
        {tried.length === 0 && <li class="is-muted">no rule</li>}
        {untried > 0 && <li class="is-muted">{counted(untried, "rule")} after it were not asked</li>}
      </ol>
      <Ways split={rule?.split} draws={decision.draws} />
      {notHere.length > 0 && (
        <p class="is-muted">
          Not reachable here:{" "}
          {notHere.map(({ name, why }) => `${inert(name, 80)} ${inert(why, 200)}`).join("; ")}
        </p>
      )}
      <details>
        <summary>All of it, as text</summary>
        <pre
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys.
          tabIndex={0}
        >
          {text.split("\n").map((line) => `${inert(line, 600)}\n`)}
        </pre>
      </details>
    </>
  );
}

function Decision({ explanation: { decision, rule } }: { readonly explanation: Explanation }) {
  const waits = decision.delayMs > 0 ? `after ${tookText(decision.delayMs)} ` : "";
  if (decision.outcome === "answer") {
    return (
      <p class="decision is-warn">
        <Icon name="warn" />
        <span>
          {waits}Envoy answers <b>{decision.status ?? ""}</b> itself: {inert(decision.by ?? "", 200)}
          {decision.why !== undefined && `, ${inert(decision.why, 300)}`}
        </span>
      </p>
    );
  }
  const upstream = decision.upstream;
  return (
    <div class="decision is-good">
      <Icon name="right" />
      <span>
        {waits}
        goes to <ClusterName of={decision.cluster ?? ""} />
        {rule?.split !== undefined && rule.split.length > 1 && " this time"}
        {upstream !== undefined && (
          <span class="is-muted upstream">
            as <Text of={`${upstream.method} ${upstream.host}${upstream.path}`} longest={200} />
          </span>
        )}
      </span>
    </div>
  );
}

/** Who the rules take the client for, where that is asked for or a header says it, and what its token says. */
function Asker({ from, seen }: { readonly from: string | undefined; readonly seen: Seen }) {
  const { client, claims = {}, isTokenOnTrust } = seen;
  const all = Object.entries(claims);
  const isClientTold = from !== undefined || client.by !== "connection";
  return (
    <>
      {isClientTold && (
        <p>
          The client is <Text of={client.address} class="word" />, by{" "}
          {client.by === "connection" ? "its connection" : client.by}
        </p>
      )}
      {all.length > 0 && (
        <>
          <h3>Claims of its token</h3>
          <ul class="plain claims">
            {all.slice(0, CLAIMS).map(([name, value]) => (
              <li key={name}>
                <Text of={`${name}: ${JSON.stringify(value)}`} longest={300} />
              </li>
            ))}
            {all.length > CLAIMS && <li class="is-muted">{counted(all.length - CLAIMS, "claim")} more</li>}
          </ul>
        </>
      )}
      {isTokenOnTrust && (
        <p class="is-warn">Its signature is taken on trust: Envoy fetches the keys (jwksUri)</p>
      )}
    </>
  );
}

function Tried({ tried }: { readonly tried: TriedRule }) {
  const page = usePage();
  const group = page.groupAt(tried.file, tried.line);
  const name = tried.name === "" ? (tried.id ?? "a route of the service itself") : tried.name;
  return (
    <li class={tried.matched ? "is-taken" : ""}>
      <Icon name={tried.matched ? "good" : "bad"} />
      <span>
        {group === undefined ? (
          <Text of={name} longest={120} />
        ) : (
          <button type="button" class="link" onClick={() => page.show(group)}>
            <Text of={name} longest={120} />
          </button>
        )}{" "}
        <span class="is-muted">
          {tried.matched
            ? tried.conditions.length === 0
              ? "takes every request"
              : "matches"
            : "does not match"}
        </span>
        {tried.failed.map(({ condition, seen }) => (
          <span key={condition} class="failed">
            needs <Text of={condition} longest={200} />,{" "}
            {seen.length === 0 ? (
              "it is absent"
            ) : (
              <>
                it is <Text of={seen.join(", ")} longest={200} />
              </>
            )}
          </span>
        ))}
      </span>
    </li>
  );
}

/** Where such requests go, when not all of them go the same way: by their weights, or as often as it came out. */
function Ways({
  split = [],
  draws = [],
}: {
  readonly split: readonly SplitPart[] | undefined;
  readonly draws: Explanation["decision"]["draws"];
}) {
  const isSplitOnly = draws.every(({ outcome }) => split.some(({ cluster }) => cluster === outcome));
  const ways = isSplitOnly
    ? split.map(({ cluster, share }) => ({ name: clusterText(cluster), share }))
    : draws.map(({ outcome, count }) => ({
        name: clusterText(outcome),
        share: count / draws.reduce((sum, draw) => sum + draw.count, 0),
      }));
  if (ways.length < 2) {
    return null;
  }
  return (
    <>
      <h3>{isSplitOnly ? "Such requests, by weight" : "Such requests, as the dice fall"}</h3>
      <ul class="plain">
        {ways.map(({ name, share }) => (
          <li key={name} class="pair">
            <Text of={name} />
            <span class="number">{percentText(share)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
