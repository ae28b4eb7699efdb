/** What `check` says of the line above, in short; all of it on a click. */

import type { JsonDiagnostic } from "../../../diagnostics/render/json.ts";
import { Icon } from "../parts/icon.tsx";
import { usePage } from "../parts/page-context.ts";
import { Text } from "../parts/text.tsx";

export function FindingRow({ finding }: { readonly finding: JsonDiagnostic }) {
  const page = usePage();
  const tone = finding.level === "error" ? "bad" : finding.level === "warning" ? "warn" : "plain";
  return (
    <div role="cell" class="finding-cell">
      <button
        type="button"
        class={`finding is-${tone}`}
        onClick={() => {
          page.dialog.value = { kind: "finding", finding };
        }}
      >
        <Icon name={tone} />
        <b>{finding.code}</b> <Text of={finding.message} longest={300} />
      </button>
    </div>
  );
}
