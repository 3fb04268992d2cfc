/**
 * What happens during a command, as data. Renderers in `term/` turn it into text; `--json` prints it line by line with `v: 1`
 * and a time. Buildpack output is an event too. The reference `docs/reference/events.md` is generated from this union.
 */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type PhaseName =
  'analyze' | 'detect' | 'generate' | 'restore' | 'build' | 'export' | 'rebase' | 'extend' | 'launch';

export type LayerStatus = 'new' | 'changed' | 'reused' | 'referenced';

export type Event =
  /** A line the Go lifecycle prints too (contract §18): shown as it is by `bin/lifecycle/*`; by `slipway` only with --verbose or when warn/error. */
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string }
  /** A warning of ours with a stable code. */
  | { readonly type: 'warning'; readonly code: string; readonly message: string }
  /** An option of others that is taken, and why it changes nothing here; or what an option does besides. */
  | { readonly type: 'notice'; readonly subject: string; readonly message: string }
  | { readonly type: 'build.start'; readonly image: string }
  | {
      readonly type: 'image.resolved';
      readonly role: string;
      readonly requested: string;
      readonly index?: string;
      readonly manifest: string;
      readonly platform: string;
      readonly note?: string;
    }
  /** A project descriptor was read: what it has, in words. */
  | { readonly type: 'project.read'; readonly file: string; readonly schema: string; readonly says: readonly string[] }
  /** A choice that the program made, in words: which order, which launcher. */
  | { readonly type: 'order.chosen'; readonly source: string; readonly groups: number }
  | { readonly type: 'launcher.chosen'; readonly kind: string; readonly reason: string }
  | {
      readonly type: 'sandbox.chosen';
      readonly strategy: string;
      readonly description: string;
      /** What would have been better and does not work here, best first, and why. */
      readonly passedOver?: readonly PassedOver[];
    }
  /** What each command of a buildpack may use, and what holds it to that. */
  | { readonly type: 'limits.set'; readonly limits: readonly BuildLimit[] }
  /** An image's root file system was unpacked into the cache; from now on it is found there. */
  | {
      readonly type: 'rootfs.unpacked';
      readonly image: string;
      readonly manifest: string;
      readonly entries: number;
      readonly bytes: number;
      readonly ms: number;
    }
  | { readonly type: 'phase.start'; readonly phase: PhaseName }
  | { readonly type: 'phase.end'; readonly phase: PhaseName; readonly ms: number; readonly summary?: string }
  | { readonly type: 'detect.result'; readonly passed: readonly string[]; readonly attempted: number }
  /** No group of buildpacks passed detection: every group that was tried, in turn. */
  | { readonly type: 'detect.failed'; readonly groups: readonly FailedGroup[] }
  /** What `slipway explain detect` found out: every group of the order, whether or not one before it passed. */
  | {
      readonly type: 'detect.explained';
      /** `linux/amd64 with debian 12`. */
      readonly target: string;
      readonly execEnv: string;
      readonly groups: readonly ExplainedGroup[];
      /** The group that a build would take: the first that passes. */
      readonly chosen?: string;
      /** Where none passes: the group with the fewest obstacles, and what they are. */
      readonly nearest?: string;
      /** Its buildpacks, in order, and who provides what for whom. */
      readonly buildpacks: readonly string[];
      readonly plan: readonly {
        readonly name: string;
        readonly providers: readonly string[];
        /** In how many places it is required, and as which version where that is said. */
        readonly required: number;
        readonly versions: readonly string[];
      }[];
    }
  /** A person gets the terminal, in the sandbox of a step that failed; nothing else is shown until `shell.end`. */
  | {
      readonly type: 'shell.start';
      readonly phase: PhaseName;
      /** `id@version`. */
      readonly module: string;
      readonly reason: string;
      readonly directory: string;
    }
  | { readonly type: 'shell.end'; readonly exitCode: number }
  | { readonly type: 'buildpack.start'; readonly phase: PhaseName; readonly buildpack: string }
  | {
      readonly type: 'output';
      readonly source: string;
      /** A buildpack's two streams come as one, `stdout`, in the order in which they are written; `stderr` where they had to be apart. */
      readonly stream: 'stdout' | 'stderr';
      /** One line without its newline; `partial` when the stream ended without one. */
      readonly line: string;
    }
  | {
      readonly type: 'layer';
      /** `buildpack:layer`, `slice-1`, `buildpacksio/lifecycle:launcher`, or `base`. */
      readonly id: string;
      readonly diffId: string;
      readonly digest?: string;
      /** Compressed size in bytes, when known. */
      readonly size?: number;
      readonly status: LayerStatus;
      readonly reason?: string;
    }
  /** Whether a layer of the image is unchanged by what the index knows; else why its files are read. */
  | { readonly type: 'index'; readonly id: string; readonly verdict: 'hit' | 'miss'; readonly reason?: string }
  | {
      readonly type: 'blob.progress';
      readonly action: 'pull' | 'push' | 'write';
      readonly target: string;
      readonly digest: string;
      readonly bytes: number;
      readonly total: number;
    }
  | {
      readonly type: 'http.retry';
      readonly url: string;
      readonly attempt: number;
      readonly reason: string;
      readonly delayMs: number;
    }
  /** A file that an URL names, from the network or, unchanged there, from the cache. */
  | {
      readonly type: 'file.downloaded';
      /** Without query and user. */
      readonly url: string;
      readonly bytes: number;
      readonly digest: string;
      readonly from: 'network' | 'cache';
      readonly ms: number;
    }
  /** What is known of a build before it is done: `--memo`. */
  | { readonly type: 'memo'; readonly finding: MemoFinding }
  | {
      readonly type: 'build.end';
      readonly image: string;
      readonly digest: string;
      readonly platform: string;
      readonly layers: number;
      readonly size: number;
      readonly outputs: readonly BuildOutput[];
      /** With `--memo`: what was known. With `hit` nothing was run. */
      readonly memo?: MemoVerdict;
    }
  /** What a build would do: `--dry-run`. */
  | {
      readonly type: 'build.plan';
      readonly image: string;
      /** Absent: buildpacks of a directory, or given one by one. */
      readonly builder?: PlannedImage & { readonly isUnpacked: boolean };
      /** The first candidate that can be read; without a manifest: scratch. */
      readonly runImage: Omit<PlannedImage, 'manifest'> & {
        readonly manifest?: string;
        readonly candidates: readonly string[];
      };
      readonly previousImage?: PlannedImage;
      readonly groups: readonly (readonly PlannedModule[])[];
      readonly extensions: readonly (readonly PlannedModule[])[];
      /** Absent where it can only be known in the builder's own root, which is not unpacked yet. */
      readonly sandbox?: { readonly strategy: string; readonly description: string };
      readonly user: { readonly uid: number; readonly gid: number };
      readonly network: 'host' | 'none';
      readonly execEnv: string;
      readonly app: { readonly path: string; readonly files: number; readonly bytes: number };
      /** Names of the variables that buildpacks get. */
      readonly variables: readonly string[];
      /** `isThere`: absent for an image. */
      readonly caches: readonly { readonly place: string; readonly isThere?: boolean }[];
      /** `readable`: a registry, which is not asked for the right to push. */
      readonly outputs: readonly { readonly location: string; readonly access: 'writable' | 'readable' }[];
      /** With `--memo`. */
      readonly memo?: MemoFinding;
    }
  /** What a rebase did, or with `dryRun` would do. */
  | {
      readonly type: 'rebase.end';
      readonly image: string;
      readonly dryRun: boolean;
      /** Of the manifest or index that `image` leads to after it. */
      readonly digest: string;
      readonly platforms: readonly RebasedPlatform[];
      /** Empty in a dry run. */
      readonly outputs: readonly BuildOutput[];
    }
  /** What was copied, and where to. */
  | {
      readonly type: 'copy.end';
      readonly source: string;
      /** With a name where all tags were copied: that in the source. */
      readonly images: readonly { readonly name?: string; readonly digest: string }[];
      /** Manifests that refer to the images and came along. */
      readonly referrers: number;
      readonly outputs: readonly BuildOutput[];
    };

/** `refresh`: nothing was looked up, the image is remembered. `off`: nothing can be known. */
export type MemoVerdict = 'hit' | 'miss' | 'refresh' | 'off';

/** Whether the image of the very same inputs is known. */
export interface MemoFinding {
  readonly verdict: MemoVerdict;
  readonly reason: string;
  /** Digest of the parts. */
  readonly key?: string;
  /** Of a hit: the image, and when it was built. */
  readonly digest?: string;
  readonly builtAt?: string;
  /** All that the image comes of, by name: digests, or a few words. */
  readonly parts: readonly { readonly name: string; readonly value: string }[];
  /** Of a miss: what is other than at the last build of that name. */
  readonly changed: readonly ChangedPart[];
}

export interface ChangedPart {
  readonly part: string;
  /** Absent: the part is new. */
  readonly before?: string;
  readonly after: string;
  /** What changed in it, where that is known. */
  readonly note?: string;
}

export interface BuildLimit {
  readonly limit: 'time' | 'memory' | 'processes' | 'disk';
  /** Milliseconds, bytes, a count, bytes. */
  readonly value: number;
  /** For whom it counts, and why it is no stricter. */
  readonly how: string;
}

/** A way to isolate buildpacks that does not work here. */
export interface PassedOver {
  /** `bubblewrap`, `unshare`, …. */
  readonly strategy: string;
  /** With how it was set up. */
  readonly variant: string;
  readonly reason: string;
}

export interface FailedGroup {
  /** `2`, `2.1` with the first choice of a composite buildpack, `2 without acme/meta`. */
  readonly group: string;
  readonly buildpacks: readonly FailedBuildpack[];
}

/** What became of one buildpack of a group that did not pass. */
export interface FailedBuildpack {
  /** `id@version`. */
  readonly buildpack: string;
  readonly optional: boolean;
  /** `skip`: it did not want to take part, and need not. */
  readonly result: 'pass' | 'fail' | 'skip' | 'error' | 'other-platform' | 'other-exec-env';
  /** Absent when its program did not run to an end of its own. */
  readonly exitCode?: number;
  /** The last lines that it printed, or why it was not run. */
  readonly lines: readonly string[];
  /** What it requires and nothing before it provides. */
  readonly missing: readonly { readonly name: string; readonly providedLaterBy?: string }[];
  /** What it provides and nothing requires. */
  readonly unused: readonly string[];
}

/** A group with all that is known of its buildpacks: their `lines` are all that they printed. */
export interface ExplainedGroup {
  readonly group: string;
  readonly passed: boolean;
  readonly buildpacks: readonly ExplainedBuildpack[];
}

export interface ExplainedBuildpack extends FailedBuildpack {
  /** Whether it is in the group that was formed. */
  readonly takesPart: boolean;
  /** Its build plan, and each alternative of it. */
  readonly plans: readonly { readonly provides: readonly string[]; readonly requires: readonly string[] }[];
}

interface PlannedImage {
  readonly name: string;
  readonly manifest: string;
  readonly platform: string;
  readonly index?: string;
}

export interface PlannedModule {
  readonly id: string;
  readonly version: string;
  readonly optional: boolean;
  readonly api: string;
  /** `builder`, `directory`, or `given` beside them. */
  readonly source: string;
  /** Of a composite buildpack: `id@version`. */
  readonly members: readonly string[];
}

export interface RebasedPlatform {
  readonly platform: string;
  /** Manifest digests; equal when the image stood on that base already. */
  readonly before: string;
  readonly after: string;
  /** What the image stood on as its label says, and stands on. */
  readonly oldBase: string;
  readonly newBase: string;
  /** Layers of the old base that go, of the new base that come, and that stay. */
  readonly layersRemoved: number;
  readonly layersAdded: number;
  readonly layersKept: number;
  /** Labels that are set, changed or removed. */
  readonly labels: readonly string[];
}

export interface BuildOutput {
  /** Location as the user wrote it. */
  readonly location: string;
  readonly digest?: string;
  readonly blobsWritten?: number;
  readonly blobsTotal?: number;
  readonly bytes?: number;
  readonly error?: string;
}

export type Emit = (event: Event) => void;
