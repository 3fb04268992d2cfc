import type { FaultRow } from './fault-rows.ts';

const group = 'TLS';
const operations: FaultRow['operations'] = ['pull', 'push', 'analyze'];
const fails = 'REGISTRY_UNREACHABLE';

/** Lines of the fault matrix about certificates. */
export const TLS_ROWS: readonly FaultRow[] = [
  { group, fault: 'plain HTTP instead of TLS', operations, fails: 'REGISTRY_INSECURE', bed: { tls: {} } },
  {
    group,
    fault: 'the handshake is cut, every time',
    operations,
    fails,
    bed: {
      tls: { certificate: {}, isTrusted: true },
      line: { kind: 'ends', afterBytes: 100, times: 100, how: 'reset' },
    },
  },
  { group, fault: 'an issuer that is not trusted', operations, fails, bed: { tls: { certificate: {} } } },
  {
    group,
    fault: 'an expired certificate',
    operations,
    fails,
    bed: { tls: { certificate: { validDays: { from: -20, to: -10 } }, isTrusted: true } },
  },
  {
    group,
    fault: 'a certificate for another host',
    operations,
    fails,
    bed: { tls: { certificate: { hosts: ['other.example'] }, isTrusted: true } },
  },
];
