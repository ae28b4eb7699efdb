/** Nobody is shut out: axe finds nothing, in every scenario, light, dark and narrow, on both views. */

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FixtureServer } from "./fixture/fixture-server.ts";
import { openScenario } from "./fixture/open-scenario.ts";
import { SCENARIOS } from "./fixture/scenarios.ts";
import { axeFindings, LOOKS, launchBrowser, look, overflow } from "./harness/browser.ts";

/** Scenarios whose flow has something of its own. */
const FLOWS = ["bookinfo", "many-rules", "hostile"];

describe("axe finds nothing", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  test.each(Object.keys(SCENARIOS))("%s", async (name) => {
    const fixture = await FixtureServer.start(SCENARIOS[name]!(), { host: "127.67.1.1", stepMs: 0 });
    const { page, wrong } = await openScenario(browser, fixture);
    try {
      const found: string[] = [];
      const check = async (what: string) => {
        for (const finding of await axeFindings(page)) {
          found.push(`${what}: ${finding}`);
        }
        if ((await overflow(page)) > 0) {
          found.push(`${what}: broader than the screen`);
        }
      };
      const show = page.getByRole("button", { name: "Show", exact: true });
      if (await show.isVisible()) {
        await show.click();
      }
      await page.fill("#question", "GET http://reviews/");
      await page.getByText("Who asks").click();
      await page.getByLabel("Client address").fill("203.0.113.7");
      await page.press("#question", "Enter");
      await page.waitForSelector(".explained .decision, .explained .problem");
      for (const at of LOOKS) {
        await look(page, at);
        await page.getByRole("tab", { name: "Rules" }).click();
        await page.waitForSelector(".row-rule");
        await check(`rules, ${at}`);
        if (FLOWS.includes(name)) {
          await page.getByRole("tab", { name: "Flow" }).click();
          await page.waitForSelector(".flow-box > *");
          await check(`flow, ${at}`);
        }
      }
      expect(found).toEqual([]);
      expect(wrong).toEqual([]);
    } finally {
      await page.close();
      await fixture.stop();
    }
  });

  test("dialogs", async () => {
    const fixture = await FixtureServer.start(SCENARIOS["refused-edit"]!(), {
      host: "127.67.1.1",
      stepMs: 0,
    });
    const { page } = await openScenario(browser, fixture);
    try {
      const found: string[] = [];
      for (const at of LOOKS) {
        await look(page, at);
        for (const key of ["?", "c"]) {
          await page.keyboard.press(key);
          await page.waitForSelector("dialog[open]");
          found.push(...(await axeFindings(page)));
          await page.keyboard.press("Escape");
          await page.waitForSelector("dialog[open]", { state: "detached" });
        }
      }
      expect(found).toEqual([]);
    } finally {
      await page.close();
      await fixture.stop();
    }
  });
});
