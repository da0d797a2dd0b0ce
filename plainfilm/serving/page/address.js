// The server's addresses, as seen from this file: they hold under any sub path that a proxy serves the page at.

const ROOT = new URL("..", import.meta.url);

/** The whole address of a path of the server, such as "v1/models". */
export function addressOf(path) {
  return new URL(path, ROOT);
}
