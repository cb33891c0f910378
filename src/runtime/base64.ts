/** Bytes as base64 and back, where the host has nothing faster. Pure. */

/** Bytes that are turned in one go: a multiple of three. */
const PIECE = 24_000;

export function toBase64(bytes: Uint8Array): string {
  let whole = '';
  for (let from = 0; from < bytes.length; from += PIECE) {
    whole += btoa(String.fromCharCode(...bytes.subarray(from, from + PIECE)));
  }
  return whole;
}

/** @throws when it isn't base64 */
export function fromBase64(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
