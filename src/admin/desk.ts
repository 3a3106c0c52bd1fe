// What every route of the console works with: the world, where the console lies, and who is asking.
import type { Actor } from '../audit/audit.ts';
import type { Config } from '../config.ts';
import type { Context } from '../context.ts';
import { type AdminContext, readTheme } from './browser.ts';
import type { Frame } from './pages/layout.ts';

export interface Desk {
  readonly ctx: Context;
  readonly config: Config;
  /** Path of the console, such as `/payments/admin`. */
  readonly base: string;
}

export const openDesk = (ctx: Context): Desk => ({ ctx, config: ctx.config, base: `${ctx.config.BASE_PATH}/admin` });

export function frameOf(desk: Desk, c: AdminContext): Frame {
  const session = c.get('session') ?? null;
  return { base: desk.base, session, formToken: c.get('formToken') ?? '', theme: readTheme(c) };
}

export const clientAddressOf = (c: AdminContext): string | null => c.get('exchange')?.clientAddress ?? null;

/** Whoever is signed in, as the audit log names them. */
export const actorOf = (c: AdminContext): Actor => ({
  actor: `admin:${c.get('session').administratorId}`,
  clientAddress: clientAddressOf(c),
});

/** Back to where somebody wanted to go, but never out of the console. */
export function inside(desk: Desk, next: unknown): string {
  return typeof next === 'string' && isBelow(desk.base, next) ? next : desk.base;
}

function isBelow(base: string, path: string): boolean {
  return (
    /^[A-Za-z0-9/_.:%-]{1,300}$/.test(path) &&
    !/\/\/|\.\.|%2e|%2f|%5c/i.test(path) &&
    (path === base || path.startsWith(`${base}/`))
  );
}
