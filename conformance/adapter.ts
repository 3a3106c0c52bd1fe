// The contract between the kit and an adapter: a module that opens a Provider and, where it has webhooks, reads them.
import { pathToFileURL } from 'node:url';
import type { Provider } from '../src/provider/provider.ts';

/** Where the provider is, who we are to it, and the limits an adapter must keep. */
export interface Opening {
  /** Ends in `/v1`; the simulator stands there, or what stands before it. */
  readonly baseUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly connectTimeoutMs: number;
  /** Of one whole call, whatever the other side does. */
  readonly timeoutMs: number;
  /** Money calls at once. */
  readonly maxConcurrency: number;
  /** How close to its end a quotation may still be sent. */
  readonly quotationMarginMs: number;
}

/** What a callback claims to be about. */
export interface Claim {
  readonly reference: string | null;
  readonly providerTransactionId: string | null;
  readonly status: string | null;
}

export interface Adapter {
  /** A fresh client that shares nothing with one opened before. The kit closes it. */
  openProvider(opening: Opening): Provider | Promise<Provider>;
  /** Judges the signature header of one callback. Left out together with `readClaim` by a provider without webhooks. */
  readonly verifySignature?: (of: {
    readonly rawBody: Buffer;
    readonly header: string | undefined;
    readonly secrets: readonly string[];
    readonly algorithm: 'sha512' | 'sha256';
  }) => 'valid' | 'invalid' | 'unkeyed';
  /** Null when nothing can follow from the body. */
  readonly readClaim?: (rawBody: Buffer) => Claim | null;
}

/** Imports the module at `path`. Raises one sentence when it is no adapter. */
export async function loadAdapter(path: string): Promise<Adapter> {
  const module = (await import(pathToFileURL(path).href).catch((error: unknown) => {
    throw new Error(`${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  })) as Partial<Adapter>;
  if (typeof module.openProvider !== 'function') {
    throw new Error(`${path} is no adapter: it must export a function openProvider(opening) that gives a Provider.`);
  }
  if ((module.verifySignature === undefined) !== (module.readClaim === undefined)) {
    throw new Error(`${path} exports only one of verifySignature and readClaim: webhooks need both.`);
  }
  return module as Adapter;
}
