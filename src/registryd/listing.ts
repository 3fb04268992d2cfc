import { errorAnswer, jsonAnswer, type Answer } from './answer.ts';
import type { Call } from './call.ts';

const MAX_PAGE = 1000;

/** GET `/v2/NAME/tags/list?n=&last=` (distribution-spec, "content discovery"). */
export async function answerTags(call: Call, repository: string): Promise<Answer> {
  const tags = await call.backend.tags(repository, call.ctx);
  if (tags === undefined) return errorAnswer(404, 'NAME_UNKNOWN', `repository ${repository} unknown to registry`);
  return page(call, tags, `/v2/${repository}/tags/list`, (shown) => ({ name: repository, tags: shown }));
}

/** GET `/v2/_catalog?n=&last=`. */
export async function answerCatalog(call: Call): Promise<Answer> {
  const names = await call.backend.repositories(call.ctx);
  return page(call, names, '/v2/_catalog', (repositories) => ({ repositories }));
}

function page(
  call: Call,
  sorted: readonly string[],
  path: string,
  render: (shown: readonly string[]) => unknown,
): Answer {
  const asked = call.query.get('n');
  if (asked !== null && !/^\d+$/.test(asked)) return errorAnswer(400, 'UNSUPPORTED', 'n is not a number');
  const last = call.query.get('last');
  const count = asked === null ? sorted.length : Math.min(Number(asked), MAX_PAGE);
  const rest = last === null ? sorted : sorted.filter((name) => name > last);
  const shown = rest.slice(0, count);
  const final = shown.at(-1);
  const hasMore = shown.length < rest.length && final !== undefined;
  const next = hasMore ? new URLSearchParams({ n: String(count), last: final }).toString() : undefined;
  return jsonAnswer(200, render(shown), next === undefined ? {} : { link: `<${path}?${next}>; rel="next"` });
}
