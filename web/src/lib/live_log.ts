// What has arrived on each topic: keeps the last number for resuming, drops what came twice, holds changes until they are
// handed over together. No socket here, so that it can be tested.

export interface LiveChange {
  topic: string;
  /** The event's type ("run.started"), of a run's topic its entry's kind ("step.succeeded"); or "resync": history is missing, read anew. */
  type: string;
  /** Of a run's topic: the step that the entry tells of ("each[17]/send"). */
  path?: string;
  /** The object that it tells of ("run_…"). */
  subject?: string;
  data: Record<string, unknown>;
  /** Its number on the topic; absent for progress, which is not kept. */
  id?: number;
  time?: string;
}

export interface LiveState {
  kind: 'connecting' | 'live' | 'reconnecting' | 'polling' | 'paused';
  /** When it became so; while it is not live, when what is shown began to grow old. */
  since: number;
}

interface Message {
  topic?: unknown;
  id?: unknown;
  resync?: unknown;
  event?: {
    type?: unknown;
    subject?: unknown;
    data?: unknown;
    time?: unknown;
    // An entry of a run's journal.
    kind?: unknown;
    path?: unknown;
    at?: unknown;
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** What is new to a part of the page whose data were read at the event `after`; progress has no number and always is. */
export function changesAfter(changes: LiveChange[], after: number | undefined): LiveChange[] {
  if (after === undefined || changes.every((change) => (change.id ?? after + 1) > after)) return changes;
  return changes.filter((change) => (change.id ?? after + 1) > after);
}

export class LiveLog {
  private readonly last = new Map<string, number>();
  private waiting = new Map<string, LiveChange[]>();

  /** One message of the socket; false when there is nothing new in it. */
  take(text: string): boolean {
    let message: Message;
    try {
      message = JSON.parse(text) as Message;
    } catch {
      return false;
    }
    const { topic, id } = message;
    if (typeof topic !== 'string') return false; // an answer to a subscription
    if (message.resync === true) {
      if (typeof id === 'number') this.last.set(topic, id);
      return this.add({ topic, type: 'resync', data: {} });
    }
    if (typeof id === 'number') {
      if (id <= (this.last.get(topic) ?? -1)) return false;
      this.last.set(topic, id);
    }
    const event = message.event ?? {};
    return this.add({
      topic,
      type: textOf(event.type) ?? textOf(event.kind) ?? '',
      path: textOf(event.path),
      subject: textOf(event.subject),
      data: typeof event.data === 'object' && event.data ? (event.data as Record<string, unknown>) : {},
      id: typeof id === 'number' ? id : undefined,
      time: textOf(event.time) ?? textOf(event.at),
    });
  }

  private add(change: LiveChange): boolean {
    const waiting = this.waiting.get(change.topic);
    if (waiting) waiting.push(change);
    else this.waiting.set(change.topic, [change]);
    return true;
  }

  /** What has gathered, by topic; a topic that must be read anew has that alone. */
  drain(): Map<string, LiveChange[]> {
    const drained = this.waiting;
    this.waiting = new Map();
    for (const [topic, changes] of drained) {
      const resync = changes.find((change) => change.type === 'resync');
      if (resync) drained.set(topic, [resync]);
    }
    return drained;
  }

  /** What is known of the topic already, so that it is resumed after this number; a topic that has events stays where it is. */
  startAfter(topic: string, number: number): void {
    if (!this.last.has(topic)) this.last.set(topic, number);
  }

  /** The last number of a topic. */
  lastOf(topic: string): number | undefined {
    return this.last.get(topic);
  }

  knows(topic: string): boolean {
    return this.last.has(topic);
  }

  /** The numbers to go on after, of the topics that have had events. */
  resumeFrom(topics: string[]): Record<string, number> {
    const known = topics.filter((topic) => this.last.has(topic));
    return Object.fromEntries(known.map((topic) => [topic, this.last.get(topic)!]));
  }

  forget(topic?: string): void {
    if (topic === undefined) {
      this.last.clear();
      this.waiting.clear();
    } else {
      this.last.delete(topic);
      this.waiting.delete(topic);
    }
  }
}
