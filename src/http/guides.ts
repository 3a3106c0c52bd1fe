// The guides for callers, from the folder `docs`: Markdown made into pages that hold nothing but text, links and tables.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Marked } from 'marked';

const FOLDER = resolve(import.meta.dirname, '../../docs');

/** What is served under `/docs/<name>`, in the order in which one reads it. */
export const GUIDES = {
  'first-payment': 'First payment',
  idempotency: 'Idempotency',
  bulk: 'Bulk payouts',
  errors: 'Errors',
  webhooks: 'Webhooks',
  client: 'Client',
  'key-rotation': 'Key rotation',
  'going-live': 'Going live',
  'eversend-questions': 'Questions to Eversend',
} as const;
export type Guide = keyof typeof GUIDES;
export const GUIDE_NAMES = Object.keys(GUIDES) as readonly Guide[];

/** The guide as HTML, its links to other guides leading to their pages. */
export async function renderGuide(guide: Guide): Promise<string> {
  const text = await readFile(resolve(FOLDER, `${guide}.md`), 'utf8');
  const marked = new Marked({
    walkTokens(token) {
      if (token.type === 'link') token['href'] = String(token['href']).replace(/^([\w-]+)\.md\b/, '$1');
    },
  });
  return marked.parse(text);
}
