import { SlipwayError } from '../core/errors.ts';
import { dockerfileError, parseDockerfile, type DockerfileInstruction } from './dockerfile.ts';

/** What an extension's Dockerfile does (contract §8.4), and warnings about it. */
export interface CheckedDockerfile {
  /** The base that a run.Dockerfile switches to, as written; undefined: it stays. */
  readonly newBase?: string;
  /** Whether anything is done on top of the base. */
  readonly extends: boolean;
  readonly warnings: readonly string[];
}

/** build.Dockerfile: `ARG base_image`, `FROM ${base_image}`, then what extends it. Throws `FILE_INVALID`. */
export function checkBuildDockerfile(text: string): CheckedDockerfile {
  const file = 'build.Dockerfile';
  const { preamble, stage } = readStages(text, file);
  const keys = preamble.flatMap((arg) => argsOf(arg).map(([key]) => key));
  if (preamble.length !== 1 || keys.length !== 1 || keys[0] !== BASE_ARG)
    throw breach(file, 'did not start with required ARG command');
  if (stage === undefined) throw noStage(file);
  if (!isBaseArgument(stage.base)) throw breach(file, 'did not contain required FROM ${base_image} command');
  return { extends: true, warnings: warningsOf(stage.commands, file) };
}

/** run.Dockerfile: a FROM other than `${base_image}` switches the base. Throws `FILE_INVALID`. */
export function checkRunDockerfile(text: string): CheckedDockerfile {
  const file = 'run.Dockerfile';
  const { preamble, stage } = readStages(text, file);
  if (stage === undefined) throw noStage(file);
  const newBase = isBaseArgument(stage.base) ? undefined : expand(stage.base, preamble, { file, line: stage.line });
  return {
    ...(newBase === undefined ? {} : { newBase }),
    extends: stage.commands.length > 0,
    warnings: warningsOf(stage.commands, file),
  };
}

const BASE_ARG = 'base_image';
const RECOMMENDED = ['FROM', 'ADD', 'ARG', 'COPY', 'ENV', 'LABEL', 'RUN', 'SHELL', 'USER', 'WORKDIR'];

interface Stage {
  readonly base: string;
  readonly line: number;
  readonly commands: readonly DockerfileInstruction[];
}

interface Stages {
  /** The ARGs before the first FROM. */
  readonly preamble: readonly DockerfileInstruction[];
  readonly stage: Stage | undefined;
}

function readStages(text: string, file: string): Stages {
  const { instructions } = parseDockerfile(text, file);
  const first = instructions.findIndex(({ keyword }) => keyword === 'FROM');
  const preamble = first < 0 ? instructions : instructions.slice(0, first);
  const stray = preamble.find(({ keyword }) => keyword !== 'ARG');
  if (stray !== undefined) throw dockerfileError(file, stray.line, `${stray.keyword} stands before any FROM`);
  const [from, ...commands] = instructions.slice(preamble.length);
  if (from === undefined) return { preamble, stage: undefined };
  if (commands.some(({ keyword }) => keyword === 'FROM'))
    throw breach(file, 'is not permitted to use multistage build');
  return { preamble, stage: { base: baseOf(from, file), line: from.line, commands } };
}

/** `FROM [--platform=…] BASE [AS NAME]`. */
function baseOf({ args, line }: DockerfileInstruction, file: string): string {
  const words = args.split(/\s+/).filter((word) => !word.startsWith('--'));
  const [base = '', as = ''] = words;
  const isNamed = words.length === 3 && as.toLowerCase() === 'as';
  if (words.length !== 1 && !isNamed) throw dockerfileError(file, line, 'FROM requires either one or three arguments');
  return base.replace(/^(["'])(.*)\1$/, '$2');
}

function isBaseArgument(base: string): boolean {
  return base === `\${${BASE_ARG}}` || base === `$${BASE_ARG}`;
}

/** `ARG a b=c "d=e"`: names with their defaults. */
function argsOf({ args }: DockerfileInstruction): readonly (readonly [string, string | undefined])[] {
  const words = args.match(/(?:"[^"]*"|'[^']*'|\S)+/g) ?? [];
  return words.map((word) => {
    const plain = word.replace(/["']/g, '');
    const equals = plain.indexOf('=');
    return equals < 0 ? [plain, undefined] : [plain.slice(0, equals), plain.slice(equals + 1)];
  });
}

/** Variables of a base are those of the preamble; one without a value would name no image. */
function expand(
  base: string,
  preamble: readonly DockerfileInstruction[],
  at: { readonly file: string; readonly line: number },
): string {
  const values = new Map(preamble.flatMap(argsOf));
  return base.replace(
    /\$(?:\{([^}:]*)(?::-([^}]*))?\}|(\w+))/g,
    (text, braced?: string, other?: string, bare?: string) => {
      const value = values.get(braced ?? bare ?? '') ?? other;
      if (value === undefined || value === '')
        throw dockerfileError(at.file, at.line, `FROM names ${text}, to which no ARG before it gives a value`);
      return value;
    },
  );
}

function warningsOf(commands: readonly DockerfileInstruction[], file: string): readonly string[] {
  return commands
    .filter(({ keyword }) => !RECOMMENDED.includes(keyword))
    .map(({ keyword, line }) => `${file} command ${keyword} on line ${String(line)} is not recommended`);
}

function noStage(file: string): SlipwayError {
  return breach(file, 'should have at least one stage');
}

/** A rule of extensions that is broken, in the lifecycle's words. */
function breach(file: string, problem: string): SlipwayError {
  return new SlipwayError('FILE_INVALID', `${file} ${problem}`, { details: { file } });
}
