// The guides are true: their commands run, their links lead somewhere, their variables and commands exist, and every code is explained.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { variables } from '../../src/config.ts';
import { GUIDE_NAMES } from '../../src/http/guides.ts';
import { type Api, openApi } from '../support/api.ts';
import { startSystem, type TestSystem } from '../support/system.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const guide = (name: string) => readFileSync(join(ROOT, 'docs', `${name}.md`), 'utf8');
const files = (folder: string): string[] =>
  readdirSync(join(ROOT, folder)).flatMap((name) => {
    const path = join(folder, name);
    return statSync(join(ROOT, path)).isDirectory() ? files(path) : [path];
  });

describe('the first payment', () => {
  let system: TestSystem;
  const folder = mkdtempSync(join(tmpdir(), 'first-payment-'));
  beforeAll(async () => {
    system = await startSystem({ redis: false, simulator: { otpExempt: false } });
    await system.fund('UGX', 10n ** 8n);
    mkdirSync(join(folder, '.local'));
    const credentials = { apiUrl: system.webs[0]?.url, apiKey: system.apiKey };
    writeFileSync(join(folder, '.local/credentials.json'), JSON.stringify(credentials));
  }, 120_000);
  afterAll(async () => {
    await system.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is made by pasting the guide: a collection, a payout, a failure and a refusal', async () => {
    const blocks = [...guide('first-payment').matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
    expect(blocks).toHaveLength(7);
    const script = ['set -euo pipefail', ...blocks.map((block, n) => `echo "@@${n}"\n${block}echo`)].join('\n');
    const { stdout } = await promisify(execFile)('bash', ['-c', script], {
      cwd: folder,
      timeout: 90_000,
      env: { ...process.env, no_proxy: '*', NO_PROXY: '*' },
    });
    const said = stdout.split(/@@\d\n/).slice(1);
    expect(said[2]?.trim()).toMatch(/^co[0-9A-Z]{26}$/);
    expect(said[3]).toContain('"status":"settled"');
    expect(said[3]).toMatch(/"available":"\d+"/);
    expect(said[4]).toContain('"status":"settled"');
    expect(said[5]?.trim()).toBe('provider_failed');
    expect(JSON.parse(said[6] ?? '').errors).toContainEqual(expect.objectContaining({ field: 'amount' }));
  }, 120_000);
});

describe('the pages', () => {
  let api: Api;
  beforeAll(async () => {
    api = await openApi({ env: { BASE_PATH: 'api/eversend-payments' } });
  });
  afterAll(() => api.close());

  it.each(GUIDE_NAMES.map((name) => [name]))('%s: is served, with links that lead to other pages', async (name) => {
    const page = await api.get(`/docs/${name}`, { key: null });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.text).toContain('<h1>');
    expect(page.text).not.toMatch(/<script|<style| on\w+=| style=|<img/);
    const base = `http://localhost/api/eversend-payments/docs/${name}`;
    for (const [, href = ''] of page.text.matchAll(/href="([^"]+)"/g)) {
      const { origin, pathname } = new URL(href, base);
      expect([href, origin]).toEqual([href, 'http://localhost']);
      const linked = await api.get(pathname.replace('/api/eversend-payments', ''), { key: null });
      expect([href, linked.status]).toEqual([href, 200]);
    }
  });

  it('lists the same guides as the folder’s index does, and no more than there are', () => {
    const index = guide('README');
    for (const name of GUIDE_NAMES) expect(index).toContain(`(${name}.md)`);
    const forCallers = [...(index.split('For whoever')[0] ?? '').matchAll(/\(([\w-]+)\.md\)/g)].map(([, name]) => name);
    expect(GUIDE_NAMES, 'src/http/guides.ts serves every guide for callers').toEqual(
      expect.arrayContaining(forCallers),
    );
    const listed = [...index.matchAll(/\((\w[\w-]*\.md)\)/g)].map((match) => match[1] ?? '');
    const there = readdirSync(join(ROOT, 'docs')).filter((file) => file !== 'README.md');
    expect(listed.toSorted()).toEqual(there.toSorted());
  });
});

describe('what the guides name', () => {
  it.each(GUIDE_NAMES.map((name) => [name]))('%s: variables and scripts exist', (name) => {
    const text = guide(name);
    const named = [...text.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`/g)].map((match) => match[1] ?? '');
    expect(named.filter((variable) => !(variable in variables))).toEqual([]);
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    for (const [, script = ''] of text.matchAll(/npm run (?:--silent )?([\w:]+)/g))
      expect(scripts).toHaveProperty(script);
  });

  it('operators’ commands take what the guides give them', async () => {
    const asked = new Map<string, Set<string>>();
    for (const name of GUIDE_NAMES) {
      for (const [, noun = '', verb = '', rest = ''] of guide(name).matchAll(
        /\bcli(?: --)? ([a-z-]+) ([a-z]+)\b([^`\n]*)/g,
      )) {
        const options = asked.get(`${noun} ${verb}`) ?? new Set();
        asked.set(`${noun} ${verb}`, options);
        for (const [option] of rest.matchAll(/--[a-z-]+/g)) options.add(option);
      }
    }
    expect(asked.size).toBeGreaterThan(10);
    for (const [command, options] of asked) {
      const help = await promisify(execFile)(process.execPath, ['src/cli/main.ts', ...command.split(' '), '--help'], {
        cwd: ROOT,
      });
      expect(help.stdout.split('\n')[0]).toBe(`Usage: cli ${command} [options]`);
      for (const option of options) expect(help.stdout, command).toContain(option);
    }
  }, 120_000);
});

describe('the codes', () => {
  /** Raised for operators and in steps alone; they are never in an answer. */
  const ELSEWHERE =
    /^src\/(simulator|admin|cli|local|reconciliation|earnings|db|queue|cache|client)\/|^src\/transactions\/(decided|decisions|propose|resolve|suspense|dossier)\.ts$|^src\/ledger\/adjust\.ts$|api-key\.ts$|(fee-schedule|merchant|described-refusals)\.ts$/;
  /** Where the text of the source says that a word is a code. */
  const PLACES = [
    /\bcode: '([a-z0-9_]+)'/g,
    /\bnew (?:Refused|Conflict|ProviderRejected|ProviderUnavailable)\(\s*'([a-z0-9_]+)'/g,
    /\bnew (?:Forbidden|Unauthenticated)\([^;]*?'([a-z]+(?:_[a-z0-9]+)+)',?\s*\)/g,
    /\.field\(\s*[^,]+,\s*'([a-z0-9_]+)'/g,
    /\b(?:refused|refuse|malformed)\((?:'[\w.]+', |`[^`]*`, )?'([a-z]+(?:_[a-z0-9]+)*)',/g,
    /matches\(\s*\/.*\/\w*,\s*'([a-z0-9_]+)'/g,
    /\bcode\('[^']*', \d+, '([a-z0-9_]+)'/g,
    /\bsuper\('([a-z]+(?:_[a-z0-9]+)+)'/g,
    /^ {4}'(not_[a-z0-9_]+)',$/gm,
  ];
  /** Not of an answer: kinds of issues of the validator, and what a step notes while it waits. */
  const INNER = new Set(['custom', 'provider_float_short']);

  it('that an answer can carry are all explained, and no others', () => {
    const tables = guide('errors')
      .split('\n## ')
      .map((section) =>
        [...section.matchAll(/^\| ((?:`[a-z0-9_]+`(?:, )?)+) \|/gm)].flatMap(([, cell = '']) =>
          [...cell.matchAll(/`([a-z0-9_]+)`/g)].map((match) => match[1] ?? ''),
        ),
      );
    const twice = tables.flatMap((codes) => codes.filter((code, n) => codes.indexOf(code) !== n));
    expect(twice.map((code) => `docs/errors.md: ${code} is explained twice in one table`)).toEqual([]);
    const explained = new Set(tables.flat());
    const source = files('src').filter((path) => path.endsWith('.ts') && !ELSEWHERE.test(path));
    const raised = new Map<string, string>();
    for (const path of source) {
      const text = readFileSync(join(ROOT, path), 'utf8');
      for (const place of PLACES)
        for (const [, code = ''] of text.matchAll(place)) if (!INNER.has(code)) raised.set(code, path);
    }
    const missing = [...raised].filter(([code]) => !explained.has(code));
    expect(missing.map(([code, path]) => `docs/errors.md: say what ${code} means and what to do (${path})`)).toEqual(
      [],
    );
    expect(raised.size).toBeGreaterThan(50);
    const all = files('src')
      .map((path) => readFileSync(join(ROOT, path), 'utf8'))
      .join('\n');
    const gone = [...explained].filter(
      (code) => !all.includes(`'${code}'`) && !/^unknown_(field|parameter)$/.test(code),
    );
    expect(gone.map((code) => `docs/errors.md: nothing answers ${code} any more`)).toEqual([]);
  });
});
