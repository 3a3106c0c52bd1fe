// Everything that one running simulator holds; made by the server, handed to every endpoint.
import type { KeyObject } from 'node:crypto';
import type { Book } from './book.ts';
import type { EventLog } from './event-log.ts';
import type { Faults } from './faults.ts';
import type { Otps } from './otp.ts';
import type { RateWindow } from './rate-window.ts';
import type { Seed } from './seed.ts';
import type { Timers } from './timers.ts';
import type { Tokens } from './tokens.ts';
import type { Webhooks } from './webhooks.ts';

export interface World {
  readonly seed: Seed;
  readonly faults: Faults;
  readonly book: Book;
  readonly log: EventLog;
  readonly timers: Timers;
  readonly tokens: Tokens;
  readonly otps: Otps;
  readonly rate: RateWindow;
  readonly webhooks: Webhooks;
  /** Signs quotation tokens. A key object, because a bare buffer costs six times as much on every signature. */
  readonly quotationKey: KeyObject;
  readonly accountId: number;
  /** Wall clock in milliseconds, as far as control calls have turned it. */
  readonly now: () => number;
  /** Turns the clock on by so many milliseconds; returns the new time. */
  readonly turnClock: (ms: number) => number;
  /** Opening balances in major units. */
  readonly opening: Readonly<Record<string, string>>;
  /** The simulator's own origin, for links it hands out. */
  readonly origin: string;
}
