/** Does what an example says to try, against the running proxy, and holds what comes of it against what it says to see. */

import net from "node:net";
import type { Answer } from "../../envoy/bookinfo/services/index.ts";
import { type Clients, servedBy } from "../demo/client.ts";
import { type Check, duration, type Row, share } from "../demo/report.ts";
import type { Try } from "./example-file.ts";

export interface Ports {
  readonly mesh: number;
  /** Port of a Gateway in the rules → the one bound. */
  readonly gateways: ReadonlyMap<number, number>;
}

/** What a busy machine may add to a delay. */
const SLACK_MS = 3_000;
const GREETING_TIMEOUT_MS = 10_000;

export function portOf({ port }: Try, { mesh, gateways }: Ports): number {
  return port === undefined ? mesh : (gateways.get(port) ?? port);
}

/** As a reader would do it. `authorityFile` is for `curl` to believe the proxy's certificate. */
export function commandOf(attempt: Try, ports: Ports, authorityFile: string): string {
  const { url, headers = {} } = attempt;
  const port = portOf(attempt, ports);
  if (url === "tcp") {
    return `nc 127.0.0.1 ${port}`;
  }
  const { protocol, hostname, pathname, search } = new URL(url);
  const given = Object.entries(headers).map(([name, value]) => ` -H '${name}: ${value.replace("{n}", "1")}'`);
  const target = `${hostname}:${port}${pathname}${search}`;
  return protocol === "https:"
    ? `curl -si --cacert ${authorityFile} --resolve ${hostname}:${port}:127.0.0.1${given.join("")} 'https://${target}'`
    : `curl -si -H 'Host: ${hostname}'${given.join("")} 'http://127.0.0.1:${port}${pathname}${search}'`;
}

/** All of it, one kind after another. */
export async function doTries(
  tries: readonly Try[],
  ports: Ports,
  clients: Clients,
  authorityFile: string,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const attempt of tries) {
    const where = commandOf(attempt, ports, authorityFile);
    rows.push({ resource: attempt.see, rule: "", where, checks: await checksOf(attempt, ports, clients) });
  }
  return rows;
}

async function checksOf(attempt: Try, ports: Ports, clients: Clients): Promise<Check[]> {
  const { url, times = 1 } = attempt;
  const asked = `${times} × ${url === "tcp" ? "connection" : `GET ${url}`}`;
  try {
    const port = portOf(attempt, ports);
    if (url === "tcp") {
      const greetings: string[] = [];
      for (let n = 0; n < times; n++) {
        greetings.push(await greetingOf(port));
      }
      return hold(attempt, greetings, []).map((check) => ({ asked, ...check }));
    }
    const answers = await send(attempt, port, clients);
    return hold(attempt, answers.map(outcomeOf), answers).map((check) => ({ asked, ...check }));
  } catch (error) {
    // No answer at all is what was observed.
    return [{ asked, expected: "an answer", observed: (error as Error).message, fits: false }];
  }
}

async function send(attempt: Try, port: number, clients: Clients): Promise<Answer[]> {
  const { url, headers = {}, times = 1, atOnce = 1 } = attempt;
  const { hostname: host, pathname, search } = new URL(url);
  const path = `${pathname}${search}`;
  if (!Object.values(headers).some((value) => value.includes("{n}"))) {
    return clients.send(port, { host, path, headers }, times, atOnce);
  }
  const answers: Answer[] = [];
  for (let n = 1; n <= times; n++) {
    const own = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace("{n}", String(n))]),
    );
    answers.push(...(await clients.send(port, { host, path, headers: own }, 1, 1)));
  }
  return answers;
}

function outcomeOf(answer: Answer): string {
  return `${answer.status} from ${servedBy(answer) ?? "the proxy"}`;
}

function hold(
  { shares = {}, some = [], same, delayMs, responseHeaders = {} }: Try,
  outcomes: readonly string[],
  answers: readonly Answer[],
): Omit<Check, "asked">[] {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) {
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  const all = [...counts].map(([outcome, count]) => `${count} × ${outcome}`).join(", ");
  const checks = Object.entries(shares).map(([outcome, part]) => {
    const check = share(outcome, part, counts.get(outcome) ?? 0, outcomes.length);
    return check.fits ? check : { ...check, observed: all };
  });
  for (const outcome of some) {
    const count = counts.get(outcome) ?? 0;
    checks.push({ expected: `some ${outcome}`, observed: count > 0 ? String(count) : all, fits: count > 0 });
  }
  if (same === true) {
    checks.push({ expected: "all the same", observed: all, fits: counts.size === 1 });
  }
  if (delayMs !== undefined) {
    const times = answers.map(({ elapsedMs }) => elapsedMs);
    checks.push(duration("after", delayMs, times, SLACK_MS));
  }
  for (const [name, value] of Object.entries(responseHeaders)) {
    const seen = new Set(answers.map(({ headers }) => String(headers[name])));
    const fits = seen.size === 1 && seen.has(value);
    checks.push({ expected: `${name}: ${value}`, observed: fits ? "the same" : [...seen].join(", "), fits });
  }
  return checks;
}

/** The first line that somebody says on a connection. */
function greetingOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const socket = net.connect({ host: "127.0.0.1", port, timeout: GREETING_TIMEOUT_MS });
    socket.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    socket.on("timeout", () =>
      socket.destroy(new Error(`no greeting within ${GREETING_TIMEOUT_MS / 1000} s`)),
    );
    socket.on("error", reject);
    socket.on("end", () => resolve(said.trim() || "closed without a greeting"));
  });
}
