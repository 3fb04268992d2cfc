export const message = 'Hello from an image without a daemon';
