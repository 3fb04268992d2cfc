import { collect } from '../core/bytes.ts';
import { emptyAnswer, errorAnswer, type Answer } from './answer.ts';
import type { Gate, Need } from './auth.ts';
import { answerBlob } from './blobs.ts';
import type { Call } from './call.ts';
import { answerCatalog, answerTags } from './listing.ts';
import { answerManifest } from './manifests.ts';
import { answerReferrers } from './referrers.ts';
import { parseRoute, type Route } from './route.ts';
import { continueUpload, startUpload } from './uploads.ts';

/** The answer to a request; errors of the backend are the caller's to catch. */
export async function handle(
  request: Omit<Call, 'mayPull'>,
  path: string,
  gate: Gate,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): Promise<Answer> {
  const route = parseRoute(path);
  const authorization = request.headers['authorization'];
  const check = (need: Need): Promise<Answer | undefined> => gate.check(authorization, need, request.ctx);
  const call: Call = {
    ...request,
    mayPull: async (repository) => (await check({ repository, action: 'pull' })) === undefined,
  };
  if (route.kind === 'token')
    return gate.token({ method: call.method, authorization, parameters: await parametersOf(call) }, call.ctx);
  const refused = await check(needOf(route, call.method));
  if (refused !== undefined) return refused;
  if (readOnly && !['GET', 'HEAD'].includes(call.method))
    return errorAnswer(405, 'UNSUPPORTED', 'this registry is read-only', { allow: 'GET, HEAD' });
  return dispatch(call, route);
}

const MAX_FORM_BYTES = 64 * 1024;

async function parametersOf(call: Call): Promise<URLSearchParams> {
  if (call.method !== 'POST') return call.query;
  return new URLSearchParams((await collect(call.body, MAX_FORM_BYTES, 'the form')).toString());
}

function dispatch(call: Call, route: Exclude<Route, { kind: 'token' }>): Promise<Answer> | Answer {
  switch (route.kind) {
    case 'ping':
      return {
        ...emptyAnswer(200),
        headers: { 'content-type': 'application/json', 'content-length': '2' },
        body: Buffer.from('{}'),
      };
    case 'catalog':
      return answerCatalog(call);
    case 'tags':
      return answerTags(call, route.repository);
    case 'manifest':
      return answerManifest(call, route.repository, route.target);
    case 'blob':
      return answerBlob(call, route.repository, route.digest);
    case 'referrers':
      return answerReferrers(call, route.repository, route.digest);
    case 'upload-start':
      return startUpload(call, route.repository);
    case 'upload':
      return continueUpload(call, route.repository, route.session);
    case 'bad-name':
      return errorAnswer(400, 'NAME_INVALID', `"${route.repository.slice(0, 80)}" is not a repository name`);
    case 'unknown':
      return errorAnswer(404, 'UNSUPPORTED', 'there is nothing of that path');
  }
}

function needOf(route: Route, method: string): Need {
  if (!('repository' in route)) return { action: 'ping' };
  const { repository } = route;
  if (route.kind === 'upload-start' || route.kind === 'upload') return { repository, action: 'push' };
  if (method === 'GET' || method === 'HEAD') return { repository, action: 'pull' };
  return { repository, action: method === 'DELETE' ? 'delete' : 'push' };
}
