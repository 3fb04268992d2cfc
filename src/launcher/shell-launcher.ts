import { buildpackFeatures, type PlatformFeatures } from '../cnb/features.ts';
import { escapeId } from '../cnb/module.ts';
import type { BuildMetadata, LaunchProcess } from '../cnb/process.ts';
import { SlipwayError } from '../core/errors.ts';
import program from './launcher.sh';
import { quoteWord, quoteWords } from './quote.ts';

/** Version of the program's text and of its data block: part of every image's launcher layer, so it changes only with them. */
const LAUNCHER_FORMAT: number = 3;

/** Platform APIs that the program knows; it refuses the others at start with exit 11, so generating for them is refused too. */
const PROGRAM_APIS: readonly string[] = ['0.7', '0.8', '0.9', '0.10', '0.11', '0.12', '0.13', '0.14', '0.15'];
const BEGIN = '# >>> data\n';
const END = '# <<< data\n';

/**
 * The launcher file of an image whose run image has `/bin/sh`: the constant program with the processes of metadata.toml in it.
 * The bytes depend on `metadata` and `LAUNCHER_FORMAT` only. Throws `PROCESS_INVALID` for a text with NUL, `LAUNCHER_UNUSABLE`
 * for a Platform API that the program does not know, `BUILDPACK_API_UNSUPPORTED` for a buildpack whose API nobody knows.
 */
export function shellLauncher(metadata: BuildMetadata, features: PlatformFeatures): Uint8Array {
  if (!PROGRAM_APIS.includes(features.api)) {
    throw new SlipwayError('LAUNCHER_UNUSABLE', `the shell launcher does not know Platform API ${features.api}`, {
      hint: { kind: 'choose-launcher' },
    });
  }
  const begin = program.indexOf(BEGIN);
  const end = program.indexOf(END);
  if (begin < 0 || end < begin) throw new SlipwayError('INTERNAL', 'the launcher program has no data marks');
  const head = program.slice(0, begin + BEGIN.length);
  return Buffer.from(head + dataBlock(metadata) + program.slice(end));
}

function dataBlock(metadata: BuildMetadata): string {
  const directories = metadata.buildpacks.map((buildpack) => escapeId(buildpack.id));
  const types = [...new Set(metadata.processes.map((process) => process.type))];
  const apis = new Map(metadata.buildpacks.map((buildpack) => [buildpack.id, buildpack.api]));
  return [
    `# launcher format ${String(LAUNCHER_FORMAT)}`,
    `cnb__buildpacks=${quoteWord(quoteWords(directories))}`,
    'cnb__processes() {',
    '  case $1 in',
    ...types.flatMap((type) => [
      `    ${quoteWord(type)})`,
      ...metadata.processes.filter((process) => process.type === type).map((process) => offer(process, apis)),
      '      ;;',
    ]),
    '  esac',
    '}',
    '',
  ].join('\n');
}

/** One candidate of a type, in file order: the program takes the first whose exec-env fits. */
function offer(process: LaunchProcess, apis: ReadonlyMap<string, string>): string {
  const words = [
    process.direct ? 'direct' : 'shell',
    argumentRule(apis.get(process.buildpackId), process.buildpackId),
    process.buildpackId,
    process.workingDir ?? '',
    quoteWords(process.execEnv ?? []),
    quoteWords(process.command),
    quoteWords(process.args ?? []),
  ];
  return `      cnb__offer ${quoteWords(words)}`;
}

/** What user arguments do (contract §16.2): `replace` the defaults, or come after them (`append`). */
function argumentRule(api: string | undefined, buildpackId: string): string {
  if (api === undefined) return 'unknown';
  return buildpackFeatures(api, `buildpack '${buildpackId}'`).appendsArguments ? 'append' : 'replace';
}
