/** The fleet at a glance: what is on its way and what it waits for, who has what, who refuses and in which words. */

import { counted } from "../format/numbers.ts";
import { usePage } from "../parts/page-context.ts";
import { Text } from "../parts/text.tsx";
import { Operator } from "./operator.tsx";
import { Proxies, Scopes } from "./proxies.tsx";
import { RollOut } from "./roll-out.tsx";

export function FleetTab() {
  const page = usePage();
  const fleet = page.fleet.value;
  if (fleet === undefined) {
    return <p class="is-muted">Connecting</p>;
  }
  const { status, rollouts, states, canChange, at } = fleet;
  const [newest, ...others] = rollouts;
  return (
    <div class="fleet">
      <section class="panel" aria-labelledby="roll-out-title">
        <h2 id="roll-out-title">Roll-out</h2>
        <p>
          {status.revision === undefined ? (
            "No rules are served yet."
          ) : (
            <>
              The fleet serves <Text of={status.revision} class="revision" />
              {status.next !== undefined && (
                <>
                  {" "}
                  and goes to <Text of={status.next} class="revision" />
                </>
              )}
              .
            </>
          )}
        </p>
        {status.refused !== undefined && (
          <p class="is-bad">
            The newest rules have {counted(status.refused.errors, "error")} and are not taken.
          </p>
        )}
        {newest !== undefined && <RollOut rollout={newest} now={at} />}
        {newest?.phase === "running" && <Operator canChange={canChange} />}
        {others.length > 0 && (
          <details>
            <summary>{counted(others.length, "earlier roll-out")}</summary>
            {others.map((one) => (
              <RollOut key={one.id} rollout={one} now={at} />
            ))}
          </details>
        )}
      </section>
      <section class="panel" aria-labelledby="proxies-title">
        <h2 id="proxies-title">Proxies</h2>
        <Scopes states={states} />
        <Proxies fleet={fleet} />
      </section>
    </div>
  );
}
