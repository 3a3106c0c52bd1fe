// The README against the product: every variable with its default, every command, every proof it names.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { variables } from '../src/config.ts';

const ROOT = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const section = (title: string) => readme.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? '';

/** Names and defaults from the configuration table; a row may name several variables and as many defaults. */
function documented(): Map<string, string> {
  const rows = section('Configuration').match(/^\| `.*$/gm) ?? [];
  return new Map(
    rows.flatMap((row) => {
      const [, names = '', defaults = ''] = row.split('|').map((cell) => cell.trim());
      const list = [...names.matchAll(/`([A-Z_]+)`/g)].map((match) => match[1] ?? '');
      const given = list.length > 1 && defaults.includes(', ') ? defaults.split(', ') : list.map(() => defaults);
      return list.map((name, index) => [name, given[index] ?? ''] as const);
    }),
  );
}

describe('the README', () => {
  it('lists every variable of the configuration, and no other', () => {
    expect([...documented().keys()].toSorted()).toEqual(Object.keys(variables).toSorted());
  });

  it('gives each default as it is', () => {
    const wrong: string[] = [];
    for (const [name, said] of documented()) {
      const parsed = variables[name as keyof typeof variables].safeParse(undefined);
      // An empty list is no default, like an empty text.
      const text = parsed.success && parsed.data !== undefined ? String(parsed.data) : '';
      const real = text === '' ? null : text;
      const fits = real === null ? /required|none|`/.test(said) : said === real;
      if (!fits) wrong.push(`${name}: the README says ${said}, the code ${real}`);
    }
    expect(wrong).toEqual([]);
  });

  it('names only commands and proofs that exist', () => {
    const scripts = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts as Record<string, string>;
    const commands = [...readme.matchAll(/`?npm (?:run (?:--silent )?)?([a-z]+(?::[a-z]+)?)\b/g)].map(
      (match) => match[1] ?? '',
    );
    expect(commands.filter((name) => name !== 'ci' && name !== 'are' && scripts[name] === undefined)).toEqual([]);
    const files = [...readme.matchAll(/`((?:test|docs|samples)\/[A-Za-z0-9/.-]+)`/g)].map((match) => match[1] ?? '');
    expect(files.filter((file) => file !== '' && !existsSync(join(ROOT, file)))).toEqual([]);
  });
});
