/** A Chromium for tests of the page, and a look at everything that must never happen on it. */

import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
// @ts-expect-error: a script, not typed
import { findChromium } from "../../../scripts/chromium.mjs";

/** The sandbox of a browser that root runs does not work; it shows nothing but our page. */
export async function launchBrowser(): Promise<Browser> {
  const found = await findChromium();
  if ("problem" in found) {
    throw new Error(found.problem);
  }
  return chromium.launch({
    executablePath: found.path,
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
}

/** For what a page does at once where there is time for it. */
const TIMEOUT_MS = 60_000;

export type Look = "light" | "dark" | "narrow";
export const LOOKS: readonly Look[] = ["light", "dark", "narrow"];

export async function look(page: Page, at: Look): Promise<void> {
  await page.emulateMedia({ colorScheme: at === "dark" ? "dark" : "light" });
  await page.setViewportSize(at === "narrow" ? { width: 360, height: 740 } : { width: 1440, height: 900 });
}

export interface WatchedPage {
  readonly page: Page;
  /** Errors, refusals of the Content-Security-Policy, and requests to anybody but the page's own server. */
  readonly wrong: string[];
}

export async function openPage(browser: Browser, url: string): Promise<WatchedPage> {
  const page = await browser.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  const wrong: string[] = [];
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("ERR_CONNECTION_REFUSED")) {
      wrong.push(message.text());
    }
  });
  page.on("dialog", (dialog) => {
    wrong.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(`${new URL(url).origin}/`)) {
      wrong.push(`asked ${request.url()}`);
    }
  });
  await look(page, "light");
  await page.goto(url);
  return { page, wrong };
}

/** What shuts people out, by axe; a script tag would be stopped by the page's own policy. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(`globalThis.axe ?? (() => { ${axe.source} })()`);
  const found = await page.evaluate(
    `axe.run(document, { resultTypes: ["violations"], preload: false }).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map(({ target, failureSummary }) => id + " at " + target + ": " + failureSummary)))`,
  );
  return found as string[];
}

/** Waits until an expression holds in the page. (`waitForFunction` evaluates text there, which the page's policy forbids.) */
export async function until(page: Page, expression: string): Promise<void> {
  const patience = { interval: 30, timeout: TIMEOUT_MS, message: expression };
  await expect.poll(() => page.evaluate(expression), patience).toBe(true);
}

/** Whether something is broader than the screen, so that the page itself scrolls sideways. */
export async function overflow(page: Page): Promise<number> {
  return (await page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  )) as number;
}
