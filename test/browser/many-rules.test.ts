/** 10,000 rules on 200,000 lines: few of them are drawn, whatever is unfolded, and nothing holds the page up. */

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FixtureServer } from "./fixture/fixture-server.ts";
import { manyRules } from "./fixture/many-rules.ts";
import { openScenario } from "./fixture/open-scenario.ts";
import { launchBrowser, until } from "./harness/browser.ts";

/** At most so many rows are drawn for a window of 900 pixels, 300 beyond it to each side. */
const MOST_DRAWN = 70;

describe("10,000 rules", () => {
  let browser: Browser;
  let fixture: FixtureServer;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser();
    fixture = await FixtureServer.start(manyRules(), { host: "127.67.4.1", stepMs: 0 });
    ({ page } = await openScenario(browser, fixture));
  });
  afterAll(async () => {
    await browser.close();
    await fixture.stop();
  });

  const drawn = () => page.evaluate('document.querySelectorAll(".rule-list-body > .row").length');

  test("are there at once, and a file of 100 is found by its name", async () => {
    expect(await page.textContent(".rule-count")).toBe("10,000 rules");
    expect(await page.getAttribute("#rule-list", "aria-rowcount")).toBe("10101");
    await page.fill("#filter", "service-042");
    await until(page, 'document.querySelector(".rule-count").textContent === "100 of 10,000 rules"');
    await page.fill("#filter", "");
  });

  test("are scrolled to their end with few rows and few questions", async () => {
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    // Frame by frame, as a wheel does, through all of it.
    const worst = await page.evaluate(`new Promise((done) => {
      const box = document.getElementById("rule-list");
      let most = 0;
      const step = () => {
        most = Math.max(most, document.querySelectorAll(".rule-list-body > .row").length);
        box.scrollTop += box.scrollHeight / 60;
        if (box.scrollTop + box.clientHeight < box.scrollHeight) requestAnimationFrame(step);
        else done(most);
      };
      step();
    })`);
    expect(worst).toBeLessThan(MOST_DRAWN);
    await page.waitForSelector('[data-rule="shop/service-099#path-99"]');
    await page.locator('[data-rule="shop/service-099#path-99"]').click();
    await page.waitForSelector(".row-line .token-key");
    expect(asked.filter((path) => path === "/api/lines").length).toBeLessThanOrEqual(2);
  });

  test("a report that moves a thousand of them draws what is in sight", async () => {
    await page.evaluate(`globalThis.changes = 0; new MutationObserver((all) => { changes += all.length; })
      .observe(document.querySelector(".rule-list-body"), { childList: true, subtree: true, characterData: true })`);
    fixture.send("report", { at: Date.now(), windowMs: 1000, listeners: [], rules: [], clusters: [] });
    await until(page, 'document.querySelector(".numbers dd").textContent === "0/s"');
    expect(await page.evaluate("changes")).toBeLessThan(MOST_DRAWN * 4);
    expect(await drawn()).toBeLessThan(MOST_DRAWN);
  });
});
