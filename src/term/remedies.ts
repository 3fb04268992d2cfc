import { assertNever } from '../core/assert-never.ts';
import type { Remedy } from '../core/errors.ts';

/** Whose flags a remedy names: `slipway` or the drop-in programs. */
export type FrontEnd = 'slipway' | 'lifecycle';

/** What to do, in the words and flags of the program that is running. */
export function remedyText(remedy: Remedy, frontEnd: FrontEnd): string {
  const isSlipway = frontEnd === 'slipway';
  switch (remedy.kind) {
    case 'text':
      return remedy.text;
    case 'choose-platform': {
      const flag = isSlipway ? '--platform' : '-target';
      const [first] = remedy.offered;
      const other = `another ${isSlipway ? '--run-image' : '-run-image'}`;
      if (first !== undefined && remedy.isOnlyWay === true) return `${flag} ${first}`;
      return first === undefined ? `choose ${other}` : `${flag} ${first}, or ${other}`;
    }
    case 'choose-run-image':
      return isSlipway ? 'choose another image with --run-image' : 'choose another image with -run-image';
    case 'choose-launcher':
      return isSlipway
        ? 'choose with --launcher PATH, builder, shell or none'
        : 'choose with -launcher PATH, builder, shell or none';
    case 'force-rebase':
      return `another ${isSlipway ? '--run-image' : '-run-image'}, or ${isSlipway ? '--force' : '-force'} to override`;
    case 'log-in': {
      const { registry, place = registry } = remedy;
      return isSlipway
        ? `slipway login ${registry}, or set CNB_REGISTRY_AUTH; what was looked at: slipway auth explain ${place}`
        : `slipway login ${registry}, or set CNB_REGISTRY_AUTH or give docker's config.json an entry; what was looked at: slipway auth explain ${place}`;
    }
    case 'allow-insecure':
      return isSlipway ? `--insecure-registry ${remedy.registry}` : `-insecure-registry ${remedy.registry}`;
    case 'trust-realm':
      return `if it is yours: ${isSlipway ? `--trust-realm ${remedy.host}` : `SLIPWAY_TRUST_REALMS=${remedy.host}`}`;
    default:
      return assertNever(remedy);
  }
}
