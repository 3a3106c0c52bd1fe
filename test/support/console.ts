// The whole application with its console, and a browser that keeps cookies as browsers do.
import { randomUUID } from 'node:crypto';
import { createAdministrator, type Role } from '../../src/admin/administrator.ts';
import { adminApp } from '../../src/admin/app.ts';
import { type Board, createBoard } from '../../src/admin/board.ts';
import { formTokenOf } from '../../src/admin/browser.ts';
import { hashPassword } from '../../src/admin/password.ts';
import { openSession } from '../../src/admin/session.ts';
import { createApp } from '../../src/app.ts';
import { inTransaction } from '../../src/db/knex.ts';
import type { World } from './world.ts';

export const ORIGIN = 'http://console.test';
export const PASSWORD = 'correct horse battery staple';

export interface Browser {
  readonly cookies: Map<string, string>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Sends a form of a page of this session, unless `form` or `headers` say otherwise. */
  post(path: string, form: Record<string, string>, headers?: Record<string, string | null>): Promise<Response>;
  signIn(email: string, password?: string): Promise<Response>;
}

export interface Console {
  readonly board: Board;
  readonly app: ReturnType<typeof createApp>;
  readonly admin: ReturnType<typeof adminApp>;
  /** A browser without cookies. `headers` go with all it asks for; `origin` is where it believes to be. */
  browser(of?: { headers?: Record<string, string>; origin?: string }): Browser;
  /** Somebody of that role who has just signed in, without the price of hashing a password. */
  visitor(role: Role): Promise<Browser & { readonly id: string }>;
  /** Somebody with PASSWORD; gives the id. */
  person(email: string, role?: Role): Promise<string>;
}

// Hashing is slow on purpose; one hash serves everybody in a test file.
let hash: Promise<string> | null = null;

export function createConsole(world: World): Console {
  const board = createBoard(world.config);
  const admin = adminApp(world, board);
  const app = createApp(world, { admin });
  return {
    board,
    app,
    admin,
    browser: (of = {}) => browserOn(app, of.origin ?? ORIGIN, of.headers ?? {}),
    async visitor(role) {
      const browser = browserOn(app, ORIGIN, {});
      const email = `${role}-${randomUUID()}@example.com`;
      return inTransaction(world.db, async (trx) => {
        const { id } = await createAdministrator(trx, { email, role, passwordHash: '!' });
        const from = { clientAddress: null, userAgent: null, former: null };
        browser.cookies.set(
          'admin_session',
          await openSession(trx, { ...from, administratorId: id, needsCode: false }),
        );
        return { ...browser, id };
      });
    },
    async person(email, role = 'operator') {
      hash ??= hashPassword(PASSWORD);
      const passwordHash = await hash;
      return (await inTransaction(world.db, (trx) => createAdministrator(trx, { email, role, passwordHash }))).id;
    },
  };
}

function browserOn(app: Console['app'], origin: string, always: Record<string, string>): Browser {
  const cookies = new Map<string, string>();
  const ask = async (method: string, path: string, headers: Record<string, string | null>, body?: string) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const all: Record<string, string | null> = {
      accept: 'text/html',
      ...(cookie ? { cookie } : {}),
      ...always,
      ...headers,
    };
    const sent = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== null);
    const answer = await app.request(origin + path, { method, headers: sent, ...(body === undefined ? {} : { body }) });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  };
  const post: Browser['post'] = (path, form, headers = {}) => {
    const own = { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' };
    // As a page of the session would: its forms carry the session's token.
    const token = [...cookies].find(([name]) => name.endsWith('admin_session'))?.[1];
    const fields = { ...(token === undefined ? {} : { token: formTokenOf(token) }), ...form };
    return ask('POST', path, { ...own, ...headers }, new URLSearchParams(fields).toString());
  };
  return {
    cookies,
    get: (path, headers = {}) => ask('GET', path, headers),
    post,
    signIn: (email, password = PASSWORD) => post('/admin/login', { email, password }),
  };
}
