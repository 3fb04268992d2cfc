import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomUUID, sign, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './context.ts';
import { missingPeer, requirePeer } from './peers.ts';

export const DOCKER_REGISTRY = 'docker-registry';
