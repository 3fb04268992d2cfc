import type { Context } from '../core/context.ts';
import { coversAll } from './scopes.ts';
import type { Token } from './token.ts';

/** What a token must be good for. */
interface TokenWish {
  /** Names the endpoint and the credentials: a token of one owner never serves another. */
  readonly owner: string;
  readonly scopes: readonly string[];
  /** A token that was just refused for these scopes. */
  readonly not?: string;
}

export interface TokenCache {
  /** A known token that covers the scopes, else the outcome of `request`, of which one runs at a time per owner and scopes. */
  readonly get: (wish: TokenWish, request: () => Promise<Token>, ctx: Context) => Promise<string>;
}

interface Running {
  readonly token: Promise<Token>;
  readonly signal: AbortSignal;
}

/** The tokens of one registry, newest first, so that what a registry asked for in addition is sent at once the next time. */
export function createTokenCache(): TokenCache {
  const tokens = new Map<string, { readonly scopes: readonly string[]; readonly token: Token }[]>();
  const pending = new Map<string, Running>();

  const known = ({ owner, scopes, not }: TokenWish, ctx: Context): string | undefined => {
    const now = ctx.clock.now().getTime();
    const usable = (tokens.get(owner) ?? []).filter(({ token }) => token.expiresAtMs > now && token.value !== not);
    tokens.set(owner, usable);
    return usable.find((each) => coversAll(each.scopes, scopes))?.token.value;
  };

  return {
    get: async (wish, request, ctx) => {
      const key = `${wish.owner} ${wish.scopes.join(' ')}`;
      for (;;) {
        const cached = known(wish, ctx);
        if (cached !== undefined) return cached;
        const other = pending.get(key);
        const running = other ?? { token: request(), signal: ctx.signal };
        pending.set(key, running);
        try {
          const token = await running.token;
          if (other === undefined)
            tokens.set(wish.owner, [{ scopes: wish.scopes, token }, ...(tokens.get(wish.owner) ?? [])]);
          return token.value;
        } catch (error) {
          // Whoever began it was stopped, which is no answer for the others.
          if (other === undefined || !other.signal.aborted || ctx.signal.aborted) throw error;
        } finally {
          if (pending.get(key) === running) pending.delete(key);
        }
      }
    },
  };
}
