import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { createKeychain, type ExplainedPlace } from '../../keychain/keychain.ts';
import { formatReference, parseReference, referenceTarget } from '../../oci/reference.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { readRegistryFlags } from '../../options/registry-flags.ts';
import { registryOptions } from '../../platform/stores.ts';
import { createRegistryClient } from '../../registry/client.ts';
import { alignColumns } from '../../term/columns.ts';
import { describeError } from '../../term/error-text.ts';
import type { Terminal } from '../../term/terminal.ts';
import { thisMachine } from '../this-machine.ts';

/** What the registry said to the credentials that were found. */
interface Verdict {
  readonly outcome: 'accepted' | 'refused' | 'not asked';
  readonly scheme?: string;
  readonly realm?: string;
  readonly service?: string;
  readonly scope?: string;
  /** Why not; of an image that is not there, that. */
  readonly reason?: string;
  readonly code?: string;
}

/** `slipway auth explain REFERENCE`: no secrets; exit 1 when the registry refuses or cannot be asked. */
export async function runExplainCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  const machine = thisMachine(ctx.tmp);
  const reference = parseReference((values.positionals[0] ?? '').replace(/^docker:\/\//, ''));
  const keychain = createKeychain(machine);
  const places = await keychain.explain(reference, ctx);
  const flags = readRegistryFlags(values);
  await using client = createRegistryClient(registryOptions(machine, ctx.product, { ...flags, keychain }));
  const { registry, repository } = reference;
  const verdict: Verdict = values.boolean('offline')
    ? { outcome: 'not asked' }
    : await client.probe(registry, { repository, target: referenceTarget(reference) }, ctx).then(
        ({ challenge, scopes, isThere }) => ({
          outcome: 'accepted',
          ...(isThere ? {} : { reason: 'there is no such image' }),
          ...asked(challenge),
          ...scopeOf(challenge, scopes),
        }),
        (error: unknown) => {
          if (!(error instanceof SlipwayError)) throw error;
          ctx.signal.throwIfAborted();
          const { message, code, action } = describeError(error, 'slipway');
          const reason = action === undefined ? message : `${message}; ${action}`;
          return { outcome: 'refused', reason, code, ...asked(client.challenge(registry)) };
        },
      );
  const name = formatReference(reference);
  const used = places.find(({ isUsed }) => isUsed);
  if (values.boolean('json'))
    terminal.out(
      `${JSON.stringify({ reference: name, registry, repository, places, used: used?.place ?? null, verdict })}\n`,
    );
  else for (const line of explanation(name, places, verdict)) terminal.out(`${line}\n`);
  return verdict.outcome === 'refused' ? 1 : 0;
}

type Asked = { readonly scheme: string; readonly parameters: Readonly<Record<string, string>> } | undefined;

function asked(challenge: Asked): Partial<Verdict> {
  if (challenge === undefined) return {};
  const { realm, service } = challenge.parameters;
  return {
    scheme: challenge.scheme,
    ...(realm === undefined ? {} : { realm }),
    ...(service === undefined ? {} : { service }),
  };
}

function scopeOf(challenge: Asked, scopes: readonly string[]): Partial<Verdict> {
  return challenge?.scheme === 'bearer' ? { scope: scopes.join(' ') } : {};
}

function explanation(name: string, places: readonly ExplainedPlace[], verdict: Verdict): readonly string[] {
  const used = places.find(({ isUsed }) => isUsed);
  const rows = places.map((place, index) => [
    `${place.isUsed ? '*' : ' '} ${String(index + 1)}`,
    place.place,
    `${place.found}${place.isBroken === true ? ' (nothing after it is looked at)' : ''}`,
  ]);
  const facts = Object.entries({
    uses: used === undefined ? 'no credentials' : `${used.place}: ${credentialsText(used)}`,
    scheme: verdict.scheme ?? (verdict.outcome === 'accepted' ? 'none: it asks nobody for credentials' : undefined),
    realm: verdict.realm,
    service: verdict.service,
    scope: verdict.scope,
    registry: [verdict.outcome, verdict.reason].filter((part) => part !== undefined).join(': '),
  }).flatMap(([label, value]) => (value === undefined ? [] : [[label, value]]));
  return [name, ...alignColumns(rows), '', ...alignColumns(facts)];
}

function credentialsText({ kind, username }: ExplainedPlace): string {
  if (kind === 'bearer') return 'a token that is sent as it is';
  return kind === 'identity' ? 'an identity token' : `name ${username ?? ''} and password`;
}
