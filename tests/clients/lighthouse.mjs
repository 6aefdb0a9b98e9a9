// Lighthouse's scores of some pages of a server on one form of device, as JSON on the standard output.
//
//     node lighthouse.mjs '{"address": "http://…", "form": "mobile", "whole": {"home": "/"}, "read": {"firm": "/id/…"}}'
//
// Each page of "whole" is loaded anew and scored in all categories; those of "read" are scored for accessibility only, as
// they stand. What a slower line and processor would do is simulated from the one load, which lasts seconds that way.
// Every audit that is not passed comes with the score. CHROME_PATH names the browser.

import desktop from "lighthouse/core/config/desktop-config.js";
import lighthouse, { snapshot } from "lighthouse";
import puppeteer from "puppeteer-core";

const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
  "--disable-sync", "--no-first-run"];
const FLAGS = { logLevel: "error", throttlingMethod: "simulate", disableFullPageScreenshot: true };
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];
const FORMS = {
  mobile: { config: undefined, viewport: { width: 390, height: 844, isMobile: true, hasTouch: true } },
  desktop: { config: desktop, viewport: { width: 1350, height: 940 } },
};

/** Category → score of 100, and what each category lost points for. */
function told({ lhr }) {
  const scores = {}, lost = {};
  for (const [name, category] of Object.entries(lhr.categories)) {
    scores[name] = Math.round(category.score * 100);
    lost[name] = category.auditRefs
      .filter(({ id, weight }) => weight > 0 && (lhr.audits[id].score ?? 1) < 1)
      .map(({ id }) => `${id}: ${lhr.audits[id].displayValue ?? lhr.audits[id].title}`);
  }
  return { scores, lost, warnings: lhr.runWarnings };
}

async function scored(browser, { address, form, whole, read }) {
  const found = {};
  const { config, viewport } = FORMS[form];
  for (const [kind, path] of Object.entries(whole)) {
    const page = await browser.newPage();
    found[kind] = told(await lighthouse(address + path, { ...FLAGS, onlyCategories: CATEGORIES }, config, page));
    await page.close();
  }
  const page = await browser.newPage();
  await page.setViewport(viewport);
  for (const [kind, path] of Object.entries(read)) {
    await page.goto(address + path, { waitUntil: "networkidle0" });
    await page.waitForFunction(() => !document.querySelector(".panel:not(.is-laid-out)"));
    const flags = { ...FLAGS, onlyCategories: ["accessibility"] };
    found[kind] = told(await snapshot(page, { flags, config }));
  }
  return found;
}

const browser = await puppeteer.launch({ executablePath: process.env.CHROME_PATH, args: ARGS, headless: true });
try {
  process.stdout.write(JSON.stringify(await scored(browser, JSON.parse(process.argv[2]))));
} finally {
  await browser.close();
}
