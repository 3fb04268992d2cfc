import { systemClock } from '../../src/core/clock.ts';
import { issueCertificate, newKeys, type IssuedCertificate, type IssueOptions } from '../../src/core/x509-issue.ts';

/** Enough for a server and a client that share none: making one takes longer than most tests. */
const KEYS = 4;

export interface TestCertificate extends IssueOptions {
  /** Default: 127.0.0.1. */
  readonly hosts?: readonly string[];
}

const made: ReturnType<typeof newKeys>[] = [];
let taken = 0;

/** A certificate of an authority of its own; keys are shared among all of this process. */
export function testCertificate({
  hosts = ['127.0.0.1'],
  ...options
}: TestCertificate = {}): Promise<IssuedCertificate> {
  return issueCertificate(hosts, systemClock, { keys: nextKeys, ...options });
}

function nextKeys(): ReturnType<typeof newKeys> {
  const at = taken % KEYS;
  taken += 1;
  return (made[at] ??= newKeys());
}
