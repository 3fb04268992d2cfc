import type { BuildLimits } from '../../options/commands/build/limits.ts';
import type { SandboxRequest, SandboxStep } from '../../sandbox/sandbox.ts';

/** A step of a build that failed, as it is kept: all that is needed to run it again where it ran. */
export interface KeptStep {
  readonly step: SandboxStep;
  /** Name of the image that was to be made. */
  readonly image: string;
  /** ISO 8601. */
  readonly time: string;
  /** The directory that this was written to; paths below it go with it when it is moved. */
  readonly directory: string;
  /** Who built: only this user can enter. */
  readonly uid: number;
  /** Name of the sandbox. */
  readonly sandbox: string;
  readonly mapsPaths: boolean;
  readonly request: Pick<SandboxRequest, 'root' | 'argv' | 'cwd' | 'env' | 'mounts' | 'user' | 'network'>;
  /** Absent: none. */
  readonly limits?: BuildLimits;
  /** How it ended, in words: `exit status 7`. */
  readonly failure: string;
  /** The builder image that its root is, by manifest digest. */
  readonly builder?: string;
  readonly leftOut: LeftOut;
}

/** What the step had and what is not kept. */
interface LeftOut {
  /** Variables with credentials in them: proxies, which are taken from the environment of whoever enters. */
  readonly variables: readonly string[];
  /** Where files were that are gone, secrets above all: paths as seen inside. */
  readonly mounts: readonly string[];
}

/** Its name in the directory. */
export const STEP_FILE = 'step.json';
