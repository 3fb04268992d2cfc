import type { Context } from '../core/context.ts';
import type { SinkRequest } from './sinks.ts';

/** Says which engines cannot load what was asked for; registries and layouts are read by newer programs than `docker load`. */
export function warnOldEngines(requests: readonly SinkRequest[], ctx: Context): void {
  for (const { location, shown, compression } of requests) {
    if (location.kind !== 'docker-archive' || compression?.codec !== 'zstd') continue;
    const message = `${shown}: Docker before 23.0 cannot load layers that are compressed with zstd`;
    ctx.emit({ type: 'warning', code: 'COMPRESSION_NEW', message });
  }
}
