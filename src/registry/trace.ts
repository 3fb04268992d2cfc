import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { isObject } from '../schema/reader.ts';
import type { Headers, HttpRequest, HttpResponse, Transport } from './http.ts';

const MAX_BODY_BYTES = 16 * 1024;
const SECRET_NAME = /auth|cookie|token|secret|signature|password|credential|session/i;
/** Headers that are no secret although their names sound so. */
const PLAIN_HEADERS: readonly string[] = ['www-authenticate', 'docker-distribution-api-version'];
/** Parameters of the distribution and token specifications that say nothing secret. */
const PLAIN_PARAMETERS: readonly string[] = [
  ...['n', 'last', 'next', 'digest', 'mount', 'from', 'artifactType', 'service', 'scope', 'account', 'client_id', 'ns'],
];

/**
 * A transport whose requests and answers are written down: method, URL, headers, status, time and bytes, and the body of an error that
 * is JSON. Credentials, cookies and unknown parameters of URLs are hidden.
 */
export function traced(inner: Transport, write: (text: string) => void, clock: Clock): Transport {
  let count = 0;
  return {
    send: async (request, signal) => {
      count += 1;
      const line = (text: string): string => `#${String(number)} ${text}\n`;
      const number = count;
      const start = clock.monotonicMs();
      const elapsed = (): string => `${String(Math.round(clock.monotonicMs() - start))} ms`;
      write(
        [
          line(`${clock.now().toISOString()} ${request.method} ${tracedUrl(request.url)}${sizeOf(request)}`),
          ...headerLines(request.headers).map((header) => line(`> ${header}`)),
        ].join(''),
      );
      try {
        const response = await inner.send(request, signal);
        const headers = headerLines(response.headers).map((header) => line(`< ${header}`));
        write([line(`< ${String(response.status)} after ${elapsed()}`), ...headers].join(''));
        return { ...response, body: watched(response, (text) => write(line(`= ${text} after ${elapsed()}`))) };
      } catch (error) {
        write(line(`! ${messageOf(error)} after ${elapsed()}`));
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}

/** An URL with the parameters that are known to be harmless; of the others the names. */
export function tracedUrl(url: URL): string {
  const query = [...url.searchParams].map(([name, value]) =>
    PLAIN_PARAMETERS.includes(name) ? `${name}=${value}` : `${name}=***`,
  );
  return clean(`${url.origin}${url.pathname}${query.length === 0 ? '' : `?${query.join('&')}`}`);
}

function headerLines(headers: Headers): readonly string[] {
  return Object.entries(headers).map(([name, value]) => `${name}: ${headerValue(name, value)}`);
}

function headerValue(name: string, value: string): string {
  if (name === 'location' || name === 'link') return clean(value.replace(/(?<=[?&][^=&#>]*=)[^&#>]*/g, '***'));
  if (PLAIN_HEADERS.includes(name) || !SECRET_NAME.test(name)) return clean(value);
  const scheme = /^(basic|bearer) /i.exec(value)?.[1];
  return scheme === undefined ? '***' : `${scheme} ***`;
}

function sizeOf({ body }: HttpRequest): string {
  if (body === undefined) return '';
  return ` (${String(body.kind === 'bytes' ? body.bytes.byteLength : body.size)} bytes)`;
}

/** The body as it is, counted; of an error that is JSON its text is told too. */
async function* watched(response: HttpResponse, tell: (text: string) => void): AsyncIterable<Uint8Array> {
  const isShown = response.status >= 400 && (response.headers['content-type'] ?? '').includes('json');
  const shown: Uint8Array[] = [];
  let bytes = 0;
  let end = 'bytes, not read to the end,';
  try {
    for await (const chunk of response.body) {
      bytes += chunk.byteLength;
      if (isShown && bytes <= MAX_BODY_BYTES) shown.push(chunk);
      yield chunk;
    }
    end = 'bytes';
  } finally {
    const text = isShown && bytes <= MAX_BODY_BYTES ? ` ${errorText(Buffer.concat(shown))}` : '';
    tell(`${String(bytes)} ${end}${text}`);
  }
}

function errorText(bytes: Uint8Array): string {
  try {
    return clean(JSON.stringify(withoutSecrets(JSON.parse(Buffer.from(bytes).toString('utf8')))));
  } catch (error) {
    if (error instanceof SyntaxError) return '(no JSON)';
    throw error;
  }
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      SECRET_NAME.test(key) && typeof member === 'string' ? '***' : withoutSecrets(member),
    ]),
  );
}

/** What a stranger sent must not move the terminal. */
function clean(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
