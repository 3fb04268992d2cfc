/**
 * `slipway/testing`: a registry for tests, in this process, on a free loopback port, with faults by script. It is the server of
 * `slipway registry serve`.
 */
export { withContext } from './core/with-context.ts';
export type { Context } from './core/context.ts';
export { htpasswdUsers, layoutBackend, memoryBackend, serveRegistry } from './registryd/serve.ts';
export type { RegistryServer, RequestLine, ServeOptions, ServerRequest } from './registryd/serve.ts';
export type { ServerAuth } from './registryd/auth.ts';
export type { RegistryBackend } from './registryd/backend.ts';
export type { Fault } from './registryd/fault.ts';
export { faultScript, type FaultRule } from './registryd/fault-script.ts';
