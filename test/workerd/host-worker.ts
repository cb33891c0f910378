/** A Worker with two classes of objects that remember words and keep an alarm: what the test of the host runs. */
import { DurableObject } from 'cloudflare:workers';

interface Shelf {
  getByName(name: string): { fetch(request: Request): Promise<Response> };
}

interface Env {
  readonly WORDS: Shelf;
  readonly OTHERS: Shelf;
  readonly GREETING: string;
  readonly NUMBERS: readonly number[];
}

/** `POST ?word=` remembers it, `POST ?alarm=MS` sets the alarm, `GET ?wait=MS` holds the call; all answer with all. */
export class Words extends DurableObject<Env> {
  private readonly born = crypto.randomUUID();

  async fetch(request: Request): Promise<Response> {
    const asked = new URL(request.url).searchParams;
    this.open();
    const word = asked.get('word');
    if (word !== null) this.remember(word);
    const alarm = asked.get('alarm');
    if (alarm !== null) await this.ctx.storage.setAlarm(Date.now() + Number(alarm));
    const wait = asked.get('wait');
    if (wait !== null) await new Promise((resolve) => setTimeout(resolve, Number(wait)));
    const words = this.ctx.storage.sql.exec('SELECT word FROM words ORDER BY at').toArray();
    return Response.json({ born: this.born, words: words.map((row) => row.word) });
  }

  async alarm(): Promise<void> {
    this.open();
    this.remember(`alarm of ${this.ctx.id.name}`);
  }

  private open(): void {
    this.ctx.storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS words (at INTEGER PRIMARY KEY, word TEXT NOT NULL)',
    );
  }

  private remember(word: string): void {
    this.ctx.storage.sql.exec('INSERT INTO words (word) VALUES (?)', word);
  }
}

export class Others extends Words {}

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    const url = new URL(request.url);
    const [, kind, name = ''] = url.pathname.split('/');
    if (kind === 'words') return env.WORDS.getByName(name).fetch(request);
    if (kind === 'others') return env.OTHERS.getByName(name).fetch(request);
    return Response.json({ host: url.host, greeting: env.GREETING, numbers: env.NUMBERS });
  },
};
