import { join } from 'node:path';
import { SlipwayError } from '../core/errors.ts';
import { parsePlatform, type Platform } from '../oci/platform.ts';
import { parseBinding } from '../options/build/binding.ts';
import { parseCache } from '../options/build/cache-choice.ts';
import { parseSecret } from '../options/build/secret.ts';
import { parseVolume } from '../options/build/volume.ts';
import { parseWorkspace } from '../options/build/workspace.ts';
import { FOREIGN_OPTIONS } from '../options/commands/build/foreign.ts';
import type { CommandValues } from '../options/command-values.ts';
import type { DataOptions } from '../platform/build/data.ts';

/** The options of `slipway build` about data that goes in and comes out. Throws `ARGUMENT_INVALID` (exit 3). */
export function readBuildData(values: CommandValues): DataOptions & { readonly report?: string } {
  const workspace = values.text('workspace');
  const lifecycleImage = values.text('lifecycle-image');
  const sbomOutputDir = values.text('sbom-output-dir');
  return {
    volumes: values.list('volume').map(parseVolume),
    bindings: values.list('binding').map(parseBinding),
    ...(workspace === undefined ? {} : { workspace: parseWorkspace(workspace) }),
    ...(sbomOutputDir === undefined ? {} : { sbomOutputDir }),
    secrets: values.list('secret').map(parseSecret),
    caches: values.list('cache').map(parseCache),
    tags: values.list('tag'),
    disablesSystemBuildpacks: values.boolean('disable-system-buildpacks'),
    ...(lifecycleImage === undefined ? {} : { lifecycleImage }),
    ...readReport(values),
    notices: [...readNotices(values), ...readPullPolicy(values)],
  };
}

/** `--platform`. Throws `NOT_SUPPORTED` (exit 3) for several. */
export function readTarget(text: string): Platform {
  if (!text.includes(',')) return parsePlatform(text);
  throw new SlipwayError('NOT_SUPPORTED', `--platform ${text}: one build makes an image for one platform`, {
    exit: 3,
    hint: 'several platforms come later: build each, then put them together',
  });
}

function readReport(values: CommandValues): { readonly report?: string } {
  const [report, directory] = [values.text('report'), values.text('report-output-dir')];
  if (report !== undefined && directory !== undefined)
    throw new SlipwayError('ARGUMENT_INVALID', 'supply only one of --report and --report-output-dir');
  if (directory !== undefined) return { report: join(directory, 'report.toml') };
  return report === undefined ? {} : { report };
}

function readNotices(values: CommandValues): readonly { readonly subject: string; readonly message: string }[] {
  return FOREIGN_OPTIONS.filter(({ option: { name, kind } }) =>
    kind === 'boolean' ? values.boolean(name) : values.text(name) !== undefined,
  ).map(({ option: { name }, reason }) => ({ subject: `--${name}`, message: reason }));
}

/** `--pull-policy`: an image by name is looked up each time, its layers only where they are not here. Throws `NOT_SUPPORTED` for `never`. */
function readPullPolicy(values: CommandValues): readonly { readonly subject: string; readonly message: string }[] {
  const policy = values.text('pull-policy');
  if (policy === 'never')
    throw new SlipwayError('NOT_SUPPORTED', '--pull-policy never: what a name stood for earlier is not remembered', {
      exit: 3,
      hint: 'copy the images once (slipway image copy NAME oci:DIR), name them as oci:DIR, and build with --offline',
    });
  if (policy !== 'if-not-present') return [];
  const message = 'names are looked up each time; what is unpacked or cached here already is not fetched again';
  return [{ subject: '--pull-policy if-not-present', message }];
}
