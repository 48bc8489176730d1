import { chromium, type Page } from "playwright-core";

/** Options of {@link walkThrough}. */
export interface WalkThroughOptions {
  /** Where the page is. */
  readonly url: string;
  /** Where pictures of it go. */
  readonly screenshots: string;
  /** A Chromium. @default "/usr/bin/chromium" */
  readonly executablePath?: string;
}

/**
 * Uses the page as somebody new does: signs up, is refused as a child, confirms an age, likes, refuses and watches,
 * takes their data with them, and erases themselves.
 *
 * @returns What was seen, line by line.
 * @throws Error For the first thing that is not as it must be.
 */
export async function walkThrough(options: WalkThroughOptions): Promise<readonly string[]> {
  const { url, screenshots, executablePath = "/usr/bin/chromium" } = options;
  const seen: string[] = [];
  const must = (held: boolean, what: string): void => {
    if (!held) throw new Error(`Not so: ${what}`);
    seen.push(what);
  };
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const context = await browser.newContext({
      viewport: { width: 1200, height: 900 },
      acceptDownloads: true,
    });
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    const picture = (name: string) => page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true });

    await page.goto(url);
    must(page.url().endsWith("/sign-in"), "nobody in particular is asked to sign in");
    await picture("1-sign-in");
    await page.getByLabel("E-mail").fill(`viewer-${Date.now()}@example.com`);
    await page.getByLabel("Password").fill("correct horse");
    await page.getByLabel("I am new here").check();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.waitForURL("**/age");
    must(true, "a new viewer is asked for their age before anything is shown");
    await page.getByLabel("Date of birth").fill("2015-04-01");
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByText("you must be 18 or older").waitFor();
    must(true, "a child is refused");
    await picture("2-age");
    await page.goto(url);
    must(page.url().endsWith("/age"), "and gets no page by its address either");
    await page.getByLabel("Date of birth").fill("1990-04-01");
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.waitForURL(url);

    const first = await shown(page);
    must(first.ids.length === 12, `an adult gets 12 recommendations, from ${first.source}`);
    await picture("3-recommendations");
    const liked = first.ids[0]!;
    const next = await after(page, () => press(page, liked, "Like"));
    must(!next.ids.includes(liked), "what was liked is not recommended again");
    must(next.source === "two_tower", "and from the first like on, the towers answer");
    must(next.ids.join() !== first.ids.slice(1).join(), "with other videos than before");
    const refused = next.ids[0]!;
    const third = await after(page, () => press(page, refused, "Nope"));
    must(!third.ids.includes(refused), "what was refused is gone");
    const watched = third.ids[0]!;
    const fourth = await after(page, () => press(page, watched, "Watched"));
    must(!fourth.ids.includes(watched), "what was watched is gone");
    await picture("4-after-a-like");

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "My data" }).click(),
    ]);
    const exported = await streamText(await download.createReadStream());
    must(
      [liked, refused, watched].every((id) => exported.includes(id)),
      "all of it is in what they take with them",
    );
    await page.setViewportSize({ width: 390, height: 844 });
    await picture("5-phone");
    page.once("dialog", (dialog) => void dialog.accept());
    await page.getByRole("button", { name: "Erase me" }).click();
    await page.waitForURL("**/sign-in?erased=yes");
    await picture("6-erased");
    await page.goto(url);
    must(page.url().endsWith("/sign-in"), "who is erased is signed out, and unknown");
    must(
      faults.length === 0,
      `no script failed in the browser${faults.map((fault) => `: ${fault}`).join("")}`,
    );
    return seen;
  } finally {
    await browser.close();
  }
}

async function shown(page: Page): Promise<{ readonly ids: string[]; readonly source: string | null }> {
  const list = page.locator(".videos");
  await list.waitFor();
  const ids = await list
    .locator("li")
    .evaluateAll((rows) => rows.map((row) => row.getAttribute("data-video") ?? ""));
  return { ids, source: await list.getAttribute("data-source") };
}

function press(page: Page, video: string, button: string): Promise<void> {
  return page.locator(`li[data-video="${video}"]`).getByRole("button", { name: button }).click();
}

/** What is shown once an action has changed it. */
async function after(page: Page, act: () => Promise<void>): ReturnType<typeof shown> {
  const before = (await shown(page)).ids.join();
  await act();
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline) {
    const now = await shown(page);
    if (now.ids.join() !== before) return now;
    await page.waitForTimeout(50);
  }
  throw new Error("Not so: what was pressed changes what is shown");
}

async function streamText(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
