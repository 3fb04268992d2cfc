/** `0 B`, `999 B`, `24.1 kB`, `41.2 MB`: powers of 1000, one decimal from kB on. */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${String(bytes)} B`;
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** `0.4 s`, `59.9 s`, `1 m 12 s`, `2 h 03 m`. */
export function formatDuration(ms: number): string {
  if (ms < 59_950) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${String(Math.floor(seconds / 60))} m ${pad2(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${String(Math.floor(minutes / 60))} h ${pad2(minutes % 60)} m`;
}

/** `now`, `5 min ago`, `3 h ago`, `12 d ago`. */
export function formatAge(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'now';
  if (minutes < 60) return `${String(minutes)} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${String(hours)} h ago` : `${String(Math.floor(hours / 24))} d ago`;
}

/** `sha256:` and 12 characters; other texts as they are. */
export function shortDigest(digest: string): string {
  const match = /^(sha256|sha512):([0-9a-f]{12})[0-9a-f]+$/.exec(digest);
  return match === null ? digest : `${match[1] ?? ''}:${match[2] ?? ''}`;
}

function pad2(value: number): string {
  return String(value).padStart(2, '0');
}
