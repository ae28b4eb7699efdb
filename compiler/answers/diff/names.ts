/**
 * Names that the proxy itself resolves: which are answered that were not, no longer, or with other addresses. A name of one side
 * alone may still be below a wildcard of the other, so each is asked of both, as Envoy's DNS filter looks it up.
 */

import type { DnsServer } from "../../ir/dns.ts";
import type { Config } from "../../ir/ir.ts";
import { formatSocket } from "../../ir/sockets.ts";
import { compareStrings } from "../../ir/text.ts";

export interface NameChange {
  /** `*.suffix`: all below it that are not there themselves. */
  readonly name: string;
  /** Absent: the name is not answered, but asked of the machine's own servers. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
}

/** None where one side answers no names at all: then it is the server that changes (`changedDnsServer`). */
export function changedNames({ dns: before }: Config, { dns: after }: Config): NameChange[] {
  if (before === undefined || after === undefined) {
    return [];
  }
  const [old, now] = [tableOf(before), tableOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].sort(compareStrings).flatMap((name) => {
    const [was, is] = [addressesIn(old, name), addressesIn(now, name)];
    return areSame(was, is) ? [] : [{ name, ...(was && { before: was }), ...(is && { after: is }) }];
  });
}

/** Where names are asked for, `address:port`. Absent: nowhere. */
export interface DnsServerChange {
  readonly before?: string;
  readonly after?: string;
}

export function changedDnsServer({ dns: old }: Config, { dns: now }: Config): DnsServerChange | undefined {
  const [before, after] = [old && socketOf(old), now && socketOf(now)];
  return before === after
    ? undefined
    : { ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
}

function socketOf({ address, port }: DnsServer): string {
  return formatSocket(address, port);
}

type Table = ReadonlyMap<string, readonly string[]>;

function tableOf({ domains }: DnsServer): Table {
  return new Map(domains.map(({ name, addresses }) => [name, addresses]));
}

/** The name itself, else the longest wildcard that it is below. */
function addressesIn(table: Table, name: string): readonly string[] | undefined {
  const own = table.get(name);
  if (own !== undefined) {
    return own;
  }
  const labels = name.split(".");
  for (let i = 1; i < labels.length; i++) {
    const wild = table.get(`*.${labels.slice(i).join(".")}`);
    if (wild !== undefined) {
      return wild;
    }
  }
  return undefined;
}

/** Envoy begins with any of them, in whatever order they are written. */
function areSame(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  return one === undefined || other === undefined
    ? one === other
    : [...one].sort(compareStrings).join() === [...other].sort(compareStrings).join();
}
