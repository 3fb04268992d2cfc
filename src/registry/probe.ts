import type { Context } from '../core/context.ts';
import type { Challenge } from './challenge.ts';
import { refusal } from './errors.ts';
import type { RegistryRequest, RegistrySession } from './session.ts';

/** What is asked for: an image, which need not be there. */
export interface Probed {
  readonly repository: string;
  /** Tag or digest. */
  readonly target: string;
}

/** How a registry takes the credentials that are known for it. */
export interface RegistryProbe {
  /** What it asked for; undefined when it asks nobody for anything. */
  readonly challenge?: Challenge;
  readonly scopes: readonly string[];
  /** Of an image: whether it is there. */
  readonly isThere: boolean;
}

/**
 * Asks for an image, else for the registry's base (distribution-spec, "determining support"). Throws what refuses it:
 * `REGISTRY_UNAUTHORIZED`, `REGISTRY_DENIED`, `REGISTRY_UNREACHABLE`, …
 */
export async function probeRegistry(
  session: RegistrySession,
  probed: Probed | undefined,
  ctx: Context,
): Promise<RegistryProbe> {
  const scopes = probed === undefined ? [] : [`repository:${probed.repository}:pull`];
  const access = { repository: probed?.repository ?? '', scopes };
  const request: RegistryRequest =
    probed === undefined
      ? { method: 'GET', to: '/v2/', access }
      : { method: 'HEAD', to: `/v2/${probed.repository}/manifests/${probed.target}`, access };
  const answer = await session.send(request, ctx);
  const isMissing = answer.status === 404 && probed !== undefined;
  if (answer.status !== 200 && !isMissing) {
    const what = probed === undefined ? 'its /v2/' : `${session.registry}/${probed.repository}`;
    const subject = { what, action: 'read', missing: 'REGISTRY_ERROR' } as const;
    throw await refusal(session, { request, answer }, subject, ctx);
  }
  await answer.discard();
  const challenge = session.authorizer.challenge();
  return { scopes, isThere: !isMissing, ...(challenge === undefined ? {} : { challenge }) };
}
