/** What can be asked of a session, and from where. */

import { socketsOf } from "../../ir/sockets.ts";
import { packageRoot } from "../../platform/package-root.ts";
import type { Session } from "../../run/session.ts";
import { listedRules } from "../listed-rules.ts";
import { LiveRules } from "../live.ts";
import type { Tap } from "../tap/tap.ts";
import type { RunAbout, ServedRules } from "./about.ts";
import { Door } from "./door.ts";
import type { DoorRoute } from "./route.ts";
import { tapRoute } from "./tap-route.ts";

export interface OpenDoorOptions {
  /** Where its rules are, for whoever has to tell several sessions apart. */
  readonly rules: readonly string[];
  /** Default: that of this user, `$XDG_RUNTIME_DIR/sluice` or `sluice-UID` in the folder for temporary files. */
  readonly folder?: string;
  /** Of the same session, for whoever looks beside those who attach. */
  readonly live?: LiveRules;
  /** By which its requests can be sampled. Absent: they cannot. */
  readonly tap?: Tap | undefined;
  /** Told, in a line, of what goes wrong with a client. */
  readonly onProblem: (line: string) => void;
}

/**
 * Lets programs of this user attach to a session: `sluice top` and `sluice tap`, or `DoorClient`. Throws an `EnvironmentError` where
 * there is no folder for the socket. It is closed by whoever opened it.
 */
export function openDoor(
  session: Pick<Session, "serving" | "listen">,
  { rules, folder, live = new LiveRules(session), tap, onProblem }: OpenDoorOptions,
): Promise<Door> {
  const since = Date.now();
  const about = (): RunAbout => ({
    pid: process.pid,
    directory: process.cwd(),
    rules,
    since,
    version: packageRoot().version,
    ...servingOf(session),
  });
  const routes: readonly DoorRoute[] = [
    { method: "GET", path: "/v1/about", answer: () => ({ json: about() }) },
    { method: "GET", path: "/v1/rules", answer: () => ({ json: servedRules(session) }) },
    { method: "GET", path: "/v1/live", answer: ({ signal }) => ({ lines: live.watch(signal) }) },
    tapRoute(tap),
  ];
  return Door.open({ routes, onProblem, ...(folder !== undefined && { folders: [folder] }) });
}

function servedRules({ serving }: Pick<Session, "serving">): ServedRules {
  return serving === undefined
    ? { generation: 0, rules: [], sockets: [] }
    : {
        generation: serving.generation,
        rules: listedRules(serving.compilation.config),
        sockets: socketsOf(serving.compilation.config),
      };
}

function servingOf({ serving }: Pick<Session, "serving">): Pick<RunAbout, "serving"> {
  if (serving === undefined) {
    return {};
  }
  const { envoy, generation, since } = serving;
  return { serving: { envoy: envoy.version, generation, since } };
}
