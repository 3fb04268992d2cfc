/** What buildpacks create has the same modes whoever starts the build: modes are in layers, and so in digests. */
export const BUILD_UMASK = 0o022;
