// How numbers, times and money read. Pure functions; the components Ago, Money and Tokens show them with the full value on hover.

const seconds = (ms: number, digits: number) => `${(ms / 1000).toFixed(digits)} s`;

/** 820 ms, 8.2 s, 4 m 12 s, 3 h 5 m, 2 d 4 h. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < 1000) return `${whole} ms`;
  if (whole < 9_950) return seconds(whole, 1);
  if (whole < 59_500) return seconds(whole, 0);
  const total = Math.round(whole / 1000);
  const [days, hours, minutes, rest] = [
    Math.floor(total / 86400),
    Math.floor(total / 3600) % 24,
    Math.floor(total / 60) % 60,
    total % 60,
  ];
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`;
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} m` : `${hours} h`;
  return rest > 0 ? `${minutes} m ${rest} s` : `${minutes} m`;
}

/** Between two times of the API; `to` absent: until now. Empty when it has not begun. */
export function formatBetween(
  from: string | null | undefined,
  to: string | null | undefined,
  now = Date.now(),
): string {
  if (!from) return '';
  return formatDuration((to ? Date.parse(to) : now) - Date.parse(from));
}

/** The API's money is a decimal string of dollars. $0.0298 below a dollar, $12.40 above, $1,204 from a thousand on. */
export function formatMoney(usd: string | number): string {
  const value = typeof usd === 'number' ? usd : Number(usd);
  if (!Number.isFinite(value)) return '';
  const sign = value < 0 ? '-' : '';
  const size = Math.abs(value);
  if (size === 0) return '$0';
  if (size < 0.000001) return `${sign}<$0.000001`;
  if (size < 0.01) return `${sign}$${trimZeros(size.toFixed(6))}`;
  if (size < 1) return `${sign}$${trimZeros(size.toFixed(4), 2)}`;
  if (size < 1000) return `${sign}$${size.toFixed(2)}`;
  return `${sign}$${Math.round(size).toLocaleString('en-US')}`;
}

function trimZeros(text: string, keep = 0): string {
  const least = text.indexOf('.') + 1 + keep;
  let end = text.length;
  while (end > least && text[end - 1] === '0') end--;
  return text.slice(0, text[end - 1] === '.' ? end - 1 : end);
}

/** 980, 12.4k, 3.1M. */
export function formatCount(count: number): string {
  const size = Math.abs(count);
  if (size < 1000) return String(count);
  for (const [unit, letter] of [
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (size < unit * 0.9995) continue;
    const scaled = count / unit;
    return `${Math.abs(scaled) < 99.95 ? trimZeros(scaled.toFixed(1)) : Math.round(scaled)}${letter}`;
  }
  return `${Math.round(count / 1000)}k`;
}

/** 512 B, 12.4 KiB, 3.1 MiB. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 99.95 ? trimZeros(value.toFixed(1)) : Math.round(value)} ${units[unit]}`;
}

/** 0.4 %, 12 %, 100 %. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 9.95) return `${trimZeros(percent.toFixed(1))} %`;
  return `${Math.round(percent)} %`;
}

/** "just now", "3 min ago", "in 2 h", "5 d ago", then the date. */
export function formatAgo(time: string | number, now = Date.now()): string {
  const at = typeof time === 'number' ? time : Date.parse(time);
  if (Number.isNaN(at)) return '';
  const age = now - at;
  const size = Math.abs(age);
  if (size < 5_000) return 'just now';
  const said =
    size < 60_000
      ? `${Math.floor(size / 1000)} s`
      : size < 3_600_000
        ? `${Math.floor(size / 60_000)} min`
        : size < 86_400_000
          ? `${Math.floor(size / 3_600_000)} h`
          : size < 30 * 86_400_000
            ? `${Math.floor(size / 86_400_000)} d`
            : '';
  if (!said) return formatDate(at);
  return age >= 0 ? `${said} ago` : `in ${said}`;
}

/** 26 Nov 2026, in the browser's zone. */
export function formatDate(time: string | number): string {
  return new Date(time).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

/** 26 Nov 2026, 19:31:04 GMT+1: date, time and zone, for hovers and details. */
export function formatTime(time: string | number): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return '';
  return at.toLocaleString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  });
}

/** "succeeded", "timed out": a word of the API as people read it. */
export function formatWord(word: string): string {
  return word.replaceAll('_', ' ');
}

/** "1 run", "37 runs". */
export function formatNumber(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

/** What is wrong with a typed dollar amount; the API takes a decimal with at most nine places, not below zero. */
export function amountMistake(text: string): string | undefined {
  if (text.trim() === '') return 'How many US dollars?';
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text.trim())) return 'A number of US dollars, such as 7 or 12.50';
  return undefined;
}
