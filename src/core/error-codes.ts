/**
 * Every error code of the product: stable names for scripts, `--json` and `docs/reference/errors.md`.
 * `exit` is set only where the lifecycle contract (§3) names an exit code for the cause itself; other codes leave with the
 * exit code of the phase in which they happened.
 */
export interface ErrorCodeInfo {
  readonly title: string;
  readonly exit?: number;
}

export const ERROR_CODES = {
  // usage
  FLAG_UNKNOWN: { title: 'a flag or command that does not exist', exit: 2 },
  ARGUMENT_INVALID: { title: 'a flag, variable or argument with a bad value', exit: 3 },
  PLATFORM_API_UNSUPPORTED: { title: 'CNB_PLATFORM_API is missing or not supported', exit: 11 },
  BUILDPACK_API_UNSUPPORTED: { title: 'a buildpack asks for an API that is not supported', exit: 12 },
  FEATURE_EXPERIMENTAL: { title: 'an experimental feature that is switched off', exit: 1 },
  NOT_SUPPORTED: { title: 'something this version or this machine cannot do' },
  PRIVILEGE: { title: 'the wrong user for this phase', exit: 1 },
  // references and images
  REFERENCE_INVALID: { title: 'text that is not an image reference or location', exit: 3 },
  DIGEST_INVALID: { title: 'text that is not a digest' },
  IMAGE_NOT_FOUND: { title: 'no image of that name' },
  IMAGE_AMBIGUOUS: { title: 'several images and no name to choose one' },
  IMAGE_NO_LAYERS: { title: 'an image without layers' },
  IMAGE_INVALID: { title: 'an image whose parts contradict each other or cannot be read' },
  PLATFORM_NOT_FOUND: { title: 'an image that is not offered for the platform' },
  RUN_IMAGE_UNUSABLE: { title: 'no usable run image', exit: 32 },
  RUN_IMAGE_UNKNOWN: { title: 'no run image was named', exit: 3 },
  // content
  CONTENT_MISMATCH: { title: 'bytes that do not have the promised digest or size' },
  BLOB_NOT_FOUND: { title: 'a blob that is not in the store' },
  MEDIA_TYPE_UNSUPPORTED: { title: 'a media type that cannot be handled' },
  STORE_INVALID: { title: 'a layout or archive that cannot be read' },
  ARCHIVE_INVALID: { title: 'a tar that is malformed or truncated' },
  ARCHIVE_UNSAFE: { title: 'an archive entry that would leave its root' },
  // registry
  REGISTRY_UNAUTHORIZED: { title: 'the registry refused the credentials' },
  REGISTRY_DENIED: { title: 'the registry denied access' },
  REGISTRY_UNREACHABLE: { title: 'the registry could not be reached' },
  REGISTRY_ERROR: { title: 'the registry answered with an error' },
  REGISTRY_INSECURE: { title: 'plain HTTP to a host that is not allowed it' },
  CREDENTIALS_INVALID: { title: 'credentials that cannot be read', exit: 1 },
  DOWNLOAD_FAILED: { title: 'a file that an URL names and that could not be had' },
  // files
  FILE_INVALID: { title: 'a file with bad syntax or content' },
  FILE_NOT_FOUND: { title: 'a file or directory that is missing' },
  FILE_NOT_READABLE: { title: 'a file that cannot be read' },
  FILE_CHANGED: { title: 'a file that changed while it was packed' },
  INDEX_WRONG: { title: 'an index that took a changed layer for an unchanged one' },
  WRITE_FAILED: { title: 'an output that cannot be written' },
  DISK_FULL: { title: 'no space left for an output' },
  LOCK_TIMEOUT: { title: 'another process holds a lock' },
  // buildpacks
  PACKAGE_INCOMPLETE: { title: 'a buildpackage or builder that lacks a buildpack, or has one twice' },
  BUILDPACK_NOT_FOUND: { title: 'a buildpack that is not in the buildpacks directory' },
  BUILDPACK_INVALID: { title: 'a buildpack descriptor or output that breaks the specification' },
  BUILDPACK_MISFIT: { title: 'a buildpack that is for other machines or distributions than the builder' },
  ORDER_CYCLE: { title: 'composite buildpacks that contain each other' },
  DETECT_NONE_PASSED: { title: 'no group of buildpacks fits the app', exit: 20 },
  DETECT_FAILED: { title: 'no group passed and a buildpack failed', exit: 21 },
  BUILDPACK_FAILED: { title: 'a buildpack failed to build', exit: 51 },
  EXTENSION_FAILED: { title: 'an extension failed to generate', exit: 91 },
  LAYER_WITHOUT_CONTENTS: { title: 'a layer without contents that cannot be reused' },
  TOO_MANY_LAYERS: { title: 'more layers than a runtime can mount' },
  PROCESS_INVALID: { title: 'a process type that is missing or malformed' },
  REBASE_REFUSED: { title: 'an image that must not be moved to that base', exit: 72 },
  LAUNCHER_UNUSABLE: { title: 'no launcher fits the image', exit: 62 },
  // sandbox and process
  SANDBOX_UNAVAILABLE: { title: 'the asked sandbox cannot run here' },
  INTERRUPTED: { title: 'stopped by a signal', exit: 130 },
  SECRET_IN_IMAGE: { title: 'a secret of the build in what was to be the image or the cache' },
  OUTPUT_FAILED: { title: 'one or more outputs could not be committed', exit: 62 },
  INTERNAL: { title: 'a defect in the program', exit: 1 },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
