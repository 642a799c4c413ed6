import { describe, expect, it } from 'vitest';
import { LiveLog } from './live_log';

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
  it('answers to subscriptions, nonsense and foreign shapes are nothing new', () => {
    const log = new LiveLog();
    for (const text of ['{"subscribed":["events"]}', 'no json', '{"topic":7}', '{"error":{"code":"forbidden"}}']) {
      expect(log.take(text)).toBe(false);
    }
    expect(log.take('{"topic":"events","event":"odd"}')).toBe(true);
    expect(log.drain().get('events')?.[0]).toMatchObject({ type: '', data: {} });
  });
});
