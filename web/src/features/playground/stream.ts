// The stream of a comparison: server-sent events, put together column by column. Pure, but for the reading of the answer's body.

export interface Column {
  model: string;
  text: string;
  done: boolean;
  answered_by?: string;
  first_token_ms?: number | null;
  duration_ms?: number;
  input_tokens?: number;
  output_tokens?: number;
  cost_usd?: string | null;
  run_id?: string | null;
  error?: string;
  tool_calls?: unknown[];
}

export interface ServerEvent {
  event: string;
  data: Record<string, unknown>;
}

/** Cuts what has arrived into events; `rest` is what has not ended yet. */
export function takeEvents(buffer: string): { events: ServerEvent[]; rest: string } {
  const events: ServerEvent[] = [];
  const blocks = buffer.split(/\r?\n\r?\n/);
  const rest = blocks.pop() ?? '';
  for (const block of blocks) {
    let event = 'message';
    const lines: string[] = [];
    for (const line of block.split(/\r?\n/)) {
      if (line.startsWith('event:')) event = line.slice(6).trim();
      if (line.startsWith('data:')) lines.push(line.slice(5).replace(/^ /, ''));
    }
    if (lines.length === 0) continue;
    try {
      events.push({ event, data: JSON.parse(lines.join('\n')) as Record<string, unknown> });
    } catch {
      // A line that is no JSON tells nothing.
    }
  }
  return { events, rest };
}

const number = (value: unknown) => (typeof value === 'number' ? value : undefined);

/** The columns after one more event. */
export function apply(columns: readonly Column[], { event, data }: ServerEvent): Column[] {
  const index = number(data.index) ?? -1;
  const change = (part: (column: Column) => Partial<Column>) =>
    columns.map((column, at) => (at === index ? { ...column, ...part(column) } : column));
  if (event === 'delta') return change((column) => ({ text: column.text + String(data.text ?? '') }));
  if (event !== 'result') return [...columns];
  const usage = (data.usage ?? {}) as Record<string, unknown>;
  const sum = (...names: string[]) => names.reduce((all, name) => all + (number(usage[name]) ?? 0), 0);
  const error = data.error as { message?: string; detail?: string; title?: string } | null | undefined;
  return change((column) => ({
    text: typeof data.text === 'string' && data.text !== '' ? data.text : column.text,
    done: true,
    answered_by: typeof data.answered_by === 'string' ? data.answered_by : undefined,
    first_token_ms: number(data.first_token_ms) ?? null,
    duration_ms: number(data.duration_ms),
    input_tokens: sum(
      'input_tokens',
      'prompt_tokens',
      'input_uncached',
      'cache_read',
      'cache_write_5m',
      'cache_write_1h',
    ),
    output_tokens: sum('output_tokens', 'completion_tokens', 'output_visible', 'output_reasoning'),
    cost_usd: typeof data.cost_usd === 'string' ? data.cost_usd : null,
    run_id: typeof data.run_id === 'string' ? data.run_id : null,
    error: error ? (error.message ?? error.detail ?? error.title ?? 'it failed') : undefined,
    tool_calls: Array.isArray(data.tool_calls) && data.tool_calls.length > 0 ? data.tool_calls : undefined,
  }));
}

/** Reads the answer's events as they come; ends with the answer, or when `signal` is aborted. */
export async function read(response: Response, take: (event: ServerEvent) => void): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  let buffer = '';
  for (;;) {
    const { done, value } = await reader.read();
    buffer += value ?? '';
    const { events, rest } = takeEvents(done ? `${buffer}\n\n` : buffer);
    buffer = rest;
    for (const event of events) take(event);
    if (done) return;
  }
}
