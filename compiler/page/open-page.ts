/** Shows a session in a browser. */

import { LiveRules } from "../observe/live.ts";
import type { Session } from "../run/session.ts";
import { readAssets } from "./assets.ts";
import { readPageListen } from "./page-listen.ts";
import { PageServer } from "./page-server.ts";
import { SessionPage, type SessionPageOptions } from "./session-page.ts";

export interface OpenPageOptions extends Omit<SessionPageOptions, "live"> {
  /**
   * A port of 127.0.0.1, which no other machine can reach, or `address:port`; port 0 is any that is free. Default: the first port from
   * 9902 on that is free.
   */
  readonly listen?: string;
  /** Of the same session, for whoever looks beside those who open the page. */
  readonly live?: LiveRules;
  /** Told, in a line, of what is a mistake of ours. */
  readonly onProblem: (line: string) => void;
}

export interface Page {
  /** With the token that lets a browser in; it holds for as long as the page is served. */
  readonly url: string;
  /** Whoever looks is told that it ends; `why`, where the session has not said so. Safe to call again. */
  close(why?: string): Promise<void>;
}

/**
 * Serves a page of what a session does with its rules, from now on: also before Envoy serves. Throws an `EnvironmentError` when its port
 * cannot be had or its files are not there, and a `ListenError` for one that is not valid. It is closed by whoever opened it.
 */
export async function openPage(
  session: Pick<Session, "serving" | "listen" | "apply">,
  { listen, live = new LiveRules(session), onProblem, ...options }: OpenPageOptions,
): Promise<Page> {
  const source = new SessionPage(session, { ...options, live });
  try {
    const server = await PageServer.open({
      source,
      listen: readPageListen(listen),
      assets: readAssets(),
      onProblem,
    });
    return {
      url: server.url,
      async close(why) {
        source.close(why);
        await server.close();
      },
    };
  } catch (error) {
    source.close();
    throw error;
  }
}
