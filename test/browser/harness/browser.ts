/**
 * A real Chromium for the tests of the page. What goes wrong in it while a test looks elsewhere (an error on its console, a
 * question to another host) fails the test as well.
 */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";
// @ts-expect-error: a script, not typed
import { findChromium } from "../../../scripts/chromium.mjs";

export interface Look {
  readonly colors?: "light" | "dark";
  /** CSS pixels. */
  readonly width?: number;
  readonly height?: number;
  readonly reducedMotion?: boolean;
}

/** A page that is open, and what it said that it should not have. */
export interface OpenPage {
  readonly page: Page;
  /** Errors of its scripts, warnings of its security policy, questions to other hosts. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export class TestBrowser {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<TestBrowser> {
    const found = await findChromium();
    if ("problem" in found) {
      throw new Error(found.problem);
    }
    return new TestBrowser(
      await chromium.launch({
        executablePath: found.path,
        // The sandbox is not to be had for root, as whom containers run tests.
        chromiumSandbox: process.getuid?.() !== 0,
        args: ["--force-color-profile=srgb", "--font-render-hinting=none"],
      }),
    );
  }

  async open(url: string, look: Look = {}): Promise<OpenPage> {
    const { colors = "light", width = 1440, height = 900, reducedMotion = true } = look;
    const context = await this.#browser.newContext({
      colorScheme: colors,
      viewport: { width, height },
      reducedMotion: reducedMotion ? "reduce" : "no-preference",
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    const { host } = new URL(url);
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        complaints.push(`console: ${message.text()}`);
      }
    });
    page.on("pageerror", (error) => complaints.push(`error: ${error.stack ?? error.message}`));
    page.on("request", (request) => {
      const asked = new URL(request.url());
      if (asked.host !== host && asked.protocol !== "data:" && asked.protocol !== "blob:") {
        complaints.push(`request: ${request.url()}`);
      }
    });
    await page.goto(url, { waitUntil: "load" });
    return { page, complaints, close: () => context.close() };
  }

  async stop(): Promise<void> {
    await this.#browser.close();
  }
}

const axeScript = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * What axe finds wrong with a page as it is now: `rule: element`. Evaluated, since the page's own security policy lets no
 * script in.
 */
export async function axeProblems(page: Page): Promise<string[]> {
  await page.evaluate(await axeScript);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
  });
}
