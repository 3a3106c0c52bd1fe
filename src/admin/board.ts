// Bull Board at /admin/queues: the queues to look at, behind the console's login. Nothing can be changed here.
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { HonoAdapter } from '@bull-board/hono';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import type { Config } from '../config.ts';
import { openQueuesForBoard } from '../queue/backend.ts';
import { panelOf } from './panels/all.ts';
import { PANELS } from './panels/vocabulary.ts';

/** Its page carries a `<base>` and inline styles; everything else that a page can load or send is shut, other hosts above all. */
export const BOARD_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "base-uri 'self'; object-src 'none'; frame-ancestors 'none'; form-action 'self'";

const FONTS = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

const WHAT = new Map([
  ['collections', 'Doorbells of collections. A job is an id; what it means is read from the database.'],
  ['payouts', 'Doorbells of payouts. A job is an id; what it means is read from the database.'],
  ['bulk', 'Doorbells of bulks: files of payouts whose rows are still to be accepted or cancelled, or are under way.'],
  ['webhooks', 'Doorbells of received webhooks. A webhook makes us look at the provider, nothing more.'],
  ['notifications', 'Doorbells of webhook endpoints of merchants. What is delivered is in the database.'],
]);

export interface Board {
  /** Answers a request below `/admin/queues`. Raises while the queues' store cannot be reached. */
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/** Opens nothing until it is looked at, and tries again when that failed. `path` is where it is mounted. */
export function createBoard(config: Config, path = `${config.BASE_PATH}/admin/queues`): Board {
  let opening: ReturnType<typeof open> | null = null;
  return {
    async fetch(request) {
      opening ??= open(config, path);
      const opened = await opening.catch((error: unknown) => {
        opening = null;
        throw error;
      });
      return inTheConsole(await opened.app.fetch(request), `${config.BASE_PATH}/admin`);
    },
    async close() {
      const opened = await opening?.catch(() => null);
      await opened?.close();
    },
  };
}

async function open(config: Config, path: string) {
  const { queues, close } = await openQueuesForBoard(config);
  const serverAdapter = new HonoAdapter(serveStatic).setBasePath(path);
  createBullBoard({
    queues: queues.map((queue) => {
      const description = WHAT.get(queue.name) ?? '';
      return new BullMQAdapter(queue, {
        readOnlyMode: true,
        allowRetries: false,
        description,
        // Optional in the board's answers, though not in its types: what has no page gets no link.
        externalJobUrl: (job) => pageOf(config, job.data) as { href: string; displayText: string },
      });
    }),
    // The adapter brings its own copy of the board's types; what runs is the same.
    serverAdapter: serverAdapter as unknown as Parameters<typeof createBullBoard>[0]['serverAdapter'],
    options: {
      uiConfig: {
        boardTitle: 'Queues',
        hideDocsLink: true,
        locale: { lng: 'en-US' },
        miscLinks: [
          { text: 'Console', url: `${config.BASE_PATH}/admin` },
          { text: 'Account and sign out', url: `${config.BASE_PATH}/admin/account` },
        ],
        theme: { light: { 'font-sans': FONTS }, dark: { 'font-sans': FONTS } },
      },
    },
  });
  return { app: new Hono().route(path, serverAdapter.registerPlugin()), close };
}

/** The console's page of the row that a job is about; undefined where there is none. */
function pageOf(config: Config, data: unknown): { href: string; displayText: string } | undefined {
  const id = (data as { id?: unknown } | null)?.id;
  if (typeof id !== 'string' || !/^[a-z]{2}[0-9A-Z]{26}$/.test(id)) return undefined;
  const panel = panelOf(PANELS.get(id.slice(0, 2)) ?? '');
  if (panel === null) return undefined;
  return { href: `${config.BASE_PATH}/admin/${panel.path}/${id}`, displayText: `Open the ${panel.one.toLowerCase()}` };
}

/** Its own links to elsewhere are behind a menu; somebody who came for one job wants back. */
const WAY_BACK =
  'position:fixed;right:16px;bottom:16px;z-index:9;padding:8px 14px;border-radius:8px;background:#3d4ed8;color:#fff;text-decoration:none';

/**
 * The board's page as the console shows it: with the way back, and without the fonts that it asks a third party for. The policy would
 * stop those, but a browser should not even try.
 */
async function inTheConsole(answer: Response, console: string): Promise<Response> {
  if (answer.headers.get('content-type')?.includes('text/html') !== true) return answer;
  const page = (await answer.text())
    .replace(/<link[^>]*fonts\.googleapis\.com[^>]*>/g, '')
    .replace('</body>', `<a href="${console}" style="${WAY_BACK}">Back to the console</a></body>`);
  return new Response(page, { status: answer.status, headers: answer.headers });
}
