/** A page of nothing, which remembers what was done with it, and a browser that sends what a test wants. */

import http from "node:http";
import type { StreamedEvent } from "../http/event-streams.ts";
import type { Asset } from "./assets.ts";
import type { PageSource } from "./page-source.ts";

export const ASSETS: ReadonlyMap<string, Asset> = new Map([
  ["/", { type: "text/html; charset=utf-8", content: Buffer.from("<!doctype html>") }],
  ["/page.js", { type: "text/javascript; charset=utf-8", content: Buffer.from("") }],
]);

export class FakeSource implements PageSource {
  readonly done: string[] = [];
  readonly listeners = new Set<(event: StreamedEvent) => void>();
  /** What each listener said that it had last. */
  readonly lastEvents: (string | undefined)[] = [];

  async rules() {
    return {
      generation: 1,
      servedSince: 0,
      title: "a test",
      version: "0",
      target: "wasm" as const,
      counts: "all" as const,
      files: [],
      rules: [],
      listeners: [],
      clusters: [],
      findings: [],
    };
  }

  lines(_file: number, from: number, _to: number) {
    return { generation: 1, from, lines: [] };
  }

  history(rule: string) {
    return { rule, stepMs: 5000, requests: [] };
  }

  async explain() {
    this.done.push("explain");
    return { problem: "nothing to explain" };
  }

  tap() {
    this.done.push("tap");
    return { percent: 0, dropped: 0 };
  }

  apply() {
    this.done.push("apply");
  }

  listen(listener: (event: StreamedEvent) => void, lastEvent: string | undefined) {
    this.lastEvents.push(lastEvent);
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  tell(event: StreamedEvent): void {
    for (const listener of this.listeners) {
      listener(event);
    }
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string;
}

/** `url` is the page's; its path is that of the request. */
export function ask(url: string, target: string, asked: Asked = {}): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const { method = "GET", headers = {}, body } = asked;
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: hostname.replace(/^\[|\]$/g, ""),
      port,
      path: target,
      method,
      headers,
      agent: false,
    });
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      response.on("error", reject);
    });
    request.end(body);
  });
}

/** The cookie that a browser has after it has opened the URL. */
export async function cookieOf(url: string): Promise<string> {
  const { pathname, search } = new URL(url);
  const { headers } = await ask(url, `${pathname}${search}`);
  return headers["set-cookie"]![0]!.split(";")[0]!;
}
