import type { Fault } from './fault.ts';
import type { ServeOptions, ServerRequest } from './serve.ts';

/** When something goes wrong, and what. */
export interface FaultRule {
  /** Absent: any. */
  readonly method?: string;
  /** Matched against path and query as sent. */
  readonly path: RegExp;
  /** Which of the matching requests, from 1 on; `every` is the default. */
  readonly nth?: number | 'every';
  /** A function makes it of the request: a redirect of the same path to another origin. */
  readonly fault: Fault | ((request: ServerRequest) => Fault);
}

/**
 * A script of faults for `serveRegistry({ intercept })`: the first rule that a request meets counts, and every rule counts the requests
 * that match it. One script serves one server.
 */
export function faultScript(rules: readonly FaultRule[]): NonNullable<ServeOptions['intercept']> {
  const seen = new Map<FaultRule, number>();
  return (request) => {
    let fault: Fault | undefined;
    for (const rule of rules) {
      if (!isMet(rule, request)) continue;
      const count = (seen.get(rule) ?? 0) + 1;
      seen.set(rule, count);
      const { nth = 'every' } = rule;
      if (nth === 'every' || nth === count)
        fault ??= typeof rule.fault === 'function' ? rule.fault(request) : rule.fault;
    }
    return fault;
  };
}

function isMet({ method, path }: FaultRule, request: ServerRequest): boolean {
  path.lastIndex = 0;
  return (method === undefined || method === request.method) && path.test(request.path);
}
