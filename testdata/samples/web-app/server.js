// Answers every request with what it knows about how it was started: JSON, or HTML for a browser.
import { createServer } from 'node:http';
import { getHeapStatistics } from 'node:v8';
import bytes from 'bytes';
import escapeHtml from 'escape-html';
import etag from 'etag';
import ms from 'ms';
import { message } from './message.js';

const server = createServer((request, response) => {
  const facts = {
    message,
    // Set when the container starts, by the greeting buildpack's exec.d program and its profile.d script.
    fromExecD: process.env.GREETING_FROM_EXEC_D,
    fromProfileD: process.env.GREETING_FROM_PROFILE_D,
    nodeEnv: process.env.NODE_ENV,
    node: process.version,
    memory: bytes(getHeapStatistics().used_heap_size),
    up: ms(Math.round(process.uptime() * 1000)),
  };
  const wantsHtml = request.headers.accept?.includes('text/html') === true;
  const body = wantsHtml ? toHtml(facts) : `${JSON.stringify(facts, null, 2)}\n`;
  response.writeHead(200, {
    'content-type': wantsHtml ? 'text/html; charset=utf-8' : 'application/json',
    etag: etag(body),
  });
  response.end(body);
});

function toHtml(facts) {
  const rows = Object.entries(facts).map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(String(value))}</dd>`);
  return `<!doctype html><title>${escapeHtml(message)}</title><dl>${rows.join('')}</dl>\n`;
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}

server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? '0.0.0.0', () => {
  console.log(`listening on port ${server.address().port}`);
});
