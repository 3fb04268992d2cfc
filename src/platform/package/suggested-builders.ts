/** A builder that its makers keep up to date for everybody. */
export interface SuggestedBuilder {
  readonly vendor: string;
  readonly image: string;
  readonly description: string;
}

/** What `slipway builder suggest` shows, and what pack trusts without being told. */
export const SUGGESTED_BUILDERS: readonly SuggestedBuilder[] = [
  {
    vendor: 'Google',
    image: 'gcr.io/buildpacks/builder:google-22',
    description: 'Ubuntu 22: .NET, Dart, Go, Java, Node.js, PHP, Python, Ruby',
  },
  {
    vendor: 'Heroku',
    image: 'heroku/builder:24',
    description: 'Ubuntu 24.04, amd64 and arm64: .NET, Go, Java, Node.js, PHP, Python, Ruby, Scala',
  },
  {
    vendor: 'Paketo Buildpacks',
    image: 'paketobuildpacks/builder-noble-java-tiny',
    description: 'Ubuntu 24.04, run image without a shell: Java and GraalVM native images',
  },
  {
    vendor: 'Paketo Buildpacks',
    image: 'paketobuildpacks/builder-jammy-base',
    description: 'Ubuntu 22.04: Java, Go, .NET Core, Node.js, Python, Ruby, web servers, Procfile',
  },
  {
    vendor: 'Paketo Buildpacks',
    image: 'paketobuildpacks/builder-jammy-full',
    description: 'Ubuntu 22.04 with more packages: the same and PHP',
  },
  {
    vendor: 'Paketo Buildpacks',
    image: 'paketobuildpacks/builder-jammy-tiny',
    description: 'Ubuntu 22.04, run image without a shell: Go, Java, GraalVM native images',
  },
  {
    vendor: 'Paketo Buildpacks',
    image: 'paketobuildpacks/builder-jammy-buildpackless-static',
    description: 'Ubuntu 22.04, run image with nothing in it: bring your own buildpacks',
  },
];
