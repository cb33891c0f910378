/**
 * Makes a picture that is too large for a model small enough, as models scale it down anyway. Changes nothing else, and
 * no picture that fits. Owns the bounds.
 */

/** Bytes of a picture that a model takes. */
const MAX_BYTES = 3_900_000;
const MAX_SIDE = 8_000;
/** Pixels on the longer side of one that is made smaller. */
const SIDE = 2_000;
const QUALITY = 0.9;

/** The same file, or a smaller picture of it. One that can't be read as a picture is left to the gateway to judge. */
export async function shrunk(file: File): Promise<File> {
  if (!/^image\/(png|jpeg|webp)$/.test(file.type)) return file;
  const picture = await createImageBitmap(file).catch(() => undefined);
  if (!picture) return file;
  try {
    const { width, height } = picture;
    if (file.size <= MAX_BYTES && Math.max(width, height) <= MAX_SIDE) return file;
    const scale = Math.min(1, SIDE / Math.max(width, height));
    const canvas = new OffscreenCanvas(Math.round(width * scale) || 1, Math.round(height * scale) || 1);
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY });
    return new File([blob], file.name.replace(/\.\w+$/, '.jpg'), { type: blob.type });
  } finally {
    picture.close();
  }
}
