// The checker's eyes: I1–I3 in one snapshot again and again while the system runs, and everything at the end.
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { compareWithCallers, readCallersList } from './callers-list.ts';
import { lookForCanaries } from './canaries.ts';
import { finalQuestions } from './final-questions.ts';
import { checkSeal, type JournalSeal, sealJournal } from './journal-seal.ts';
import { type BookSummary, compareWithProvider } from './provider-book.ts';
import { type Question, RUNNING_QUESTIONS } from './running-questions.ts';
import type { Violation } from './violation.ts';

/** Of one question; more rows of the same kind say nothing new. */
const MOST_ROWS = 20;
/** The journal is sealed, and the seal checked, once in so many snapshots: it costs more than the rest. */
const SEAL_EVERY = 10;

export interface FinalOrder {
  /** The callers' own list, a JSON line a request; null where there is none. */
  readonly callersList: string | null;
  readonly canaries: readonly string[];
  /** Where no canary may stand: logs, a dump of the queues. */
  readonly files: readonly string[];
  readonly overdueMs: number;
  readonly reviewShare: number;
}

/** Every invariant, in the client's own snapshot. Without a book what concerns the provider is left out. */
export async function checkEverything(
  client: pg.ClientBase,
  order: FinalOrder,
  book: BookSummary | null,
): Promise<Violation[]> {
  return [
    ...(await ask(client, [...RUNNING_QUESTIONS, ...finalQuestions(order)])),
    ...(book === null ? [] : await compareWithProvider(client, book)),
    ...(order.callersList === null ? [] : await compareWithCallers(client, readCallersList(order.callersList))),
    ...(await lookForCanaries(client, order)),
  ];
}

async function ask(client: pg.ClientBase, questions: readonly Question[]): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const { invariant, sql } of questions) {
    const { rows } = await client.query<{ sentence: string }>(`${sql} LIMIT ${MOST_ROWS}`);
    found.push(...rows.map(({ sentence }) => ({ invariant, sentence })));
  }
  return found;
}

export class Watch {
  readonly #databaseUrl: string;
  readonly #simulatorUrl: string | null;
  readonly #onViolation: (violation: Violation) => void;
  readonly #known = new Set<string>();
  #client: pg.Client | null = null;
  #seal: JournalSeal | null = null;
  snapshots = 0;

  constructor(of: { databaseUrl: string; simulatorUrl: string | null; onViolation: (violation: Violation) => void }) {
    this.#databaseUrl = of.databaseUrl;
    this.#simulatorUrl = of.simulatorUrl;
    this.#onViolation = of.onViolation;
  }

  /** One snapshot. False when the database was not there to be asked. */
  async look(): Promise<boolean> {
    try {
      await this.#inSnapshot(async (client) => {
        this.#report(await ask(client, RUNNING_QUESTIONS));
        if (this.snapshots % SEAL_EVERY === 0) await this.#reseal(client);
      });
      this.snapshots += 1;
      return true;
    } catch (error) {
      if (isOurs(error)) throw error;
      const lost = this.#client;
      this.#client = null;
      await lost?.end().catch(() => undefined);
      return false;
    }
  }

  /** Looks every `intervalMs` until the signal. */
  async run(intervalMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedAt = performance.now();
      await this.look();
      const restMs = Math.max(0, intervalMs - (performance.now() - startedAt));
      await wait(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Everything, when all is quiet. Raises when the database or the provider's book cannot be read. */
  async finish(order: FinalOrder): Promise<void> {
    const book = this.#simulatorUrl === null ? null : await readBook(this.#simulatorUrl);
    await this.#inSnapshot(async (client) => {
      this.#report(await checkEverything(client, order, book));
      await this.#reseal(client);
    });
    this.snapshots += 1;
  }

  async close(): Promise<void> {
    await this.#client?.end().catch(() => undefined);
  }

  async #reseal(client: pg.Client): Promise<void> {
    if (this.#seal !== null) this.#report(await checkSeal(client, this.#seal));
    this.#seal = await sealJournal(client);
  }

  #report(violations: readonly Violation[]): void {
    for (const violation of violations) {
      const text = `${violation.invariant} ${violation.sentence}`;
      if (this.#known.has(text)) continue;
      this.#known.add(text);
      this.#onViolation(violation);
    }
  }

  async #inSnapshot(work: (client: pg.Client) => Promise<void>): Promise<void> {
    const client = this.#client ?? (await this.#connect());
    this.#client = client;
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    try {
      await work(client);
    } finally {
      await client.query('ROLLBACK').catch(() => undefined);
    }
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#databaseUrl,
      connectionTimeoutMillis: 2000,
      // The last questions read everything, on a machine that is still busy.
      query_timeout: 300_000,
      application_name: 'chaos-checker',
    });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }
}

/** A question that Postgres cannot understand is our own fault, not the weather's. */
function isOurs(error: unknown): boolean {
  return /^(42|22)/.test((error as { code?: string }).code ?? '');
}

async function readBook(simulatorUrl: string): Promise<BookSummary> {
  const answer = await fetch(`${simulatorUrl}/book/summary`);
  if (!answer.ok) throw new Error(`the simulator does not show its book: ${answer.status}`);
  return (await answer.json()) as BookSummary;
}
