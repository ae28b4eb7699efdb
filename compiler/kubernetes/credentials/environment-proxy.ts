/** The proxy that the environment names for a server, as Go's programs read it, `kubectl` among them. */

import ipaddr from "ipaddr.js";
import { EnvironmentError } from "../../platform/error.ts";

/** Undefined where the server is to be reached without one; plain HTTP always is. Throws an `EnvironmentError` for what is not an address. */
export function environmentProxy(server: URL, env: NodeJS.ProcessEnv): URL | undefined {
  const text = env.HTTPS_PROXY || env.https_proxy || "";
  const host = server.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (server.protocol !== "https:" || text === "" || isLocal(host)) {
    return undefined;
  }
  if (isExempt(host, server.port || "443", env.NO_PROXY || env.no_proxy || "")) {
    return undefined;
  }
  const url = /^[a-z\d]+:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new EnvironmentError(`HTTPS_PROXY is not valid; use http://host:port or https://host:port`);
  }
  return new URL(url);
}

function isLocal(host: string): boolean {
  return host === "localhost" || (ipaddr.isValid(host) && ipaddr.process(host).range() === "loopback");
}

/** `NO_PROXY`: names with all that end in them, addresses, blocks of addresses, or `*`; each may have a port. */
function isExempt(host: string, port: string, list: string): boolean {
  return list
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== "")
    .some((entry) => {
      if (entry === "*") {
        return true;
      }
      if (entry.includes("/")) {
        return isInBlock(host, entry);
      }
      const [, name, wanted] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(ipaddr.isValid(entry) ? `[${entry}]` : entry)!;
      if (wanted !== undefined && wanted !== port) {
        return false;
      }
      if (ipaddr.isValid(host)) {
        return host === name;
      }
      const bare = name!.replace(/^\*?\./, "");
      return host.endsWith(`.${bare}`) || (host === bare && !name!.startsWith("."));
    });
}

function isInBlock(host: string, block: string): boolean {
  if (!ipaddr.isValid(host) || !ipaddr.isValidCIDR(block)) {
    return false;
  }
  const address = ipaddr.parse(host);
  const [base, bits] = ipaddr.parseCIDR(block);
  return address.kind() === base.kind() && address.match(base, bits);
}
