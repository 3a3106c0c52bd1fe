// Posts bytes to the receiver's address over kept-alive connections, one try at a time.
import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** Enough to keep a receiver busy, few enough not to be a flood of connections. */
const CONNECTIONS = 32;

export class Postman {
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: CONNECTIONS });
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: CONNECTIONS });
  #target: { readonly url: string; readonly options: RequestOptions; readonly secure: boolean } | null = null;

  get url(): string | null {
    return this.#target?.url ?? null;
  }

  /** Raises TypeError when `url` is no http(s) address. */
  aim(url: string | null): void {
    if (url === null) {
      this.#target = null;
      return;
    }
    const parsed = URL.canParse(url) ? new URL(url) : null;
    if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
      throw new TypeError(`the webhook address must be http(s), not ${url}`);
    }
    const secure = parsed.protocol === 'https:';
    const agent = secure ? this.#https : this.#http;
    const hostname = parsed.hostname.replace(/^\[|\]$/g, '');
    const options = { agent, hostname, port: parsed.port, path: parsed.pathname + parsed.search, method: 'POST' };
    this.#target = { url, options, secure };
  }

  /** The receiver's HTTP status; null when there was no answer in time. Never rejects. */
  post(body: Buffer, headers: Readonly<Record<string, string>>, timeoutMs: number): Promise<number | null> {
    const target = this.#target;
    if (target === null) return Promise.resolve(null);
    return new Promise((resolve) => {
      const send = target.secure ? httpsRequest : httpRequest;
      const request = send(
        { ...target.options, headers: { ...headers, 'content-length': body.length }, timeout: timeoutMs },
        (response) => {
          response.on('end', () => resolve(response.statusCode ?? null));
          response.on('error', () => resolve(null));
          response.resume();
        },
      );
      request.on('timeout', () => request.destroy());
      request.on('error', () => resolve(null));
      request.end(body);
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}
