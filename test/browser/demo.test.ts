/**
 * The page of the demo: a real Envoy, real requests and a real browser, as whoever types `npm start` has them. With
 * `SLUICE_PICTURES=1`, what documents show of it is made anew.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { Connection } from "../harness/client.ts";
import { launchBrowser, openPage, until } from "./harness/browser.ts";

const ROOT = packageRoot().directory;
const PICTURES = process.env.SLUICE_PICTURES === "1";

let folder: string;
let demo: ChildProcess;
let said = "";
let mesh: string;
let browser: Browser;
let page: Page;
let wrong: string[];
const traffic = new AbortController();

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-page-demo-"));
  const rules = path.join(folder, "rules");
  await cp(path.join(ROOT, "envoy", "bookinfo", "rules"), rules, { recursive: true });
  demo = spawn(process.execPath, [path.join(ROOT, "dist", "demo.js"), "--rules", rules], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [demo.stdout!, demo.stderr!]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const [, live] = await says(/live: (http:\/\/127\.0\.0\.1:\d+\/\?t=\S+)/);
  [, mesh] = await says(/(http:\/\/127\.0\.0\.1:\d+)\/reviews\/0/);
  browser = await launchBrowser();
  ({ page, wrong } = await openPage(browser, live!));
}, 240_000);

afterAll(async () => {
  traffic.abort();
  await browser?.close();
  const ended = once(demo, "close");
  demo.kill("SIGINT");
  await ended;
  await rm(folder, { recursive: true, force: true });
});

async function says(pattern: RegExp): Promise<RegExpExecArray & [string, string]> {
  return vi.waitFor(
    () => {
      const found = pattern.exec(said);
      expect(found, said).not.toBeNull();
      return found as RegExpExecArray & [string, string];
    },
    { timeout: 110_000, interval: 100 },
  );
}

/** Readers of the shop, until the test is over. */
async function read(): Promise<void> {
  const { port, hostname } = new URL(mesh);
  const connection = await Connection.open(Number(port), hostname);
  for (let i = 0; !traffic.signal.aborted; i++) {
    const [host, target] = i % 2 === 0 ? ["reviews:9080", "/reviews/0"] : ["ratings:9080", "/ratings/0"];
    await connection.request({ host, path: target }).catch(() => traffic.abort());
    await sleep(5);
  }
}

async function picture(name: string): Promise<void> {
  if (PICTURES) {
    await page.screenshot({ path: path.join(ROOT, "docs", "pictures", `${name}.png`) });
  }
}

test("numbers move, shares are those of the rules, and a sampled request is one click from its explanation", async () => {
  void read();
  // Rows that are out of sight are not drawn.
  await page.fill("#filter", "reviews");
  await page.click('[data-rule$="#split"]');
  await until(
    page,
    `[...document.querySelectorAll(".rate-cell")].some((cell) => /[1-9]/.test(cell.textContent))`,
  );
  await until(
    page,
    `[...document.querySelectorAll(".share.is-good")].some((share) => share.title.includes("80 % wanted"))`,
  );
  await page.getByRole("button", { name: "100 %", exact: true }).click();
  await page.waitForSelector(".tapped-request");
  // The list stands still from now on.
  await page.locator(".tapped").hover();
  const row = page.locator(".tapped-request", { hasText: "reviews:9080/reviews/0" }).first();
  await row.click();
  await until(page, `document.querySelector(".explained")?.textContent.includes("reviews")`);
  const explained = page.locator("#request-title");
  expect((await explained.boundingBox())!.y).toBeGreaterThan(0);
  await picture("page");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.getByRole("tab", { name: "Flow" }).click();
  await page.waitForSelector(".flow-box > *");
  await picture("page-flow");
  await page.getByRole("tab", { name: "Rules" }).click();
  expect(wrong).toEqual([]);
});

test("an edit of weights is on the page within three seconds of its serving", async () => {
  const file = path.join(folder, "rules", "reviews.yaml");
  const text = await readFile(file, "utf8");
  const edited = text.replace("weight: 80", "weight: 20").replace("weight: 10", "weight: 70");
  // At once, as editors do it: nobody reads half of it.
  await writeFile(path.join(folder, "edited"), edited);
  await rename(path.join(folder, "edited"), file);
  await until(page, `document.body.textContent.includes("generation 2")`);
  await until(page, `document.body.textContent.includes("weight: 70")`);
  expect(wrong).toEqual([]);
});
