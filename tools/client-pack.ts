// `npm run client:pack`: compiles the client into `dist/client` as a package of its own, and packs it.
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const BUILT = resolve(ROOT, 'dist/client');
const { version, license, dependencies } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8'));

rmSync(BUILT, { recursive: true, force: true });
execFileSync(resolve(ROOT, 'node_modules/.bin/tsc'), ['-p', 'src/client'], { cwd: ROOT, stdio: 'inherit' });
// Whoever calls the service needs neither its queues nor its database: the package stands alone.
const manifest = {
  name: 'eversend-payments-client',
  version,
  description: 'A typed client of an eversend-payments service: keys, repetitions and pages taken care of.',
  license,
  type: 'module',
  sideEffects: false,
  // AbortSignal.any
  engines: { node: '>=20.3' },
  exports: {
    '.': { types: './client.d.ts', default: './client.js' },
    './webhooks': { types: './webhooks.d.ts', default: './webhooks.js' },
  },
  // For `./webhooks` alone.
  dependencies: { standardwebhooks: dependencies.standardwebhooks },
};
copyFileSync(resolve(ROOT, 'docs/client.md'), resolve(BUILT, 'README.md'));
writeFileSync(resolve(BUILT, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', resolve(ROOT, 'dist')], { cwd: BUILT });
console.log(`dist/${packed.toString().trim()}`);
