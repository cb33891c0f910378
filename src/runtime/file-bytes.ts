/**
 * Puts the bytes of files into a request that is about to leave: the log holds references only. The same request gets
 * the same bytes each time. Never keeps any, and never fails for a file that is gone.
 */
import { gone, type StoredBlock, storedIn } from '../core/attachments.ts';
import type { Files } from '../core/files.ts';
import type { Block, Json, Message, ModelRequest } from '../core/ports.ts';

/** @param chat whose files the request's references mean */
export function withBytes(request: ModelRequest, chat: string, files: Files): ModelRequest {
  return { ...request, messages: request.messages.map((message) => filled(message, chat, files)) };
}

function filled(message: Message, chat: string, files: Files): Message {
  if (message.role !== 'user' || !message.content.some(storedIn)) return message;
  const content = message.content.map((block) => {
    const stored = storedIn(block);
    return stored ? sent(stored, block.cache_control, chat, files) : block;
  });
  return { role: 'user', content };
}

function sent(stored: StoredBlock, mark: Json | undefined, chat: string, files: Files): Block {
  const { name, file } = stored.source;
  const source = sourceOf(stored, chat, file, files);
  const marked = mark === undefined ? {} : { cache_control: mark };
  if (source === undefined) return { ...gone(stored), ...marked };
  return stored.type === 'image'
    ? { type: 'image', source, ...marked }
    : { type: 'document', source, title: name, ...marked };
}

function sourceOf({ source }: StoredBlock, chat: string, file: string, files: Files): Block | undefined {
  const { media_type } = source;
  if (media_type === 'text/plain') {
    const bytes = files.bytes(chat, file);
    return bytes && { type: 'text', media_type, data: new TextDecoder().decode(bytes) };
  }
  const data = files.base64(chat, file);
  return data === undefined ? undefined : { type: 'base64', media_type, data };
}
