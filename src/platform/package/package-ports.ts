import type { Locator } from '../../locate/locator.ts';
import type { DownloadPlace } from '../download/download-place.ts';

/** What packages and builders are read with. */
export interface PackagePorts {
  readonly locator: Locator;
  readonly downloads: DownloadPlace;
}
