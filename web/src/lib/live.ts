// Live changes: one WebSocket to /api/v1/events for the whole page. A part of the page says which topic it shows and what to do
// when something happened there; it never reads the socket.
//
//   useLive('events', (changes) => { if (changes.some((c) => c.type.startsWith('run.'))) client.invalidateQueries({ queryKey: ['runs'] }); });
//   useLive(`run/${id}`, () => client.invalidateQueries({ queryKey: ['run', id] }));
//   useLive('events', onChanges, numberThatTheListWasReadAt);
//
// With a number the topic is followed from there: what happened since comes, what the data already had does not. Without one,
// a change of the type `resync` comes once the server listens, because something may have happened before.
// Each numbered event arrives once and in order: after a break the socket resumes after the last number it saw, and where the
// server no longer has those events a change of the type `resync` says to read anew. Changes are handed over together, at most
// ten times a second. A hidden page closes its socket and resumes when it is looked at. After three failures to connect,
// listeners get a `resync` every five seconds until the socket is back.

import ReconnectingWebSocket from 'partysocket/ws';
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { changesAfter, type LiveChange, LiveLog, type LiveState } from './live_log';

export type { LiveChange, LiveState } from './live_log';

const flushEvery = 100;
const pollEvery = 5_000;
const failuresBeforePolling = 3;

type Listener = (changes: LiveChange[]) => void;

class Live {
  /** With the number of the event that each one's data were read at. */
  private readonly listeners = new Map<string, Map<Listener, number | undefined>>();
  private readonly watchers = new Set<() => void>();
  private readonly log = new LiveLog();
  private socket: ReconnectingWebSocket | undefined;
  private workspace = '';
  private flushTimer: ReturnType<typeof setTimeout> | undefined;
  private pollTimer: ReturnType<typeof setInterval> | undefined;
  private failures = 0;
  /** Topics that were asked for without a number to go on after: something may have happened before the server listened. */
  private unsure: string[] = [];
  private state: LiveState = { kind: 'connecting', since: Date.now() };

  getState = (): LiveState => this.state;
  watch = (notify: () => void): (() => void) => {
    this.watchers.add(notify);
    return () => this.watchers.delete(notify);
  };

  /** Called by the shell with the workspace of the page; empty: nobody is signed in. */
  open(workspace: string): void {
    if (workspace === this.workspace) return;
    this.close();
    this.workspace = workspace;
    this.log.forget();
    if (!workspace) return;
    if (document.visibilityState === 'hidden') this.setState('paused');
    else this.connect();
  }

  listen(topic: string, listener: Listener, after?: number): () => void {
    const known = this.listeners.get(topic);
    if (known) {
      known.set(listener, after);
      // Others follow the topic and are further: what came since is not sent again.
      if (after !== undefined && after < (this.log.lastOf(topic) ?? after)) this.catchUp(topic, listener);
    } else {
      this.listeners.set(topic, new Map([[listener, after]]));
      if (after !== undefined) this.log.startAfter(topic, after);
      this.subscribe([topic]);
    }
    return () => {
      const left = this.listeners.get(topic);
      left?.delete(listener);
      if (left?.size !== 0) return;
      this.listeners.delete(topic);
      this.log.forget(topic);
      this.say({ unsubscribe: [topic] });
    };
  }

  /** Whether the page is looked at. */
  show(visible: boolean): void {
    if (!this.workspace) return;
    if (visible && !this.socket) this.connect();
    if (!visible) this.close('paused');
  }

  private connect(): void {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const url = `${scheme}://${location.host}/api/v1/events?workspace=${encodeURIComponent(this.workspace)}`;
    const socket = new ReconnectingWebSocket(url, [], {
      minReconnectionDelay: 300,
      maxReconnectionDelay: 5_000,
      reconnectionDelayGrowFactor: 1.7,
      connectionTimeout: 5_000,
      maxEnqueuedMessages: 0,
    });
    this.socket = socket;
    if (this.state.kind === 'paused') this.setState('connecting');
    socket.addEventListener('open', () => {
      this.failures = 0;
      this.stopPolling();
      this.setState('live');
      const topics = [...this.listeners.keys()];
      this.unsure = topics.filter((topic) => !this.log.knows(topic));
      this.subscribe(topics);
    });
    socket.addEventListener('message', (message) => {
      const text = String(message.data);
      if (this.log.take(text)) this.flushSoon();
      else if (this.unsure.length > 0 && text.includes('"subscribed"')) this.makeSure();
    });
    socket.addEventListener('close', () => {
      if (this.socket !== socket) return;
      this.failures++;
      if (this.state.kind === 'live' || this.state.kind === 'connecting') this.setState('reconnecting');
      if (this.failures >= failuresBeforePolling) this.startPolling();
    });
  }

  private close(kind: LiveState['kind'] = 'connecting'): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
    this.stopPolling();
    this.failures = 0;
    this.setState(kind);
  }

  private subscribe(topics: string[]): void {
    if (topics.length === 0) return;
    this.say({ subscribe: topics, resume_from: this.log.resumeFrom(topics) });
  }

  private say(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private makeSure(): void {
    for (const topic of this.unsure.splice(0)) this.tell(topic, [{ topic, type: 'resync', data: {} }]);
  }

  private flushSoon(): void {
    this.flushTimer ??= setTimeout(() => {
      this.flushTimer = undefined;
      for (const [topic, changes] of this.log.drain()) this.tell(topic, changes);
    }, flushEvery);
  }

  private tell(topic: string, changes: LiveChange[]): void {
    for (const [listener, after] of this.listeners.get(topic) ?? []) {
      const fresh = changesAfter(changes, after);
      if (fresh.length > 0) listener(fresh);
    }
  }

  /** Not at once: whoever listens is being drawn. */
  private catchUp(topic: string, listener: Listener): void {
    queueMicrotask(() => {
      if (this.listeners.get(topic)?.has(listener)) listener([{ topic, type: 'resync', data: {} }]);
    });
  }

  private startPolling(): void {
    if (this.pollTimer) return;
    this.setState('polling');
    this.pollTimer = setInterval(() => {
      for (const topic of this.listeners.keys()) this.tell(topic, [{ topic, type: 'resync', data: {} }]);
    }, pollEvery);
  }

  private stopPolling(): void {
    clearInterval(this.pollTimer);
    this.pollTimer = undefined;
  }

  private setState(kind: LiveState['kind']): void {
    if (this.state.kind === kind) return;
    // How old the data is counts from the moment the socket broke, through all further states.
    const since = kind === 'live' || this.state.kind === 'live' || kind === 'paused' ? Date.now() : this.state.since;
    this.state = { kind, since };
    for (const notify of this.watchers) notify();
  }
}

export const live = new Live();

/**
 * Calls `onChanges` with what happened on the topic, while the component is there. `topic` empty: nothing. `after`: the number of
 * the event that the data were read at; the one of the moment when the topic begins to be followed counts.
 */
export function useLive(topic: string, onChanges: Listener, after?: number): void {
  const latest = useRef(onChanges);
  latest.current = onChanges;
  const start = useRef(after);
  start.current = after;
  useEffect(
    () => (topic ? live.listen(topic, (changes) => latest.current(changes), start.current) : undefined),
    [topic],
  );
}

/** How the page hears of changes: what the pill in the top bar shows. */
export function useLiveState(): LiveState {
  return useSyncExternalStore(live.watch, live.getState);
}
