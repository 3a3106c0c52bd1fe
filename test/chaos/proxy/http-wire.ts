// HTTP/1.1 as calls: a request is whole when its body is; it counts as answered with the first byte of its answer.
import type { Asked, Reader } from './wire.ts';

export interface HttpCall {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

const END_OF_HEAD = '\r\n\r\n';

export function readHttp(): Reader<HttpCall> {
  let fromClient = Buffer.alloc(0);
  let unanswered = 0;

  return {
    asked(chunk) {
      fromClient = Buffer.concat([fromClient, chunk]);
      const found: Asked<HttpCall>[] = [];
      for (;;) {
        const headEnd = fromClient.indexOf(END_OF_HEAD);
        if (headEnd === -1) return found;
        const head = fromClient.toString('latin1', 0, headEnd);
        const length = Number(/^content-length: *([0-9]+)/im.exec(head)?.[1] ?? 0);
        const end = headEnd + END_OF_HEAD.length + length;
        if (fromClient.length < end) return found;
        const [method = '', path = ''] = head.split(' ', 2);
        const body = fromClient.toString('utf8', headEnd + END_OF_HEAD.length, end);
        found.push({ bytes: fromClient.subarray(0, end), exchange: { method, path, body } });
        fromClient = fromClient.subarray(end);
        unanswered += 1;
      }
    },
    answered(bytes) {
      const completes = unanswered > 0;
      unanswered = 0;
      return [{ bytes, completes }];
    },
  };
}
