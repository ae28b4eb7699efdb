/** One Gateway by itself. Source: istiod's `ValidateGateway`. */

import { isIP } from "node:net";
import type { FieldPath, Resource } from "../../resources/resource.ts";
import type { GatewaySpec, Server } from "../../resources/types.ts";
import { isSocketPath, unixSocketPath } from "../../services/unix-sockets.ts";
import { checkPort, hostError, isDnsLabel, quote } from "./common.ts";
import { isHttp, isKnownProtocol, isTls, PROTOCOLS } from "./protocols.ts";
import { each, type Reporter } from "./reporter.ts";
import { checkServerTls } from "./server-tls.ts";

export function validateGateway(reporter: Reporter, { name, spec }: Resource<GatewaySpec>): void {
  if (!isDnsLabel(name)) {
    reporter.report(
      "SL0272",
      ["metadata", "name"],
      `${quote(name)} is not a valid name for a Gateway`,
      "Use letters, digits and inner hyphens.",
    );
  }
  if (!spec.servers?.length) {
    reporter.report("SL0273", ["spec"], "the Gateway has no servers");
  }
  const names = new Set<string>();
  each(spec.servers, ["spec", "servers"], (server, path) => {
    if (!server) {
      reporter.report("SL0273", path, "the server is empty");
      return;
    }
    const port = server.port?.name ?? "";
    if (port !== "" && names.has(port)) {
      reporter.report("SL0274", [...path, "port", "name"], `there are two ports named ${quote(port)}`);
    }
    names.add(port);
    checkServer(reporter, server, path);
  });
}

function checkServer(reporter: Reporter, server: Server, path: FieldPath): void {
  if (!server.hosts?.length) {
    reporter.report("SL0273", path, "the server has no hosts");
  }
  each(server.hosts, [...path, "hosts"], (host, at) => checkServerHost(reporter, host, at));
  checkServerPort(reporter, server, path);
  const protocol = server.port?.protocol ?? "";
  if (isTls(protocol)) {
    if (!server.tls) {
      reporter.report("SL0275", path, `a server of protocol ${protocol} needs tls`);
    }
  } else if (server.tls) {
    if (isHttp(protocol)) {
      const { mode = "PASSTHROUGH", serverCertificate, privateKey, caCertificates } = server.tls;
      const terminates = mode !== "PASSTHROUGH" && mode !== "AUTO_PASSTHROUGH";
      if (terminates || serverCertificate || privateKey || caCertificates) {
        reporter.report(
          "SL0275",
          [...path, "tls"],
          `a server of protocol ${protocol} is not encrypted; its tls may only have httpsRedirect`,
          "Use protocol HTTPS.",
        );
      }
    } else {
      reporter.report(
        "SL0275",
        [...path, "tls"],
        `a server of protocol ${protocol} cannot have tls`,
        "Use protocol TLS.",
      );
    }
  }
  if (server.tls?.httpsRedirect && !isHttp(protocol)) {
    reporter.report(
      "SL0277",
      [...path, "tls", "httpsRedirect"],
      `httpsRedirect has no effect on a server of protocol ${protocol}; only plain HTTP can redirect`,
    );
  }
  if (server.tls) {
    checkServerTls(reporter, server.tls, [...path, "tls"]);
  }
}

/** `[namespace/]host`; `.`, `*` or a name for the namespace. */
function checkServerHost(reporter: Reporter, host: string, path: FieldPath): void {
  const parts = host.split("/");
  const namespace = parts.length === 2 ? parts[0]! : undefined;
  const name = parts.at(-1)!;
  // Gateways that Istio made from the Gateway API may admit no namespace at all.
  const generated = reporter.resource.annotations["internal.istio.io/gateway-semantics"] === "gateway";
  const special = ["*", ".", ...(generated ? ["~"] : [])];
  if (
    parts.length > 2 ||
    (namespace !== undefined && !special.includes(namespace) && !isDnsLabel(namespace))
  ) {
    reporter.report("SL0276", path, `${quote(host)} is neither a host nor namespace/host`);
    return;
  }
  if (name === "*") {
    return;
  }
  if (!name.includes(".")) {
    reporter.report(
      "SL0276",
      path,
      `${quote(name)} is a short name, which a Gateway does not expand`,
      "Use the full host name.",
    );
    return;
  }
  if (isIP(name) !== 0) {
    return;
  }
  const wrong = hostError(name, true) ?? (/^\*[^.]/.test(name) ? '"*" must be a label by itself' : undefined);
  if (wrong !== undefined) {
    reporter.report("SL0203", path, `${quote(host)}: ${wrong}`);
  }
}

function checkServerPort(reporter: Reporter, server: Server, path: FieldPath): void {
  const { port, bind } = server;
  if (!port) {
    reporter.report("SL0274", path, "the server has no port");
    return;
  }
  const at = [...path, "port"];
  if (!port.name) {
    reporter.report("SL0274", at, "the port has no name");
  }
  if (!isKnownProtocol(port.protocol ?? "", true)) {
    reporter.report(
      "SL0284",
      [...at, "protocol"],
      `${quote(port.protocol ?? "")} is not a valid protocol`,
      `Use one of ${PROTOCOLS.join(", ")}.`,
    );
  }
  if (port.targetPort !== undefined && port.targetPort !== 0) {
    reporter.report("SL0274", [...at, "targetPort"], "targetPort is not supported in a Gateway");
  }
  const socket = unixSocketPath(bind);
  if (socket !== undefined) {
    if (!isSocketPath(socket)) {
      reporter.report("SL0278", [...path, "bind"], `${quote(bind!)} must name a file by its absolute path`);
    }
    if (port.number !== 0) {
      reporter.report("SL0278", [...at, "number"], "a server on a unix socket needs port number 0");
    }
    return;
  }
  if (bind !== undefined && bind !== "" && isIP(bind) === 0) {
    reporter.report("SL0278", [...path, "bind"], `${quote(bind)} is neither an IP address nor unix://path`);
  }
  checkPort(reporter, port.number ?? 0, [...at, "number"]);
}
