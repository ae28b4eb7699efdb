/** Everything that the page does can be done without a mouse, and is told to who does not see it. */

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bookinfo, heldEdit } from "./fixture/bookinfo.ts";
import { FixtureServer } from "./fixture/fixture-server.ts";
import { openScenario } from "./fixture/open-scenario.ts";
import { launchBrowser, until } from "./harness/browser.ts";

describe("by keys", () => {
  let browser: Browser;
  let fixture: FixtureServer;
  let page: Page;
  let wrong: string[];
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    fixture = await FixtureServer.start(bookinfo, { host: "127.67.2.1", stepMs: 0 });
    ({ page, wrong } = await openScenario(browser, fixture));
  });
  afterEach(async () => {
    await page.close();
    await fixture.stop();
    expect(wrong).toEqual([]);
  });

  function focused(): Promise<string> {
    return page.evaluate(
      "document.activeElement.dataset.rule ?? document.activeElement.id",
    ) as Promise<string>;
  }

  async function ruleHasFocus(name: string): Promise<void> {
    await until(page, `document.activeElement.dataset.rule?.endsWith("#${name}")`);
  }

  test("a rule is found, unfolded and left again", async () => {
    await page.keyboard.press("/");
    await until(page, 'document.activeElement.id === "filter"');
    await page.keyboard.type("reviews");
    await until(page, 'document.querySelectorAll(".row-rule").length === 2');
    expect(await page.textContent(".rule-count")).toBe("2 of 6 rules");
    await page.keyboard.press("Enter");
    expect(await focused()).toBe("rule-list");
    await page.keyboard.press("ArrowDown");
    await ruleHasFocus("jason");
    await page.keyboard.press("j");
    await ruleHasFocus("split");
    const open = () => page.getAttribute(":focus", "aria-expanded");
    expect(await open()).toBe("true");
    await page.keyboard.press("ArrowLeft");
    await page.waitForSelector(':focus[aria-expanded="false"]');
    await page.keyboard.press("Enter");
    await page.waitForSelector(':focus[aria-expanded="true"]');
    await page.keyboard.press("k");
    await ruleHasFocus("jason");
    await page.keyboard.press("Escape");
    await until(page, 'document.querySelector(".rule-count").textContent === "6 rules"');
  });

  /** By keys; a letter that comes long after `g`, as on a busy machine, does not belong to it. */
  async function goToFlow(): Promise<void> {
    await expect
      .poll(async () => {
        await page.keyboard.press("g");
        await page.keyboard.press("f");
        return page.getAttribute("#tab-flow", "aria-selected");
      })
      .toBe("true");
  }

  test("g and a letter lead to a view, arrows from tab to tab", async () => {
    await goToFlow();
    await page.waitForSelector(".flow-node");
    await page.getByRole("tab", { name: "Flow" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.waitForSelector(".row-rule");
    expect(await focused()).toBe("tab-rules");
  });

  test("a box of the flow leads to its rules", async () => {
    await goToFlow();
    await page.getByRole("button", { name: /^split/ }).focus();
    await page.waitForSelector(".flow-bands .is-seen");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".row-rule");
    expect(await page.inputValue("#filter")).toBe("default/reviews#split");
  });

  test("a request is explained, and its rule shown", async () => {
    await page.keyboard.press("e");
    await until(page, 'document.activeElement.id === "question"');
    await page.keyboard.type("GET http://reviews/");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".decision");
    expect(fixture.told).toEqual([{ path: "/api/explain", body: { text: "GET http://reviews/" } }]);
    expect(await page.textContent(".explained[role=status]")).toMatch(/goes to reviews:9080 v1/);
    await page.locator(".tried").getByRole("button", { name: "split" }).press("Enter");
    await page.waitForSelector('.row-rule.is-current [data-rule="default/reviews#split"]');
  });

  test("who asks is told with the question, and a token is nowhere else", async () => {
    await page.keyboard.press("e");
    await until(page, 'document.activeElement.id === "question"');
    await page.keyboard.type("GET http://reviews/");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".asker[open]");
    for (const text of ["203.0.113.7", "secret.jwt.token"]) {
      await page.keyboard.press("Tab");
      await page.keyboard.type(text);
    }
    await page.keyboard.press("Enter");
    await page.waitForSelector(".claims");
    expect(await page.textContent(".asker summary")).toBe("Who asks: address, token");
    expect(await page.textContent(".explained")).toMatch(
      /The client is 203\.0\.113\.7, by x-forwarded-for.*sub: "ada".*signature is taken on trust/,
    );
    const client = { from: "203.0.113.7", jwt: "secret.jwt.token" };
    expect(fixture.told).toEqual([{ path: "/api/explain", body: { text: "GET http://reviews/", client } }]);
    // Neither in what is seen, nor in the address, nor in what outlives the page.
    expect(
      await page.evaluate(
        "JSON.stringify([document.body.innerText, location.href, history.state, { ...localStorage }, { ...sessionStorage }])",
      ),
    ).not.toContain("secret");
    await page.reload();
    await page.waitForSelector(".row-rule");
    await page.getByText("Who asks").click();
    expect(await page.inputValue('.asker input[type="password"]')).toBe("");
  });

  test("the tap is switched on and off; the help lists it", async () => {
    await page.keyboard.press("t");
    await page.waitForSelector('.tap-button[aria-pressed="true"]');
    await page.keyboard.press("t");
    await page.waitForSelector('.tap-button[aria-pressed="false"]');
    expect(fixture.told.map(({ body }) => body)).toEqual([{ percent: 1 }, { percent: 0 }]);
    await page.keyboard.press("?");
    await page.waitForSelector("dialog[open]");
    expect(await page.textContent("dialog")).toMatch(/sample requests/);
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog[open]", { state: "detached" });
    await page.keyboard.press("?");
    await page.waitForSelector("dialog[open]");
  });

  test("the focus can be seen wherever it goes", async () => {
    for (let step = 0; step < 40; step++) {
      await page.keyboard.press("Tab");
      const seen = await page.evaluate(
        `(() => { const at = document.activeElement; const style = getComputedStyle(at);
          return at === document.body || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2); })()`,
      );
      expect(seen, (await page.evaluate("document.activeElement.outerHTML.slice(0, 200)")) as string).toBe(
        true,
      );
    }
  });

  test("an edit that waits is applied", async () => {
    fixture.scenario = heldEdit;
    await page.reload();
    // The list is there when nothing is asked for any more that could bring the edit back.
    await page.waitForSelector(".row-rule");
    const apply = page.getByRole("button", { name: "Apply" });
    await apply.focus();
    await page.keyboard.press("Enter");
    await apply.waitFor({ state: "detached" });
    expect(fixture.told).toEqual([{ path: "/api/apply", body: {} }]);
  });
});
