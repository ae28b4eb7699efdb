/** What `sluice` alone says: what it is, and what to do next. Everything else is for `sluice help` to say. */

import type { Colors } from "./terminal.ts";

const FIRST_COMMANDS = [
  ["sluice init", "write a small rule set to begin with"],
  ["sluice check rules/", "find mistakes in a folder of rules"],
  ["sluice explain rules/ --request 'GET http://shop.example/'", "show how a request is routed, and why"],
  ["sluice run rules/ --watch", "run an Envoy with the rules, and reload them at each change"],
] as const;

export function welcome({ bold, cyan, dim }: Colors): string {
  return [
    bold("Sluice compiles Istio traffic rules for a stock Envoy, and answers questions"),
    bold("about them."),
    "",
    ...FIRST_COMMANDS.flatMap(([command, does]) => [`  ${cyan(command)}`, `      ${dim(does)}`]),
    "",
    `All commands: ${cyan("sluice help")}; one command: ${cyan("sluice help check")}`,
    "",
  ].join("\n");
}
