import { moduleName, type GroupElement } from '../cnb/module.ts';
import { SlipwayError } from '../core/errors.ts';

/** Extending takes phases of its own, which a build in one process does not have (contract §4.3). */
export function refuseDetectedExtensions(group: readonly GroupElement[]): void {
  const extensions = group.filter(({ kind }) => kind === 'extension');
  if (extensions.length === 0) return;
  throw new SlipwayError('NOT_SUPPORTED', 'detected order contains extensions which is not supported by the creator', {
    exit: 22,
    details: { extensions: extensions.map(moduleName).join(', ') },
    hint: 'run the phases one by one, or remove [[order-extensions]]',
  });
}
