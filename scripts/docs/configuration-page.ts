/** `docs/configuration.md`: the keys of `sluice.yaml`, from the table of options. */

import { optionsTable } from "./options-table.ts";

export function configurationPage(): string {
  return `${[
    "# Configuration file",
    "`--config sluice.yaml` reads the options of a call from a file. Flags win over it. Paths in it are relative to its folder. Unknown keys and wrong values are errors, at their place in the file.",
    [
      "```yaml",
      "# yaml-language-server: $schema=config.schema.json",
      "paths: [rules, registry.yaml]",
      "portMap: { 80: 8080, 443: 8443 }",
      "proxyLabels: { istio: ingressgateway }",
      "strict: true",
      "```",
    ].join("\n"),
    optionsTable().trimEnd(),
    "`sluice schema config` prints a JSON schema for editors.",
  ].join("\n\n")}\n`;
}
