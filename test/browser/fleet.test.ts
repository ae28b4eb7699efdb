/** The tab of a fleet: a roll-out that was stopped and one that runs, proxies with hostile names and words, and nobody shut out. */

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FAILED, FakeFleet, OLD, proxy } from "../../compiler/fleet/http/fleet.fixture.ts";
import type { ServedScope } from "../../compiler/fleet/model/served-scope.ts";
import { type OpenFleetPage, openFleetPage, type ShownFleet } from "../../compiler/index.ts";
import { axeFindings, LOOKS, launchBrowser, look, openPage, overflow } from "./harness/browser.ts";

const TOKEN = "operators-0123456789";
const HOUR_MS = 3_600_000;
const HOSTILE = "</script><img src=x onerror=alert(1)>\u202e";

const { failure: _, returned: __, ended: ___, ...RUNNING } = FAILED;

class ShownFake extends FakeFleet implements ShownFleet {
  served = async (): Promise<ServedScope | undefined> => undefined;
}

describe("a fleet", () => {
  let browser: Browser;
  let fleet: ShownFake;
  let served: OpenFleetPage;
  let page: Page;
  let wrong: string[];

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    fleet = new ShownFake();
    fleet.rolloutsNow = [
      {
        ...RUNNING,
        id: "8",
        phase: "running",
        bakingUntil: new Date(Date.now() + 1.5 * HOUR_MS).toISOString(),
      },
      FAILED,
    ];
    fleet.proxiesNow = [
      proxy("edge-1"),
      proxy(HOSTILE, { state: "refused", revision: OLD, words: [`no: ${HOSTILE}`] }),
    ];
    served = await openFleetPage({
      fleet,
      mayChange: (token) => token === TOKEN,
      listen: "127.68.2.1:0",
      onProblem: (line) => expect.fail(line),
    });
    const opened = await openPage(browser, served.url);
    ({ page, wrong } = opened);
    await page.getByRole("tab", { name: "Fleet" }).click();
  });

  afterEach(async () => {
    await page.close();
    await served.close();
  });

  test("who refuses stands first, in its words, and what was stopped says why", async () => {
    await page.waitForSelector(".proxy");
    const rows = await page.locator(".proxy").allInnerTexts();
    expect(rows).toHaveLength(2);
    expect(rows[0]).toContain("refuses");
    expect(rows[0]).toContain("no: </script>");
    expect(await page.locator(".waits").innerText()).toMatch(/watched for 1 h (29|30) min more/);
    await page.locator("summary").click();
    expect(await page.locator(".failure").innerText()).toContain("rules/reviews.yaml:12");
    expect(wrong).toEqual([]);
  });

  test("an operator promotes with a token, and with no other", async () => {
    await page.getByLabel("Operator's token").fill("operators-wrong-one");
    await page.getByRole("button", { name: /^Promote/ }).click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").innerText()).toContain("the token is not known");
    expect(fleet.done).toEqual([]);
    await page.getByLabel("Operator's token").fill(TOKEN);
    await page.getByRole("button", { name: /^Promote/ }).click();
    await expect.poll(() => fleet.done).toEqual(["promote"]);
  });

  test("axe finds nothing", async () => {
    await page.locator(".proxy-line").first().click();
    await page.locator("summary").click();
    const found: string[] = [];
    for (const at of LOOKS) {
      await look(page, at);
      found.push(...(await axeFindings(page)).map((finding) => `${at}: ${finding}`));
      if ((await overflow(page)) > 0) {
        found.push(`${at}: broader than the screen`);
      }
    }
    expect(found).toEqual([]);
    expect(wrong).toEqual([]);
  });
});
