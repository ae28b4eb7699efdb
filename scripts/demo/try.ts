/** What a reader may try while the demo runs: addresses and commands with the ports really bound. */

import type { Colors } from "../../compiler/cli/terminal.ts";
import type { Config } from "../../compiler/index.ts";

export interface Places {
  readonly config: Config;
  readonly meshPort: number;
  /** Of Envoy's admin interface. */
  readonly adminSocket: string;
  /** The folder of the rules, as the reader would write it. */
  readonly rules: string;
}

export function whatToTry({ config, meshPort, adminSocket, rules }: Places, colors: Colors): string {
  const gateway = config.listeners.find(({ role }) => role === "gateway");
  const mesh = `http://127.0.0.1:${meshPort}`;
  const items: [string, string][] = [];
  if (gateway !== undefined) {
    const page = `http://127.0.0.1:${gateway.port}/productpage`;
    items.push(
      [page, "the page: load it several times, log in as jason"],
      [
        `curl -s 'http://127.0.0.1:${gateway.port}/api/v1/products/0/reviews'`,
        "the reviews, and which version served",
      ],
    );
  }
  items.push(
    [
      `curl -si -H 'Host: reviews:9080' -H 'end-user: jason' ${mesh}/reviews/0`,
      "jason's reviews: v2, delayed by two seconds",
    ],
    [`curl -si -H 'Host: ratings:9080' ${mesh}/ratings/0`, "one in ten is aborted with 503"],
    [`curl -si -H 'Host: details:9080' ${mesh}/flaky`, "200, on the second try"],
    [`curl -si -H 'Host: details:9080' ${mesh}/slow?ms=5000`, "504 after one second"],
    [`curl -si -H 'Host: quotes.example.com' ${mesh}/status/503`, "three of these open the circuit breaker"],
    [`curl -si -H 'Host: quotes.example.com' ${mesh}/quote`, "outside the mesh"],
    [`curl -s --unix-socket ${adminSocket} 'http://envoy/stats?filter=rq_total'`, "what Envoy has counted"],
  );
  const width = Math.max(...items.map(([command]) => command.length));
  return [
    "",
    colors.bold("To try:"),
    ...items.map(([command, what]) => `  ${colors.cyan(command.padEnd(width))}  ${what}`),
    "",
    `${colors.bold("To change:")} edit a file in ${rules}, such as the weights in reviews.yaml, and save it: what it changes is tested`,
    "and shown again. If new rules have errors, the old rules stay in effect. Ctrl-C ends the demo.",
    "",
  ]
    .map((line) => `${line}\n`)
    .join("");
}
