// What we believe of a browser: the cookie of its session, and whether a form was sent from a page of ours.

import { timingSafeEqual } from 'node:crypto';
import type { Context as HonoContext } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Config } from '../config.ts';
import { Forbidden, InvalidRequest } from '../errors.ts';
import { digest } from '../vault.ts';
import type { Session } from './session.ts';

export interface AdminEnv {
  Variables: {
    /** Filled in by what surrounds the whole application. */
    readonly exchange?: { readonly clientAddress: string | null };
    session: Session;
    /** What every form of this session carries. */
    formToken: string;
  };
}
export type AdminContext = HonoContext<AdminEnv>;

const COOKIE = 'admin_session';
const FORM = 'application/x-www-form-urlencoded';

/** Whether the browser speaks https, to us or to the proxy in front of us that we were told to trust. */
function isHttps(c: AdminContext, config: Config): boolean {
  if (config.PUBLIC_URL !== undefined) return config.PUBLIC_URL.startsWith('https:');
  const forwarded = config.TRUSTED_PROXY_HOPS > 0 ? c.req.header('x-forwarded-proto') : undefined;
  return (forwarded?.split(',').at(-1)?.trim() ?? new URL(c.req.url).protocol.slice(0, -1)) === 'https';
}

/** Over https the name begins with `__Host-`: only we can have set it, and it is never sent in clear. Browsers then insist on the path `/`. */
function cookieOptions(c: AdminContext, config: Config) {
  const common = { httpOnly: true, sameSite: 'Strict' } as const;
  return isHttps(c, config)
    ? ({ ...common, secure: true, path: '/', prefix: 'host' } as const)
    : ({ ...common, path: `${config.BASE_PATH}/admin` } as const);
}

/** The session's token, if it can be one. */
export function readToken(c: AdminContext, config: Config): string | null {
  const token = isHttps(c, config) ? getCookie(c, COOKIE, 'host') : getCookie(c, COOKIE);
  return token !== undefined && /^[A-Za-z0-9_-]{43}$/.test(token) ? token : null;
}

export function giveToken(c: AdminContext, config: Config, token: string): void {
  setCookie(c, COOKIE, token, cookieOptions(c, config));
}

export function takeToken(c: AdminContext, config: Config): void {
  deleteCookie(c, COOKIE, cookieOptions(c, config));
}

/**
 * Refuses whatever could change something and was not sent by a form on a page of ours: Forbidden for another origin, no origin
 * (browsers name it on every POST) or a sibling site, InvalidRequest 415 for anything that is no form.
 */
export function insistOnOwnForm(c: AdminContext, config: Config): void {
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin') ?? '';
  // A proxy may end TLS and so change the scheme; the name of the host is what another site cannot have.
  const hosts = [new URL(c.req.url).host, config.PUBLIC_URL === undefined ? '' : new URL(config.PUBLIC_URL).host];
  const isOwn = /^https?:\/\/[^/]+$/.test(origin) && hosts.includes(origin.replace(/^https?:\/\//, '').toLowerCase());
  if ((site !== undefined && site !== 'same-origin') || !isOwn)
    throw new Forbidden('This was not sent from a page of this console.', 'foreign_origin');
  if (c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase() !== FORM)
    throw new InvalidRequest([], { code: 'unsupported_media_type', message: `Send it as ${FORM}.`, status: 415 });
}

/** What a form of a session must carry: made of the cookie's secret, so that only a page of that session can know it. */
export function formTokenOf(token: string): string {
  return digest(`form ${token}`).toString('base64url');
}

/** The fields of the form that was sent, once its token is right: each a text. Raises Forbidden. */
export async function readOwnForm(c: AdminContext): Promise<Readonly<Record<string, string>>> {
  const fields = await readForm(c);
  const [given, right] = [Buffer.from(fields['token'] ?? ''), Buffer.from(c.get('formToken'))];
  if (given.length !== right.length || !timingSafeEqual(given, right))
    throw new Forbidden('This form is not of this session, or an old one. Open its page again.', 'foreign_form');
  return fields;
}

/** Raises InvalidRequest for a field that no column of text can hold. */
export async function readForm(c: AdminContext): Promise<Readonly<Record<string, string>>> {
  const fields = Object.entries(await c.req.parseBody()).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
  const [bad] = fields.find(([, value]) => value.includes('\0')) ?? [];
  if (bad !== undefined) throw InvalidRequest.field(bad, 'not_text', 'Leave out the character U+0000: it is no text.');
  return Object.fromEntries(fields);
}

const SAID = 'admin_said';
const THEME = 'admin_theme';

/** A sentence for the next page. It says what was done; it decides nothing. */
export function say(c: AdminContext, config: Config, sentence: string): void {
  const { prefix: _, ...options } = { prefix: null, ...cookieOptions(c, config) };
  setCookie(c, SAID, encodeURIComponent(sentence.slice(0, 300)), {
    ...options,
    path: `${config.BASE_PATH}/admin`,
    maxAge: 60,
  });
}

export function takeSaid(c: AdminContext, config: Config): string | null {
  const said = getCookie(c, SAID);
  if (said === undefined) return null;
  deleteCookie(c, SAID, { path: `${config.BASE_PATH}/admin` });
  try {
    return decodeURIComponent(said).slice(0, 300);
  } catch {
    return null;
  }
}

export function readTheme(c: AdminContext): 'light' | 'dark' | null {
  const theme = getCookie(c, THEME);
  return theme === 'light' || theme === 'dark' ? theme : null;
}

export function giveTheme(c: AdminContext, config: Config, theme: string): void {
  const path = `${config.BASE_PATH}/admin`;
  if (theme === 'light' || theme === 'dark')
    setCookie(c, THEME, theme, { httpOnly: true, sameSite: 'Strict', path, maxAge: 31_536_000 });
  else deleteCookie(c, THEME, { path });
}

/** Whether it is a person's browser that wants a page, rather than a script of the page or a program. */
export function wantsPage(c: AdminContext): boolean {
  return c.req.header('accept')?.includes('text/html') === true;
}
