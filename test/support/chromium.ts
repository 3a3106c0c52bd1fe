// Debian's Chromium, for pages as they are in a real browser: without it those tests are skipped, loudly.
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page, type Response } from 'playwright-core';
import { describe } from 'vitest';
import { type Listening, listen } from '../../src/http/listen.ts';
import type { Console, Browser as Visitor } from './console.ts';

const CHROMIUM = '/usr/bin/chromium';

/** A `describe` for what needs a browser: skipped with a printed sentence without one, and under CI=true a failure. */
export const describeWithChromium: typeof describe | typeof describe.skip = choose();

function choose() {
  if (existsSync(CHROMIUM)) return describe;
  const sentence = `${CHROMIUM} is missing: apt-get install chromium to run the tests of this file that need a browser.`;
  if (process.env['CI'] === 'true') throw new Error(sentence);
  process.stderr.write(`\nSKIPPED: ${sentence}\n`);
  return describe.skip;
}

export interface Opened {
  readonly page: Page;
  /** What the browser complained of: errors, policies that had to step in, dialogs, and whatever it asked another place for. */
  readonly complaints: string[];
}

export interface Pages {
  /** Address of the console, without a slash at its end. */
  readonly base: string;
  /** A page of whoever the visitor is; null: of nobody. `of` is what the browser is like. */
  open(visitor: Visitor | null, of?: Parameters<Browser['newContext']>[0]): Promise<Opened>;
  /** Opens each of them, a few at a time, and gives what the browser complained of. Places are below the console. */
  each<Place extends { readonly path: string }>(
    visitor: Visitor,
    places: readonly Place[],
    look: (place: Place, page: Page, answer: Response) => Promise<void>,
  ): Promise<string[]>;
  close(): Promise<void>;
}

const TABS = 3;
const WIDE = { viewport: { width: 1440, height: 900 } };

/** The console behind a port of its own, and a browser that has never been there. */
export async function openPages(site: Console): Promise<Pages> {
  const listening: Listening = await listen(site.app.fetch, { host: '127.0.0.1', port: 0 });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  const origin = `http://127.0.0.1:${listening.port}`;
  const base = `${origin}/admin`;
  const pages: Pages = {
    base,
    async open(visitor, of = {}) {
      const context = await browser.newContext(of);
      const value = visitor?.cookies.get('admin_session');
      if (value !== undefined)
        await context.addCookies([
          { name: 'admin_session', value, domain: '127.0.0.1', path: '/admin', httpOnly: true, sameSite: 'Strict' },
        ]);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
      page.on('pageerror', (error) => void complaints.push(String(error)));
      page.on('dialog', (dialog) => {
        complaints.push(`a dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on('request', (request) => {
        const url = request.url();
        if (!url.startsWith(`${origin}/admin`) && !url.startsWith('data:')) complaints.push(url);
      });
      return { page, complaints };
    },
    async each(visitor, places, look) {
      const left = [...places];
      const walk = async () => {
        const { page, complaints } = await pages.open(visitor, WIDE);
        for (let place = left.shift(); place !== undefined; place = left.shift()) {
          const answer = await page.goto(`${base}/${place.path}`.replace(/\/(?=$|\?)/, ''));
          if (answer === null) throw new Error(`${place.path} was not asked for`);
          await look(place, page, answer);
        }
        await page.context().close();
        return complaints;
      };
      return (await Promise.all(Array.from({ length: TABS }, walk))).flat();
    },
    async close() {
      await browser.close();
      await listening.close(1000);
    },
  };
  return pages;
}
