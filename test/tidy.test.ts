// The house rules that a machine can check, by reading the source: direction of imports, names, sizes, who may touch what.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const files = (folder: string): string[] =>
  readdirSync(join(ROOT, folder)).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(join(ROOT, path)).isDirectory()) return files(path);
    return path.endsWith('.ts') ? [path] : [];
  });
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const PRODUCT = [...files('src'), ...files('workers')];
/** Written by a generator: its length and names are not ours. */
const GENERATED = 'src/client/generated/';
const ALL = [
  ...PRODUCT,
  ...files('migrations'),
  ...files('test'),
  ...files('bench'),
  ...files('conformance'),
  ...files('samples'),
  ...files('tools'),
];

/** Modules a file imports, as paths from the root; packages by their name. `import type` counts too: it is knowledge as well. */
const imports = (path: string): string[] =>
  [...read(path).matchAll(/^(?:import|export)[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|import\('([^']+)'\)/gm)].map(
    (match) => {
      const target = match[1] ?? match[2] ?? match[3] ?? '';
      return target.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(path), target)) : target;
    },
  );

/** A folder may import only lower ranks, or itself. */
const RANKS: readonly (readonly string[])[] = [
  [
    'src/errors.ts',
    'src/money.ts',
    'src/ids.ts',
    'src/logger.ts',
    'src/config.ts',
    'src/vault.ts',
    'src/names.ts',
    'src/address-range.ts',
    'src/live-config.ts',
    'src/redis.ts',
    'src/stdout.ts',
    'src/process.ts',
    'src/csv.ts',
  ],
  ['src/db', 'src/queue'],
  ['src/cache'],
  ['src/provider'],
  ['src/context.ts', 'src/ledger', 'src/audit'],
  ['src/merchants', 'src/pricing', 'src/earnings', 'src/limits'],
  ['src/transactions'],
  ['src/collections', 'src/payouts'],
  ['src/activity', 'src/webhooks', 'src/notifications', 'src/personal-data', 'src/reconciliation'],
  ['src/http', 'src/admin', 'workers'],
  ['src/app.ts', 'src/compose.ts', 'src/self-check.ts'],
  ['src/server.ts', 'workers/main.ts'],
  ['src/local.ts', 'src/local', 'src/migrate.ts'],
  ['src/cli'],
];
/** Payouts know nothing of collections, pages nothing of the API, and the other way round. */
const NEVER_EACH_OTHER = new Set([
  'src/db',
  'src/queue',
  'src/collections',
  'src/payouts',
  'src/http',
  'src/admin',
  'workers',
]);

const folderOf = (path: string) => {
  const whole = RANKS.findIndex((rank) => rank.includes(path));
  if (whole !== -1) return path;
  return path.startsWith('src/') ? path.split('/').slice(0, 2).join('/') : (path.split('/')[0] ?? '');
};
const rankOf = (path: string) => RANKS.findIndex((rank) => rank.includes(folderOf(path)));

describe('imports', () => {
  it('go down the ranks only, so that the folders are the architecture', () => {
    const wrong = PRODUCT.filter((path) => folderOf(path) !== 'src/simulator').flatMap((path) =>
      imports(path)
        .filter((target) => target.startsWith('src/') || target.startsWith('workers/'))
        .filter((target) => {
          const [mine, theirs] = [rankOf(path), rankOf(target)];
          if (folderOf(target) === folderOf(path)) return false;
          return (
            theirs === -1 || mine === -1 || theirs > mine || (theirs === mine && NEVER_EACH_OTHER.has(folderOf(path)))
          );
        })
        .map((target) => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('of the client reach nothing but itself, since it runs elsewhere, and nothing of the product imports it', () => {
    for (const path of PRODUCT) {
      const isClient = path.startsWith('src/client/');
      const wrong = imports(path).filter(
        (target) => target.startsWith('src/client/') !== isClient && path !== 'src/client/webhooks.ts',
      );
      expect(isClient ? wrong : wrong.filter((target) => target.startsWith('src/client/')), path).toEqual([]);
    }
  });

  it('of the simulator reach only money and the provider’s wire format, and only its own start, the local start and tests import it', () => {
    const allowed = /^src\/(money|provider\/eversend\/(signature|messages))\.ts$|^src\/simulator\//;
    for (const path of PRODUCT.filter((one) => one.startsWith('src/simulator/'))) {
      expect(
        imports(path).filter((target) => target.startsWith('src/') && !allowed.test(target)),
        path,
      ).toEqual([]);
    }
    for (const path of PRODUCT.filter((one) => !/^src\/(simulator|local)/.test(one))) {
      expect(
        imports(path).filter((target) => target.startsWith('src/simulator')),
        path,
      ).toEqual([]);
    }
  });

  it.each([
    ['undici', /^src\/(provider\/eversend\/|notifications\/send\.ts)/],
    ['standardwebhooks', /^src\/(notifications\/|client\/webhooks\.ts$)/],
    ['bullmq', /^(src\/queue|workers)\//],
    ['@bull-board', /^src\/admin\//],
  ])('of %s stay where they belong', (name, where) => {
    const users = PRODUCT.filter((path) =>
      imports(path).some((target) => target === name || target.startsWith(`${name}/`)),
    );
    expect(users.filter((path) => !where.test(path))).toEqual([]);
  });
});

describe('the environment', () => {
  it('is read in one file; the local start passes it on, and the simulator’s own start reads its own', () => {
    const allowed = /^src\/(config|migrate|local|local\/.*|simulator\/main|cli\/.*)(\.ts)?$/;
    expect(PRODUCT.filter((path) => /process\.env/.test(read(path)) && !allowed.test(path))).toEqual([]);
  });
});

describe('money', () => {
  it('is written by one statement only: nobody but the ledger names postings, entries or balances in a write', () => {
    const writes = /\b(INSERT INTO|UPDATE|DELETE FROM)\s+(postings|journal_entries|ledger_accounts)\b|post_entries/;
    expect(PRODUCT.filter((path) => writes.test(read(path)))).toEqual(['src/ledger/post.ts']);
  });

  it('never meets a float', () => {
    expect(
      PRODUCT.filter((path) => !/^src\/(simulator|local)/.test(path) && /parseFloat|\.toFixed\(/.test(read(path))),
    ).toEqual([]);
  });
});

describe('files', () => {
  it('begin with one sentence that says what they are', () => {
    expect(ALL.filter((path) => !/^(#!.*\n)?\/\/ \S.{10,}[.:;]?\n/.test(read(path)))).toEqual([]);
  });

  it('have names that say something, in kebab-case', () => {
    expect(
      PRODUCT.filter(
        (path) => /\/(index|utils?|helpers?|types|service|common|misc|manager)\.ts$/.test(path) || /[A-Z_]/.test(path),
      ),
    ).toEqual([]);
  });

  it('stay readable: about 200 lines, never more than 300', () => {
    const lines = (path: string) => read(path).split('\n').length;
    expect(
      PRODUCT.filter((path) => lines(path) > 300 && !path.startsWith(GENERATED)).map(
        (path) => `${path}: ${lines(path)}`,
      ),
    ).toEqual([]);
  });

  it('postpone nothing and switch no check off', () => {
    const words = [
      'TO' + 'DO',
      'FIX' + 'ME',
      '@ts-' + 'ignore',
      '@ts-' + 'nocheck',
      'biome-' + 'ignore',
      '\\.on' + 'ly\\(',
    ];
    const marks = new RegExp(words.join('|'));
    expect(ALL.filter((path) => marks.test(read(path)))).toEqual([]);
  });
});
