/**
 * What an operator can do with the roll-out that is under way. The page itself may not: whoever has the token of the HTTP interface types it
 * here, and it is kept for as long as the page is open, and nowhere else.
 */

import { useSignal } from "@preact/signals";
import type { FleetChange } from "../../api.ts";
import { usePage } from "../parts/page-context.ts";

export function Operator({ canChange }: { readonly canChange: boolean }) {
  const page = usePage();
  const token = useSignal("");
  if (!canChange) {
    return (
      <p class="is-muted">
        The server has no tokens, so this page changes nothing; --http-token-file gives it some.
      </p>
    );
  }
  const change = (action: FleetChange["action"]) => void page.changeFleet({ action, token: token.peek() });
  return (
    <form
      class="operator"
      onSubmit={(event) => {
        event.preventDefault();
        change("promote");
      }}
    >
      <label>
        Operator's token{" "}
        <input
          type="password"
          autoComplete="off"
          value={token.value}
          onInput={(event) => {
            token.value = event.currentTarget.value;
          }}
        />
      </label>
      <button type="submit" disabled={token.value === ""}>
        Promote: next wave now
      </button>
      <button type="button" disabled={token.value === ""} onClick={() => change("abort")}>
        Abort: take it back
      </button>
    </form>
  );
}
