// An action of the console as a person takes it: looked at first, then sent with a reason.
import type { Browser } from './console.ts';

export type Input = Readonly<Record<string, string>>;

export interface Shown {
  readonly status: number;
  /** The page, without markup. */
  readonly text: string;
  /** What its form holds; empty where it shows none. */
  readonly form: Record<string, string>;
}

const plain = (html: string): string =>
  html
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll(/\s+/g, ' ');

/** Looks at what the action at `path` (below the console) would do. */
export async function look(by: Browser, path: string, input: Input = {}): Promise<Shown> {
  const query = Object.keys(input).length === 0 ? '' : `?${new URLSearchParams({ ...input, shown: '1' })}`;
  const answer = await by.get(`/admin/${path}${query}`);
  const html = await answer.text();
  const [, outline] = /name="outline" value="([^"]+)"/.exec(html) ?? [];
  return { status: answer.status, text: plain(html), form: outline === undefined ? {} : { ...input, outline } };
}

export interface Taken {
  readonly status: number;
  readonly text: string;
  /** Where it led to, below the console; null where it showed a page. */
  readonly where: string | null;
}

/** Sends the form of the action, with whatever `more` changes in it. */
export async function send(by: Browser, path: string, form: Input, reason = 'as agreed'): Promise<Taken> {
  const answer = await by.post(`/admin/${path}`, { ...form, reason });
  const where = answer.headers.get('location')?.replace('/admin/', '') ?? null;
  return { status: answer.status, text: plain(await answer.text()), where };
}

/** Looks and sends. */
export async function act(by: Browser, path: string, input: Input = {}, reason?: string): Promise<Taken> {
  const { form } = await look(by, path, input);
  return send(by, path, form, reason);
}

/** A page below the console, without markup. */
export async function pageText(by: Browser, path: string): Promise<string> {
  return plain(await (await by.get(`/admin/${path}`)).text());
}
