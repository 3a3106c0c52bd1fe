// Decides which fault a call, a transaction or a webhook gets: plans first, then queued steps, suffixes, and seeded rates.
import {
  CALL_FAULTS,
  type CallFault,
  type CallGroup,
  OUTCOMES,
  type Outcome,
  WEBHOOK_FAULTS,
  type WebhookFault,
} from './fault-list.ts';
import { applyOrders } from './fault-orders.ts';
import type { Seed } from './seed.ts';
import { SUFFIXES, type SuffixFault } from './suffixes.ts';
import { initialSettings, type Settings } from './switches.ts';

export interface Step {
  readonly fault: CallFault;
  /** What stood after the colon: a status, a time, a size. */
  readonly argument: string | null;
}

/** What was ordered for one reference or one account. Steps are used up, one per call; null is a call without a fault. */
export interface Plan {
  readonly calls: Map<CallGroup, (Step | null)[]>;
  readonly outcome?: Outcome | null;
  readonly webhook?: readonly WebhookFault[];
  readonly settleMs?: number | null;
}

export type RateGroup = CallGroup | 'outcome' | 'webhook';

/** How one recorded transaction goes on. */
export interface Course {
  readonly outcome: Outcome | null;
  /** From acceptance to the final status; null: only by a control call. */
  readonly settleMs: number | null;
}

export class Faults {
  readonly settings: Settings;
  readonly rates = new Map<RateGroup, Map<string, number>>();
  readonly latency = new Map<CallGroup, readonly [number, number]>();
  readonly next = new Map<CallGroup, (Step | null)[]>();
  readonly references = new Map<string, Plan>();
  readonly accounts = new Map<string, Plan>();
  readonly #seed: Seed;
  readonly #start: Partial<Settings>;
  readonly #orders: unknown;
  readonly #calls = new Map<CallGroup, Map<string, number>>();
  #resumedAt = 0;

  /** `orders`, as for POST /control/faults, stand from the start and after every reset. Raises OrderProblem. */
  constructor(seed: Seed, start: Partial<Settings>, orders: unknown) {
    this.#seed = seed;
    this.#start = start;
    this.#orders = orders;
    this.settings = initialSettings();
    this.reset();
  }

  /** Back to the switches, rates and plans it started with. The count of calls goes on. */
  reset(): void {
    Object.assign(this.settings, initialSettings(), this.#start);
    for (const orders of [this.rates, this.latency, this.next, this.references, this.accounts]) orders.clear();
    applyOrders(this, this.#orders);
  }

  /** Started again with a book of so many entries: calls are counted anew, and must not meet the luck of those before. */
  resume(entries: number): void {
    this.#resumedAt = entries;
  }

  forgetCalls(): void {
    this.#calls.clear();
  }

  /** How often each kind of call was made, and with how many different keys. */
  calls(): Record<string, { readonly calls: number; readonly keys: number; readonly most: number }> {
    return Object.fromEntries(
      [...this.#calls].map(([group, counts]) => {
        let calls = 0;
        let most = 0;
        for (const count of counts.values()) {
          calls += count;
          most = Math.max(most, count);
        }
        return [group, { calls, keys: counts.size, most }];
      }),
    );
  }

  callsOf(key: string): Record<string, number> {
    return Object.fromEntries([...this.#calls].map(([group, counts]) => [group, counts.get(key) ?? 0]));
  }

  /** How many calls of that kind and key there were, the present one included. */
  count(group: CallGroup, key: string): number {
    return this.#calls.get(group)?.get(key) ?? 0;
  }

  /** Counts this call and says how it breaks, if it does. */
  step(group: CallGroup, key: string, account: string | null): Step | null {
    const call = this.#countUp(group, key);
    const planned = this.#plan(key, account)?.calls.get(group);
    if (planned !== undefined && planned.length > 0) return planned.shift() ?? null;
    const queued = this.next.get(group);
    if (queued !== undefined && queued.length > 0) return queued.shift() ?? null;
    if (group === 'submit') {
      const suffix = this.#suffix(account);
      if (suffix?.submit !== undefined && (suffix.once !== true || call === 1)) {
        return { fault: suffix.submit, argument: suffix.argument ?? null };
      }
    }
    const fault = this.#draw(group, CALL_FAULTS, group, key, call);
    return fault === null ? null : { fault, argument: null };
  }

  /** Milliseconds this call takes before anything happens. */
  latencyMs(group: CallGroup, key: string): number {
    const range = this.latency.get(group);
    if (range === undefined) return 0;
    const call = this.count(group, key);
    return Math.round(range[0] + (range[1] - range[0]) * this.#seed.unit('latency', group, key, call));
  }

  course(key: string, account: string): Course {
    const plan = this.#plan(key, account);
    const outcome =
      plan?.outcome !== undefined
        ? plan.outcome
        : (this.#suffix(account)?.outcome ?? this.#draw('outcome', OUTCOMES, 'outcome', key));
    return { outcome, settleMs: plan?.settleMs === undefined ? this.settings['settle.ms'] : plan.settleMs };
  }

  /** What goes wrong with one webhook; `event` numbers the webhooks of one transaction. Each rate is drawn by itself. */
  webhook(key: string, account: string, event: number): ReadonlySet<WebhookFault> {
    const planned = this.#plan(key, account)?.webhook ?? this.#suffix(account)?.webhook;
    if (planned !== undefined) return new Set(planned);
    const rates = this.rates.get('webhook');
    if (rates === undefined) return NO_FAULTS;
    const names = Object.keys(WEBHOOK_FAULTS) as WebhookFault[];
    return new Set(names.filter((name) => this.#seed.unit('webhook', name, key, event) < (rates.get(name) ?? 0)));
  }

  #plan(key: string, account: string | null): Plan | undefined {
    return this.references.get(key) ?? (account === null ? undefined : this.accounts.get(account));
  }

  #suffix(account: string | null): SuffixFault | undefined {
    return account === null || !this.settings.suffix_faults ? undefined : SUFFIXES.get(account.slice(-4));
  }

  #countUp(group: CallGroup, key: string): number {
    let counts = this.#calls.get(group);
    if (counts === undefined) {
      counts = new Map();
      this.#calls.set(group, counts);
    }
    const call = (counts.get(key) ?? 0) + 1;
    counts.set(key, call);
    return call;
  }

  /** At most one of the group's faults; the table's order, not the orders' own, decides which part of [0, 1) is whose. */
  #draw<Name extends string>(
    group: RateGroup,
    table: Readonly<Record<Name, unknown>>,
    ...parts: readonly (string | number)[]
  ): Name | null {
    const rates = this.rates.get(group);
    if (rates === undefined) return null;
    let left = this.#seed.unit(...parts, ...(this.#resumedAt === 0 ? [] : ['resumed', this.#resumedAt]));
    for (const name of Object.keys(table) as Name[]) {
      left -= rates.get(name) ?? 0;
      if (left < 0) return name;
    }
    return null;
  }
}

const NO_FAULTS: ReadonlySet<WebhookFault> = new Set();
