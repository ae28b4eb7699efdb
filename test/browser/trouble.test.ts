/** What the page says when something is not as it should be: a broken stream, a silent Envoy, text that wants to be more than text. */

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bookinfo, native, noTraffic, tapping } from "./fixture/bookinfo.ts";
import { FixtureServer } from "./fixture/fixture-server.ts";
import { HOSTILE, hostile } from "./fixture/hostile.ts";
import { openScenario } from "./fixture/open-scenario.ts";
import type { Scenario } from "./fixture/scenario.ts";
import { LOOKS, launchBrowser, look, overflow, until } from "./harness/browser.ts";

describe("trouble", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  async function open(scenario: Scenario) {
    const fixture = await FixtureServer.start(scenario, { host: "127.67.3.1", stepMs: 0 });
    const watched = await openScenario(browser, fixture);
    const health = (words: string) =>
      until(watched.page, `document.querySelector(".health").textContent.includes(${JSON.stringify(words)})`);
    const close = async () => {
      await watched.page.close();
      await fixture.stop();
    };
    return { fixture, ...watched, health, close };
  }

  test("a stream that breaks is said, its numbers are old ones, and it is followed again", async () => {
    const { fixture, page, health, wrong, close } = await open(bookinfo);
    const requests = await page.textContent(".numbers dd");
    const { port } = fixture;
    await fixture.stop();
    await health("Sluice does not answer");
    expect(await page.textContent(".numbers")).toMatch(/numbers of\d\d:\d\d:\d\d/);
    expect(await page.textContent(".numbers dd")).toBe(requests);
    fixture.scenario = { ...bookinfo, view: { ...bookinfo.view, generation: 8 } };
    await fixture.listen(port);
    await health("Serving");
    await until(page, 'document.querySelector(".generation").textContent.includes("generation 8")');
    await until(page, 'document.querySelector(".is-old") === null');
    // What cannot be reached is written to the console by the browser itself.
    expect(wrong.filter((line) => !line.includes("Failed to load resource"))).toEqual([]);
    await close();
  });

  test("an Envoy that is silent is said until it answers", async () => {
    const { fixture, page, health, close } = await open(bookinfo);
    fixture.send("silent", { since: bookinfo.traffic.start, why: "timed out" });
    await health("Envoy does not answer");
    await page.waitForSelector(".main.is-old");
    fixture.send("report", {
      at: bookinfo.traffic.start + 90_000,
      windowMs: 0,
      listeners: [],
      rules: [],
      clusters: [],
    });
    await health("Serving");
    await close();
  });

  test("without traffic there is a line that sends some", async () => {
    const { page, close } = await open(noTraffic);
    expect(await page.textContent(".command code")).toBe("curl -i http://127.0.0.1:8080/");
    await close();
  });

  test("what is not counted is said, and is no zero", async () => {
    const { page, close } = await open(native);
    expect(await page.textContent(".banner")).toMatch(/not counted by rule.*--rule-counters on/);
    expect(await page.textContent(".rule-list")).not.toMatch(/\d\/s|not hit/);
    await close();
  });

  test("a tapped request is one click from its explanation, and stands still while it is looked at", async () => {
    const { fixture, page, close } = await open(tapping);
    // They are shown some at a time.
    await until(page, `document.querySelectorAll(".tapped-request").length === ${tapping.tapped!.length}`);
    const row = page.locator(".tapped-request").nth(1);
    await row.hover();
    const before = await row.textContent();
    fixture.send("tap", { ...tapping.tapped![0]!, at: bookinfo.traffic.start + 80_000, path: "/newer" });
    await until(page, 'document.querySelector(".tapped-newer").textContent.includes("1 newer")');
    expect(await row.textContent()).toBe(before);
    await row.click();
    await page.waitForSelector(".decision");
    expect(fixture.told[0]).toMatchObject({
      path: "/api/explain",
      body: { request: { method: "GET", listener: "mesh", headers: [["end-user", "jason"]] } },
    });
    await close();
  });

  test("hostile text is inert, and moves nothing", async () => {
    const { page, wrong, close } = await open(hostile);
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.fill("#question", HOSTILE.join(" "));
    await page.press("#question", "Enter");
    await page.waitForSelector(".problem");
    for (const at of LOOKS) {
      await look(page, at);
      for (const view of ["Rules", "Flow"]) {
        await page.getByRole("tab", { name: view }).click();
        // What is drawn by its measure is drawn again when that is another.
        await expect.poll(() => overflow(page), { message: `${view}, ${at}` }).toBe(0);
      }
    }
    await page.keyboard.press("c");
    await page.waitForSelector("dialog[open]");
    expect(
      await page.evaluate("[globalThis.hacked, document.images.length, document.scripts.length]"),
    ).toEqual([undefined, 0, 1]);
    // Only what we write about characters that have no shape.
    expect(await page.textContent("body")).not.toMatch(/[\p{Cf}\0]/u);
    expect(wrong).toEqual([]);
    await close();
  });
});
