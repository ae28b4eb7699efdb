/** What most suites here ask: two services, `one` of HTTP/1.1 and `two` of HTTP/2, behind both targets side by side. */

import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { type BothTargets, openBothTargets } from "./both-targets.ts";
import { type ProtocolUpstream, startHttp1Upstream, startHttp2Upstream } from "./upstreams.ts";

export interface OneAndTwo {
  readonly one: ProtocolUpstream;
  readonly two: ProtocolUpstream;
  readonly proxy: BothTargets;
}

/** Starts them before the tests of a file and stops them afterwards; what it gives is there once the first test runs. */
export function useOneAndTwo(rules: string): OneAndTwo {
  const world = {} as { -readonly [Part in keyof OneAndTwo]: OneAndTwo[Part] };

  beforeAll(async () => {
    [world.one, world.two] = await Promise.all([startHttp1Upstream("one"), startHttp2Upstream("two")]);
    world.proxy = await openBothTargets(
      [
        { name: "one", protocol: "HTTP", port: world.one.port },
        { name: "two", protocol: "HTTP2", port: world.two.port },
      ],
      rules,
    );
  });

  beforeEach(() => {
    world.one.reset();
    world.two.reset();
  });

  afterAll(async () => {
    expect(world.proxy.complaints()).toEqual([]);
    await world.proxy.close();
    await Promise.all([world.one.close(), world.two.close()]);
  });

  return world;
}
