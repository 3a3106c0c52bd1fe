// Measures the operators' console over HTTP, signed in as an administrator, on a database as full as that of a busy deployment.
import pg from 'pg';
import { Pool } from 'undici';
import { formTokenOf } from '../../src/admin/browser.ts';
import type { Flags } from '../flags.ts';
import { startProvider } from '../harness/provider.ts';
import type { Servers } from '../harness/servers.ts';
import { SEALING, startProcesses } from '../product/start.ts';
import { fillWithPayments } from '../seed/seed.ts';
import { type Ask, asksOf } from './asks.ts';
import { fillRest, type Person } from './fill.ts';

const SEED = 1;
/** Answers that are not counted: statements are planned, and pages of the database read, for the first time. */
const WARM_UP = 2;

export interface Page {
  readonly name: string;
  readonly tookMs: readonly number[];
  readonly bytes: number;
}

export interface ConsoleResults {
  readonly transactions: number;
  readonly postings: number;
  readonly pages: readonly Page[];
}

export async function measureConsole(of: {
  flags: Flags;
  servers: Servers;
  cleanup: AsyncDisposableStack;
  say: (sentence: string) => void;
}): Promise<ConsoleResults> {
  const { flags, servers, cleanup, say } = of;
  const databaseUrl = await servers.createDatabase('console');
  await fillWithPayments({ url: databaseUrl, count: flags.rows, seed: SEED, environment: SEALING, say });
  const person = await fillRest(databaseUrl, say);
  const provider = await startProvider({ webhookSecret: 'bench' });
  cleanup.defer(() => provider.close());
  const surroundings = { servers, provider, redisDatabase: 0, cleanup, profile: flags.profile, databaseUrl };
  const { apiUrl } = await startProcesses(surroundings, ['web']);
  return measurePages({ apiUrl, databaseUrl, person, requests: flags.requests, say });
}

/** Every page, `requests` times one after the other. Raises for an answer that is no page. */
export async function measurePages(of: {
  apiUrl: string;
  databaseUrl: string;
  person: Person;
  requests: number;
  say: (sentence: string) => void;
}): Promise<ConsoleResults> {
  const db = new pg.Client({ connectionString: of.databaseUrl });
  await db.connect();
  const pool = new Pool(of.apiUrl, { connections: 1 });
  try {
    const asks = await asksOf(db, SEED);
    const cookie = await signIn(pool, of.apiUrl, of.person);
    of.say(`Asking for ${asks.length} pages, ${of.requests} times each.`);
    const pages: Page[] = [];
    for (const ask of asks) {
      let bytes = 0;
      const tookMs: number[] = [];
      for (let n = 0; n < WARM_UP + of.requests; n += 1) {
        const begun = performance.now();
        bytes = await answerTo(pool, of.apiUrl, cookie, ask);
        if (n >= WARM_UP) tookMs.push(performance.now() - begun);
      }
      pages.push({ name: ask.name, tookMs, bytes });
    }
    const { rows } = await db.query(
      'SELECT (SELECT count(*)::int FROM transactions) AS transactions, (SELECT count(*)::int FROM postings) AS postings',
    );
    return { ...rows[0], pages };
  } finally {
    await pool.close();
    await db.end();
  }
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' } as const;

async function signIn(pool: Pool, origin: string, person: Person): Promise<string> {
  const body = new URLSearchParams({ ...person }).toString();
  const answer = await pool.request({ method: 'POST', path: '/admin/login', headers: { ...FORM, origin }, body });
  await answer.body.dump();
  const [, token] = /admin_session=([^;]+)/.exec(String(answer.headers['set-cookie'])) ?? [];
  if (token === undefined) throw new Error(`signing in was answered ${answer.statusCode}`);
  return token;
}

async function answerTo(pool: Pool, origin: string, token: string, ask: Ask): Promise<number> {
  const headers = { accept: 'text/html', cookie: `admin_session=${token}` };
  let path = `/admin${ask.path === '' || ask.path.startsWith('?') ? '' : '/'}${ask.path}`;
  if (ask.search !== undefined) {
    const body = new URLSearchParams({ token: formTokenOf(token), q: ask.search }).toString();
    const led = await pool.request({
      method: 'POST',
      path: '/admin/search',
      headers: { ...headers, ...FORM, origin },
      body,
    });
    await led.body.dump();
    path = String(led.headers['location'] ?? '');
    if (led.statusCode !== 303 || path === '') throw new Error(`${ask.name} was answered ${led.statusCode}`);
  }
  const { statusCode, body } = await pool.request({ method: 'GET', path, headers });
  const page = await body.text();
  if (statusCode !== 200) throw new Error(`${ask.name} (${path}) was answered ${statusCode}`);
  return Buffer.byteLength(page);
}
