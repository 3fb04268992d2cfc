import { collect } from '../core/bytes.ts';
import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Access } from './auth.ts';
import { refusal, type Subject } from './errors.ts';
import { handedUrl } from './follow.ts';
import type { RegistryAnswer, RegistryRequest, RegistrySession } from './session.ts';

const MAX_PAGE_BYTES = 16 * 1024 * 1024;
const MAX_PAGES = 10_000;

export interface PagedList {
  readonly session: RegistrySession;
  /** Of the first page. */
  readonly path: string;
  readonly access: Access;
  /** For messages: `the tag list of 127.0.0.1:5000/app`. */
  readonly name: string;
  readonly subject: Subject;
  /** Statuses that the caller judges: such an answer comes without `bytes`, and is the last. */
  readonly passed?: readonly number[];
}

export interface Page {
  readonly answer: RegistryAnswer;
  /** Undefined for a status in `passed`; the answer's body is still to be read or discarded then. */
  readonly bytes: Uint8Array | undefined;
}

/**
 * The answers of a list, following `Link: <…>; rel="next"` (distribution-spec, content discovery). Throws the refusal of any status but
 * 200, and `REGISTRY_ERROR` for a list that leads back to itself.
 */
export async function* pagesOf(list: PagedList, ctx: Context): AsyncGenerator<Page, void, undefined> {
  const { session, name } = list;
  const seen = new Set<string>();
  let to: string | URL | undefined = list.path;
  while (to !== undefined) {
    const request: RegistryRequest = { method: 'GET', to, access: list.access, wholeBytes: MAX_PAGE_BYTES };
    const answer: RegistryAnswer = await session.send(request, ctx);
    if (list.passed?.includes(answer.status) === true) {
      yield { answer, bytes: undefined };
      return;
    }
    if (answer.status !== 200) throw await refusal(session, { request, answer }, list.subject, ctx);
    yield { answer, bytes: await collect(answer.body, MAX_PAGE_BYTES, name) };
    seen.add(answer.url.href);
    const next = nextPage(session, answer);
    if (next !== undefined && (seen.has(next.href) || seen.size > MAX_PAGES))
      throw new SlipwayError('REGISTRY_ERROR', `${name} does not end`);
    to = next;
  }
}

function nextPage(session: RegistrySession, answer: RegistryAnswer): URL | undefined {
  const link = /<([^>]*)>\s*;[^,]*rel="?next"?/i.exec(answer.headers['link'] ?? '')?.[1];
  return link === undefined ? undefined : handedUrl(link, answer.url, session.options);
}
