// One-time pins for collections: sent, counted, checked and used up.
import { checkFields, optional, phone, required, text } from './fields.ts';
import { Refusal, type Reply, success } from './reply.ts';
import type { Seed } from './seed.ts';
import type { Settings } from './switches.ts';

export interface Otp {
  readonly pinId: string;
  readonly phone: string;
  readonly pin: string;
  readonly sentMs: number;
  attempts: number;
  used: boolean;
}

const SHAPE = { phone: required(phone), code_type: optional(text) };

export class Otps {
  readonly #seed: Seed;
  readonly #now: () => number;
  readonly #byId = new Map<string, Otp>();
  readonly #sent = new Map<string, Otp[]>();

  constructor(seed: Seed, now: () => number) {
    this.#seed = seed;
    this.#now = now;
  }

  /** Every pin that was sent to a phone, newest last. */
  sentTo(phoneNumber: string): readonly Otp[] {
    return this.#sent.get(phoneNumber) ?? [];
  }

  clear(): void {
    this.#byId.clear();
    this.#sent.clear();
  }

  /** `POST /collections/otp`. An unexpected field is a 500, as the live service was seen to answer. */
  send(settings: Settings, body: unknown): Reply {
    if (settings.strict_fields && typeof body === 'object' && body !== null) {
      const unexpected = Object.keys(body).some((name) => !Object.hasOwn(SHAPE, name));
      if (unexpected) throw new Refusal(500, 'An error has occurred');
    }
    const to = String(checkFields(settings, body, SHAPE)['phone']);
    const sent = this.#sent.get(to) ?? [];
    const now = this.#now();
    const live = sent.filter((otp) => now < otp.sentMs + settings['otp.ttlMs']).length;
    const most = settings['otp.maxSends'];
    if (most !== null && live >= most) throw new Refusal(400, 'too many otp requests for this phone');
    const made = sent.length + 1;
    const otp: Otp = {
      pinId: `VE${this.#seed.hex(32, 'otp', to, made)}`,
      phone: to,
      pin: settings['otp.randomPins']
        ? String(this.#seed.below(1_000_000, 'pin', to, made)).padStart(6, '0')
        : '123456',
      sentMs: now,
      attempts: 0,
      used: false,
    };
    this.#byId.set(otp.pinId, otp);
    this.#sent.set(to, [...sent, otp]);
    return success({ pinId: otp.pinId });
  }

  /** Uses up the pin of a collection. Raises Refusal 400 when it is missing, wrong, expired, used or for another phone. */
  use(settings: Settings, given: unknown, phoneNumber: string): void {
    if (given === undefined || given === null) {
      if (settings['otp.exempt']) return;
      throw new Refusal(400, 'otp is required: send otp.pinId and otp.pin');
    }
    const { pinId, pin } = checkFields(settings, given, { pinId: required(text), pin: required(text) });
    const otp = this.#byId.get(String(pinId));
    if (otp === undefined || otp.phone !== phoneNumber) throw new Refusal(400, 'invalid otp pinId');
    if (otp.used) throw new Refusal(400, 'otp already verified');
    if (this.sentTo(phoneNumber).at(-1) !== otp || this.#now() >= otp.sentMs + settings['otp.ttlMs']) {
      throw new Refusal(400, 'otp expired');
    }
    if (otp.attempts >= settings['otp.maxAttempts']) throw new Refusal(400, 'invalid otp: too many attempts');
    if (otp.pin !== pin) {
      otp.attempts += 1;
      throw new Refusal(400, 'invalid otp pin');
    }
    otp.used = true;
  }
}
