// The access token in the shared cache: sealed, found by all processes, and fetched by one of them at a time.
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { Cache } from '../../cache/cache.ts';
import type { Config } from '../../config.ts';
import { createVault } from '../../vault.ts';
import { readJson } from './messages.ts';

/** A token with `performance.now()` readings: when to fetch the next one, and until when this one may be used meanwhile. */
export interface HeldToken {
  readonly value: string;
  readonly expiresAt: Date | null;
  readonly renewAt: number;
  readonly endAt: number;
}

export interface SharedToken {
  /** The token that is shared now, or else the one that `fetch` gets and shares, while every other process waits for it. */
  find(refused: string | null, fetch: () => Promise<HeldToken>): Promise<HeldToken>;
}

const LOCK = 'provider-token';
const entry = z.object({ value: z.string(), expiresAt: z.string().nullable(), renewAt: z.string(), endAt: z.string() });

type SharedTokenConfig = Pick<
  Config,
  'EVERSEND_BASE_URL' | 'EVERSEND_CLIENT_ID' | 'EVERSEND_CLIENT_SECRET' | 'PROVIDER_TIMEOUT_MS' | 'DATA_ENCRYPTION_KEYS'
>;

export function createSharedToken(of: { config: SharedTokenConfig; cache: Cache }): SharedToken {
  const { config, cache } = of;
  const vault = createVault(config.DATA_ENCRYPTION_KEYS);
  // Other credentials or another host must not find this token.
  const owner = `${config.EVERSEND_BASE_URL}\n${config.EVERSEND_CLIENT_ID}\n${config.EVERSEND_CLIENT_SECRET}`;
  const key = `provider-token:${createHash('sha256').update(owner).digest('hex').slice(0, 24)}`;

  async function read(refused: string | null): Promise<HeldToken | null> {
    const sealed = await cache.get(key);
    if (sealed === null) return null;
    try {
      const { value, expiresAt, renewAt, endAt } = entry.parse(readJson(vault.open(Buffer.from(sealed, 'base64'))));
      if (value === refused) {
        await cache.delete(key);
        return null;
      }
      const reading = (at: string) => performance.now() + Math.max(0, Date.parse(at) - Date.now());
      return {
        value,
        expiresAt: expiresAt === null ? null : new Date(expiresAt),
        renewAt: reading(renewAt),
        endAt: reading(endAt),
      };
    } catch {
      // Written under a key we no longer have, or by another version: as good as absent.
      return null;
    }
  }

  async function write({ value, expiresAt, renewAt, endAt }: HeldToken) {
    const at = (reading: number) => new Date(Date.now() + reading - performance.now()).toISOString();
    const json = JSON.stringify({ value, expiresAt, renewAt: at(renewAt), endAt: at(endAt) });
    // Gone from the cache when it is time for the next one, so that whoever finds it need not renew it.
    const ttlMs = renewAt - performance.now();
    if (ttlMs > 0) await cache.set(key, vault.seal(json).toString('base64'), ttlMs);
  }

  return {
    async find(refused, fetch) {
      const giveUpAt = performance.now() + config.PROVIDER_TIMEOUT_MS;
      for (;;) {
        const theirs = await read(refused);
        if (theirs !== null) return theirs;
        const lock = await cache.lock(LOCK, config.PROVIDER_TIMEOUT_MS);
        if (lock === null && performance.now() < giveUpAt) {
          await wait(20 + Math.random() * 30);
          continue;
        }
        try {
          const shared = await read(refused);
          if (shared !== null) return shared;
          const fetched = await fetch();
          await write(fetched);
          return fetched;
        } finally {
          await lock?.release();
        }
      }
    },
  };
}
