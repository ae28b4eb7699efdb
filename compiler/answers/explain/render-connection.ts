/** The explanation of a connection for people. Whatever stands here stands in the data, too. */

import { printableData } from "../../diagnostics/render/printable.ts";
import { folded, listed, type Style, wrap } from "../../diagnostics/render/style.ts";
import { formatSocket } from "../../ir/sockets.ts";
import type {
  ChainDetails,
  ConnectionExplanation,
  ConnectionRulePlace,
  ConnectionSplitPart,
  TriedChain,
} from "./connection-explanation.ts";
import { listedEndpoints, percent, where } from "./render-text.ts";

/** Chains that did not take the connection; a gateway can have thousands. */
const MOST_TRIED = 10;

const LOOKED_UP: Readonly<Record<NonNullable<ConnectionSplitPart["lookedUp"]>, string>> = {
  byAuthority: "the server name is looked up",
  originalDestination: "the address that the connection was meant for",
  originalAddress: "the address that the connection was meant for",
  eds: "",
  strictDns: "",
  logicalDns: "",
};

export function renderConnection(explanation: ConnectionExplanation, style: Style): string {
  const { bold, dim } = style.colors;
  const data = printableData(explanation);
  const { asked, listener, tried, chain, decision, open = [] } = data;
  const lines: string[] = [bold(asked.url)];
  const section = (title: string, body: readonly string[]) => {
    if (body.length > 0) {
      lines.push("", title, ...body.map((line) => `  ${line}`));
    }
  };
  if (asked.tls && asked.tls.applicationProtocols.length > 0) {
    lines.push(`  ${dim(`proposes ${asked.tls.applicationProtocols.join(", ")}`)}`);
  }
  if (asked.from !== undefined) {
    lines.push(`  ${dim(`from ${asked.from}`)}`);
  }
  section("what it is for", destinationLines(data).map(dim));
  if (listener) {
    section("listener", [
      dim(`${listener.name} at ${formatSocket(listener.address, listener.port)}`),
      ...(listener.isUnbound
        ? ["this proxy has no listeners for ports of the mesh; with --mesh-listeners it has this one"]
        : []),
      ...(listener.proxyProtocol ? [dim("connections begin with a PROXY protocol header")] : []),
      ...(listener.others.length > 0
        ? [dim(`the port is also that of ${listed(listener.others, style)}; choose with --at`)]
        : []),
    ]);
  }
  const [matched, others] = [tried.filter((one) => one.matched), tried.filter((one) => !one.matched)];
  section("filter chains", [
    ...folded(
      others.map((one) => triedLines(one, style)),
      style,
      (left) => [dim(`… ${left} more did not match; --verbose lists them`)],
      MOST_TRIED,
    ).flat(),
    ...matched.flatMap((one) => triedLines(one, style)),
  ]);
  if (chain) {
    section(`the chain ${chain.name}`, chainLines(chain, style));
  }
  section("decision", decisionLines(decision, chain, style));
  section(
    "ports that are taken",
    folded(
      open.map(({ listener: name, port }) => `${port} ${dim(`by ${name}`)}`),
      style,
      (left) => dim(`… ${left} more`),
    ),
  );
  return `${lines.map((line) => wrap(line, style)).join("\n")}\n`;
}

function destinationLines({
  asked: { host, port, tls },
  destination: { address, by, service, nearest },
  listener,
  chain,
}: ConnectionExplanation): string[] {
  const lines: string[] = [];
  if (service) {
    lines.push(`the service ${service.host}`);
    if (!service.ports.includes(port)) {
      lines.push(`it has no port ${port}; its ports are ${service.ports.join(", ")}`);
    }
  } else if (address !== host && chain === undefined) {
    lines.push(`no service is called ${host}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`);
  }
  if (address !== undefined) {
    lines.push(`the address ${address}${by === "service" ? ", which the name is resolved to" : ""}`);
  } else if (listener?.goesByAddress) {
    lines.push("the rules do not say which address it is for; --to says one");
  }
  if (tls) {
    lines.push(
      tls.serverName === undefined ? "TLS without a server name" : `the server name ${tls.serverName}`,
    );
  }
  return lines;
}

/** Characters before the name of a chain. */
const HEAD = "matches ".length;

function triedLines(one: TriedChain, { colors, columns }: Style): string[] {
  const { bold, dim, green } = colors;
  const mark = one.matched ? bold(green("matches")) : dim("no     ");
  const reads = one.reads === "http" ? dim(", which reads HTTP") : "";
  const name = `${mark} ${one.matched ? one.name : dim(one.name)}${reads}`;
  // Below the name; a section's lines stand two characters further in.
  const head = wrap(name, { columns: columns - 2 }, HEAD).split("\n");
  const rule = one.resource === undefined ? [] : [`        ${dim(ruleText(one))}`];
  if (one.failed === undefined) {
    return [...head, ...rule, `        ${one.conditions.join(" and ") || "every connection"}`];
  }
  const { condition, seen, isOutranked } = one.failed;
  const reason = isOutranked
    ? `takes ${condition}; another chain names the connection more exactly`
    : `needs ${condition}, ${seen === undefined ? "and the connection has none" : `got ${seen}`}`;
  return [...head, ...rule, `        ${reason}`];
}

/** `shop/db tcp[1].match[2] rules.yaml:3:5` */
function ruleText(place: ConnectionRulePlace): string {
  const { resource, list, rule, match } = place;
  return `${resource} ${list}[${rule}]${match === undefined ? "" : `.match[${match}]`} ${where(place)}`;
}

function chainLines(chain: ChainDetails, style: Style): string[] {
  const { dim } = style.colors;
  const lines: string[] = [];
  if (chain.resource !== undefined) {
    lines.push(ruleText(chain));
  } else if (chain.reads === "tcp") {
    lines.push(dim("no rule of a VirtualService says where its connections go"));
  }
  if (chain.tls) {
    const { clientCertificate } = chain.tls;
    lines.push(
      `TLS ends here${clientCertificate === "none" ? "" : `, with a certificate of the client (${clientCertificate})`}`,
    );
  }
  // Where the server name is looked up, it alone says where the connection goes.
  const isLookedUp = chain.lookupPort !== undefined;
  const parts = (chain.split ?? []).map((part) => partLines(part, isLookedUp, style));
  lines.push(...folded(parts, style, (left) => [dim(`… ${left} more destinations`)]).flat());
  if (chain.hashesSource) {
    lines.push("endpoint by the hash of the client's address");
  }
  if (chain.lookupPort !== undefined) {
    lines.push(`the server name is looked up, and asked on port ${chain.lookupPort}`);
  }
  if (chain.tunnel) {
    lines.push(`the endpoint is asked by ${chain.tunnel.method} for ${chain.tunnel.target}`);
  }
  if (chain.idleTimeoutMs !== undefined) {
    lines.push(
      chain.idleTimeoutMs === 0 ? "no idle timeout" : `closed after ${chain.idleTimeoutMs} ms without a byte`,
    );
  }
  if (chain.maxConnectionDurationMs !== undefined) {
    lines.push(`closed after ${chain.maxConnectionDurationMs} ms in any case`);
  }
  return lines;
}

function partLines(part: ConnectionSplitPart, isLookedUp: boolean, style: Style): string[] {
  const { dim, yellow } = style.colors;
  const { cluster, weight, share, endpoints, lookedUp, healthCheck, tls, proxyProtocol, why } = part;
  const endpointLine = lookedUp ? LOOKED_UP[lookedUp] : listedEndpoints(endpoints, style);
  const whereTo = lookedUp && isLookedUp ? [] : [dim(`  ${endpointLine}`)];
  return [
    `${percent(share)} to ${cluster} ${dim(`(weight ${weight})`)}`,
    ...(why === undefined ? whereTo : [yellow(`  ${why}: its connections are closed`)]),
    ...(healthCheck ? [dim(`  each is checked by ${healthCheck}`)] : []),
    ...(tls ? [dim(`  ${tlsText(tls)}`)] : []),
    ...(proxyProtocol ? [dim(`  after a PROXY protocol header, ${proxyProtocol}`)] : []),
  ];
}

function tlsText({
  sni,
  isMutual,
  subjectAltNames,
  isVerified,
}: NonNullable<ConnectionSplitPart["tls"]>): string {
  return [
    `by TLS${sni === undefined ? "" : ` for ${sni}`}`,
    ...(isMutual ? ["with the proxy's certificate"] : []),
    isVerified
      ? `the endpoint's certificate is verified${subjectAltNames.length > 0 ? ` to be for ${subjectAltNames.join(" or ")}` : ""}`
      : "the endpoint's certificate is not verified",
  ].join(", ");
}

function decisionLines(
  { outcome, why }: ConnectionExplanation["decision"],
  chain: ChainDetails | undefined,
  { colors: { bold, green, yellow } }: Style,
): string[] {
  switch (outcome) {
    case "forward": {
      const to = (chain?.split ?? []).map(({ cluster }) => cluster);
      return [bold(green(`goes to ${to.join(" or ")}`))];
    }
    case "http":
      return [
        bold(green("HTTP is read in it, and each request is decided by itself")),
        `sluice explain http${chain?.tls ? "s" : ""}://HOST/ --at ${chain?.name} asks about one`,
      ];
    case "closed":
      return [bold(yellow(`Envoy closes it: ${why}`))];
    case "refused":
      return [bold(yellow(`refused: ${why}`))];
  }
}
