import { SlipwayError } from '../core/errors.ts';
import { compareBytes } from '../oci/go-json.ts';
import type { LaunchProcess } from './process.ts';

export interface MergedProcesses {
  /** Sorted by type, `isDefault` erased. */
  readonly processes: readonly LaunchProcess[];
  readonly defaultProcessType?: string;
  /** Texts for the log, at level warn. */
  readonly warnings: readonly string[];
}

/**
 * The processes of all launch.toml files in group order (contract §12.4): later ones replace earlier ones of their type. Throws
 * `BUILDPACK_INVALID` (exit 52) for two defaults in one file.
 */
export function mergeProcesses(files: readonly (readonly LaunchProcess[])[]): MergedProcesses {
  const byType = new Map<string, LaunchProcess>();
  const warnings: string[] = [];
  let defaultType: string | undefined;
  for (const processes of files) {
    refuseTwoDefaults(processes);
    let warning: string | undefined;
    for (const process of processes) {
      if (process.isDefault) {
        defaultType = process.type;
        warning = undefined;
      } else if (process.type === defaultType) {
        defaultType = undefined;
        warning = `Warning: redefining the following default process type with a process not marked as default: ${process.type}`;
      }
      byType.set(process.type, { ...process, isDefault: false });
    }
    if (warning !== undefined) warnings.push(warning);
  }
  return {
    processes: [...byType.values()].sort((a, b) => compareBytes(a.type, b.type)),
    ...(defaultType === undefined ? {} : { defaultProcessType: defaultType }),
    warnings,
  };
}

/** The rule for one launch.toml. */
function refuseTwoDefaults(processes: readonly LaunchProcess[]): void {
  const defaults = processes.filter((process) => process.isDefault);
  if (defaults.length < 2) return;
  throw new SlipwayError('BUILDPACK_INVALID', "multiple default process types aren't allowed", {
    exit: 52,
    details: { buildpack: defaults[0]?.buildpackId ?? '', types: defaults.map((process) => process.type).join(', ') },
  });
}
