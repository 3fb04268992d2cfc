import type { Context } from '../core/context.ts';
import { isLoopback } from './address.ts';
import type { FollowedResponse } from './follow.ts';
import { displayUrl, requestName, type HttpRequest } from './http.ts';
import { networkFailure, unreachable } from './network-error.ts';
import type { RegistryOptions } from './options.ts';
import { isPassingStatus, pauseForRetry, retryDelayMs } from './retry.ts';

interface Repeated {
  /** For messages. */
  readonly host: string;
  readonly request: HttpRequest;
  readonly options: RegistryOptions;
}

/** Repeats an exchange while its failure may pass; the last failure is returned (a status) or thrown (the network). */
export async function repeatExchange<T extends FollowedResponse>(
  { host, request, options }: Repeated,
  ctx: Context,
  exchange: () => Promise<T>,
): Promise<T> {
  const retry = options.retry ?? {};
  for (let attempt = 1; ; attempt += 1) {
    let reason: string;
    let delayMs: number | undefined;
    try {
      const response = await exchange();
      if (!isPassingStatus(response.status)) return response;
      delayMs = retryDelayMs(attempt, retry, ctx.clock.now(), response.headers['retry-after']);
      if (delayMs === undefined) return response;
      reason = `${host} answered ${String(response.status)}`;
      await response.discard();
    } catch (error) {
      const failure = networkFailure(error);
      // Nobody listens on this very machine: another try would only be waited for.
      const isAbsent = failure?.kind === 'refused' && isLoopback(request.url.hostname);
      delayMs = failure?.isPassing === true && !isAbsent ? retryDelayMs(attempt, retry, ctx.clock.now()) : undefined;
      if (failure === undefined || delayMs === undefined)
        throw unreachable(error, host, request.url, requestName(request));
      reason = failure.text;
    }
    await pauseForRetry({ url: displayUrl(request.url), attempt, reason, delayMs }, ctx);
  }
}
