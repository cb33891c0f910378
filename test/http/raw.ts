/** HTTP by the byte, for what no client would send. */
import { once } from 'node:events';
import { connect } from 'node:net';

/** What comes back for pieces sent as they are, until the other side closes the connection. */
export async function raw(url: string, pieces: Iterable<string>): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('utf8');
  });
  // The other side may close while this one still writes: that is what is looked for.
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  for (const piece of pieces) {
    if (!socket.writable) break;
    socket.write(piece);
  }
  await closed;
  return answer;
}
