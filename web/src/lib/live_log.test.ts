import { describe, expect, it } from 'vitest';
import { changesAfter, LiveLog } from './live_log';

const event = (topic: string, id: number, type = 'run.started') =>
  JSON.stringify({ topic, id, event: { type, subject: 'run_1', data: { status: 'running' } } });
const types = (log: LiveLog, topic: string) =>
  log
    .drain()
    .get(topic)
    ?.map((change) => `${change.type} ${change.id}`);

describe('what arrives on a topic', () => {
  it('each event is handed over once, in order', () => {
    const log = new LiveLog();
    expect(log.take(event('events', 4))).toBe(true);
    expect(log.take(event('events', 5))).toBe(true);
    expect(log.take(event('events', 5))).toBe(false);
    expect(log.take(event('events', 4))).toBe(false);
    expect(types(log, 'events')).toEqual(['run.started 4', 'run.started 5']);
    expect(log.drain().size).toBe(0);
  });
  it('it is resumed after the last number of each topic that has one', () => {
    const log = new LiveLog();
    log.take(event('events', 12));
    log.take(event('run/run_1', 3));
    expect(log.resumeFrom(['events', 'run/run_1', 'run/run_2'])).toEqual({ events: 12, 'run/run_1': 3 });
    log.forget('run/run_1');
    expect(log.knows('run/run_1')).toBe(false);
    expect(log.knows('events')).toBe(true);
  });
  it('where history is missing, that is all that is said, and it goes on from there', () => {
    const log = new LiveLog();
    log.take(event('events', 2));
    log.take(JSON.stringify({ topic: 'events', id: 90, resync: true }));
    log.take(event('events', 91));
    expect(types(log, 'events')).toEqual(['resync undefined']);
    expect(log.resumeFrom(['events'])).toEqual({ events: 91 });
  });
  it('progress has no number and does not move the place', () => {
    const log = new LiveLog();
    log.take(event('run/run_1', 3));
    log.take(JSON.stringify({ topic: 'run/run_1', live: true, event: { type: 'step.text', data: { text: 'a' } } }));
    expect(log.resumeFrom(['run/run_1'])).toEqual({ 'run/run_1': 3 });
    expect(types(log, 'run/run_1')).toEqual(['run.started 3', 'step.text undefined']);
  });
  it('an entry of a run tells its kind, its step and its time', () => {
    const log = new LiveLog();
    const entry = { seq: 7, kind: 'step.succeeded', path: 'each[17]/send', at: '2026-11-26T20:15:00Z', attempt: 1 };
    log.take(JSON.stringify({ topic: 'run/run_1', id: 7, event: entry }));
    expect(log.drain().get('run/run_1')).toEqual([
      { topic: 'run/run_1', type: 'step.succeeded', path: 'each[17]/send', data: {}, id: 7, time: entry.at },
    ]);
  });
  it('it is resumed after the number that the data were read at, and what they had is not told again', () => {
    const log = new LiveLog();
    log.startAfter('events', 40);
    expect(log.resumeFrom(['events'])).toEqual({ events: 40 });
    expect(log.knows('events')).toBe(true);
    expect(log.take(event('events', 40))).toBe(false);
    expect(log.take(event('events', 41))).toBe(true);
    log.startAfter('events', 30);
    expect(log.lastOf('events')).toBe(41);
  });
  it('of two parts of the page each gets what is new to it alone', () => {
    const log = new LiveLog();
    for (const id of [41, 42, 43]) log.take(event('events', id));
    log.take(JSON.stringify({ topic: 'events', live: true, event: { type: 'run.waiting' } }));
    const changes = log.drain().get('events')!;
    const told = (after?: number) => changesAfter(changes, after).map((change) => change.id);
    expect(told()).toEqual([41, 42, 43, undefined]);
    expect(told(40)).toEqual([41, 42, 43, undefined]);
    expect(told(42)).toEqual([43, undefined]);
    expect(told(90)).toEqual([undefined]);
    expect(changesAfter([{ topic: 'events', type: 'resync', data: {} }], 90)).toHaveLength(1);
  });
  it('answers to subscriptions, nonsense and foreign shapes are nothing new', () => {
    const log = new LiveLog();
    for (const text of ['{"subscribed":["events"]}', 'no json', '{"topic":7}', '{"error":{"code":"forbidden"}}']) {
      expect(log.take(text)).toBe(false);
    }
    expect(log.take('{"topic":"events","event":"odd"}')).toBe(true);
    expect(log.drain().get('events')?.[0]).toMatchObject({ type: '', data: {} });
  });
});
