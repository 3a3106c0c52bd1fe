// Sends webhooks: signed, over kept-alive connections, five tries with growing waits, and every way of getting it wrong.
import { createHash } from 'node:crypto';
import { SIGNATURE_HEADER, signWebhook, type WebhookAlgorithm } from '../provider/eversend/signature.ts';
import type { EventLog } from './event-log.ts';
import type { WebhookFault } from './fault-list.ts';
import type { Faults } from './faults.ts';
import type { Operation, Status } from './operation.ts';
import type { Seed } from './seed.ts';
import type { Timers } from './timers.ts';
import { eventBody, nest, opposite, otherAmount, respell } from './webhook-bodies.ts';
import { Postman } from './webhook-post.ts';

export type Signing = 'keyed' | 'unkeyed' | 'bad' | 'missing';

interface Parts {
  readonly seed: Seed;
  readonly faults: Faults;
  readonly log: EventLog;
  readonly timers: Timers;
  readonly secret: string;
  readonly url: string | null;
}

export class Webhooks {
  readonly #parts: Parts;
  readonly #postman = new Postman();
  readonly #sent = new Map<string, number>();
  #busy = { count: 0 };

  constructor(parts: Parts) {
    this.#parts = parts;
    this.aim(parts.url);
  }

  /** Where webhooks go from now on; null sends none. Raises TypeError when it is no http(s) address. */
  aim(url: string | null): void {
    this.#postman.aim(url);
  }

  get url(): string | null {
    return this.#postman.url;
  }

  /** How many webhooks are on their way or waiting for another try. */
  get busy(): number {
    return this.#busy.count;
  }

  /** Tells the receiver about an operation's status; never rejects. Resolves when the last copy was answered or given up. */
  async announce(operation: Operation, status: Status): Promise<void> {
    const busy = this.#busy;
    busy.count += 1;
    await this.#announce(operation, status);
    busy.count -= 1;
  }

  /** Everything is composed at once and from the present state: a late webhook tells what was true when it was due. */
  async #announce(operation: Operation, status: Status): Promise<void> {
    const { key } = operation;
    const event = (this.#sent.get(key) ?? 0) + 1;
    this.#sent.set(key, event);
    const faults = this.#parts.faults.webhook(key, operation.account, event);
    const names = [...faults];
    if (faults.has('drop')) return this.#parts.log.add('webhook', key, 'dropped', { status, faults: names }, event);
    if (this.#postman.url === null) return;
    const { settings } = this.#parts.faults;
    const told = faults.has('lie') && status !== 'pending' ? opposite(status) : status;
    const honest = eventBody(operation, told);
    const shown = faults.has('lie_amount') ? otherAmount(honest) : honest;
    const body = settings['webhook.nested'] || faults.has('nested') ? nest(shown) : shown;
    const signing = signingOf(faults, settings['webhook.signature']);
    const text = JSON.stringify(body);
    const copies = [text];
    if (faults.has('duplicate')) copies.push(text);
    if (faults.has('respelled')) copies.push(respell(body));
    if (faults.has('reorder')) copies.push(JSON.stringify(eventBody(operation, 'pending')));
    if (faults.has('delay')) {
      await this.#wait(Math.round(settings['webhook.delayMs'] * this.#parts.seed.unit('webhook-wait', key, event)));
    }
    for (const copy of copies) {
      await this.deliver(key, Buffer.from(copy), signing, { status: told, faults: names }, event);
    }
  }

  /** Sends any bytes, with tries; returns the status of every try (null: no answer). `note` goes into the log. */
  async deliver(
    key: string,
    body: Buffer,
    signing: Signing,
    note: Readonly<Record<string, unknown>>,
    event = 0,
  ): Promise<readonly (number | null)[]> {
    const { settings } = this.#parts.faults;
    const headers = { 'content-type': 'application/json', ...this.#signatureHeader(body, signing) };
    const answers: (number | null)[] = [];
    for (const waitMs of [0, ...settings['webhook.retryDelaysMs']]) {
      if (waitMs > 0) await this.#wait(waitMs);
      const answer = await this.#postman.post(body, headers, settings['webhook.timeoutMs']);
      answers.push(answer);
      this.#parts.log.add('webhook', key, 'sent', { ...note, signing, try: answers.length, answer }, event);
      if (answer === 200) break;
    }
    return answers;
  }

  /** Starts counting anew; what was still waiting will never be sent. */
  clear(): void {
    this.#sent.clear();
    this.#busy = { count: 0 };
  }

  close(): void {
    this.#postman.close();
  }

  #signatureHeader(body: Buffer, signing: Signing): Record<string, string> {
    if (signing === 'missing') return {};
    const { settings } = this.#parts.faults;
    const algorithm: WebhookAlgorithm = settings['webhook.algorithm'];
    const secret = signing === 'bad' ? `not-${this.#parts.secret}` : this.#parts.secret;
    const digest =
      signing === 'unkeyed' ? createHash(algorithm).update(body).digest('hex') : signWebhook(body, secret, algorithm);
    return { [SIGNATURE_HEADER]: settings['webhook.prefixed'] ? `${algorithm}=${digest}` : digest };
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#parts.timers.after(ms, resolve));
  }
}

function signingOf(faults: ReadonlySet<WebhookFault>, standing: Signing): Signing {
  if (faults.has('unkeyed')) return 'unkeyed';
  if (faults.has('bad_signature')) return 'bad';
  if (faults.has('no_signature')) return 'missing';
  return standing;
}
