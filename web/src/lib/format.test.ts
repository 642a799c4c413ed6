import { describe, expect, it } from 'vitest';
import {
  formatAgo,
  formatBetween,
  formatBytes,
  formatCount,
  formatDuration,
  formatMoney,
  formatNumber,
  formatShare,
  formatWord,
} from './format';

describe('durations', () => {
  it.each([
    [0, '0 ms'],
    [-5, '0 ms'],
    [820, '820 ms'],
    [999.6, '1.0 s'],
    [8200, '8.2 s'],
    [9960, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 m'],
    [252_000, '4 m 12 s'],
    [11_100_000, '3 h 5 m'],
    [187_200_000, '2 d 4 h'],
    [172_800_000, '2 d'],
  ])('%d ms reads as %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it('what has not begun has none, and what has not ended lasts until now', () => {
    expect(formatBetween(null, null)).toBe('');
    expect(formatBetween('2026-11-26T10:00:00Z', null, Date.parse('2026-11-26T10:00:02Z'))).toBe('2.0 s');
    expect(formatBetween('2026-11-26T10:00:00Z', '2026-11-26T10:00:00.82Z')).toBe('820 ms');
  });
});

describe('money', () => {
  it.each([
    ['0', '$0'],
    ['0.000000', '$0'],
    ['0.0000002', '<$0.000001'],
    ['0.000123', '$0.000123'],
    ['0.0298', '$0.0298'],
    ['0.5', '$0.50'],
    ['0.25001', '$0.25'],
    ['12.4', '$12.40'],
    ['1204.2', '$1,204'],
    ['-3.5', '-$3.50'],
    ['nothing', ''],
  ])('%s dollars read as %s', (usd, text) => expect(formatMoney(usd)).toBe(text));
});

describe('counts and sizes', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [12_400, '12.4k'],
    [999_960, '1M'],
    [3_100_000, '3.1M'],
    [250_000_000, '250M'],
    [2_000_000_000, '2B'],
  ])('%d reads as %s', (count, text) => expect(formatCount(count)).toBe(text));
  it.each([
    [512, '512 B'],
    [12_700, '12.4 KiB'],
    [5 * 1024 * 1024, '5 MiB'],
  ])('%d bytes read as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
  it('shares keep a digit only where it says something', () => {
    expect([0, 0.004, 0.12, 1].map(formatShare)).toEqual(['0 %', '0.4 %', '12 %', '100 %']);
  });
  it('one is not many', () => {
    expect(formatNumber(1, 'run')).toBe('1 run');
    expect(formatNumber(1200, 'entry', 'entries')).toBe('1,200 entries');
    expect(formatWord('timed_out')).toBe('timed out');
  });
});

describe('ages', () => {
  const now = Date.parse('2026-11-26T12:00:00Z');
  it.each([
    ['2026-11-26T11:59:58Z', 'just now'],
    ['2026-11-26T11:59:30Z', '30 s ago'],
    ['2026-11-26T11:57:00Z', '3 min ago'],
    ['2026-11-26T14:00:30Z', 'in 2 h'],
    ['2026-11-21T12:00:00Z', '5 d ago'],
    ['2026-01-02T12:00:00Z', '2 Jan 2026'],
    ['no time', ''],
  ])('%s reads as %s', (time, text) => expect(formatAgo(time, now)).toBe(text));
});
