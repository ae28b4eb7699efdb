/**
 * `example.yaml`: what an example needs besides its rules, and what to try. It belongs to this repository and is tested with
 * it, so that mistakes in it are found by the tests and not explained here.
 */

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { packageRoot } from "../../compiler/index.ts";

/** A stand-in for what an endpoint of the rules names. */
export interface ServiceWish {
  readonly name: string;
  readonly version: string;
  readonly port: number;
  /** What it speaks. Default: `http`. */
  readonly protocol?: "http" | "https" | "tcp";
  /** DNS name of its certificate, where it speaks `https`. */
  readonly certificate?: string;
}

/** Requests or connections of one kind, and what they should meet. Each expectation that is present is checked. */
export interface Try {
  /** What to see, as a sentence. */
  readonly see: string;
  /** `http://shop.example/path`, or `tcp` for a connection that waits for a greeting. */
  readonly url: string;
  /** Port of the Gateway, as the rules have it. Default: the mesh listener. */
  readonly port?: number;
  /** `{n}` in a value is the number of the request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: 1 */
  readonly times?: number;
  /** How many may be under way together. Default: 1. */
  readonly atOnce?: number;
  /** Outcome → its share, such as `{ "200 from shop-v1": 0.9 }`; whoever the proxy answers itself is `503 from the proxy`. */
  readonly shares?: Readonly<Record<string, number>>;
  /** Outcomes that are each seen at least once. */
  readonly some?: readonly string[];
  /** Whether all have the same outcome. */
  readonly same?: boolean;
  readonly delayMs?: number;
  /** Headers of every answer. */
  readonly responseHeaders?: Readonly<Record<string, string>>;
}

export interface Example {
  readonly name: string;
  /** The folder, absolute. */
  readonly folder: string;
  /** What it shows, in one line. */
  readonly about: string;
  /** The one command, where the example is not run by this program. */
  readonly command?: string;
  readonly services: readonly ServiceWish[];
  /** Certificates of Gateways: `credentialName` → DNS name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Port of a Gateway in the rules → the one bound. */
  readonly portMap: ReadonlyMap<number, number>;
  readonly tries: readonly Try[];
}

const FILE = "example.yaml";

function folderOfExamples(): string {
  return path.join(packageRoot().directory, "envoy", "examples");
}

/** All of them, by name. */
export async function listExamples(): Promise<Example[]> {
  const names = (await readdir(folderOfExamples())).sort();
  return Promise.all(
    names.filter((name) => existsSync(path.join(folderOfExamples(), name, FILE))).map(readExample),
  );
}

async function readExample(name: string): Promise<Example> {
  const folder = path.join(folderOfExamples(), name);
  const written = parse(await readFile(path.join(folder, FILE), "utf8")) as {
    about: string;
    command?: string;
    services?: ServiceWish[];
    secrets?: Record<string, string>;
    portMap?: Record<string, number>;
    try?: Try[];
  };
  const { about, command, services = [], secrets = {}, portMap = {} } = written;
  return {
    name,
    folder,
    about,
    ...(command !== undefined && { command }),
    services,
    secrets,
    portMap: new Map(Object.entries(portMap).map(([from, to]) => [Number(from), to])),
    tries: written.try ?? [],
  };
}
