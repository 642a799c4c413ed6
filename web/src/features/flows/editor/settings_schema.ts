// The form of `settings`; the server judges it.
const duration = (title: string, description: string) => ({ type: 'string', format: 'duration', title, description });

export const settingsSchema = {
  type: 'object',
  properties: {
    durability: {
      title: 'Durability',
      description: 'strict (default): before a step with effects everything before it is on disk.',
      enum: ['strict', 'relaxed', 'none'],
    },
    timeout: duration('Timeout of a run', 'Such as 30s, 5m or 24h. Default: none.'),
    max_attempts: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      title: 'Attempts together',
      description: 'Of all tasks of a run; beyond it a failing step is not tried again.',
    },
    priority: {
      title: 'Priority',
      description: '1 starts first; default 3.',
      enum: [1, 2, 3, 4, 5],
    },
    concurrency: {
      type: 'object',
      title: 'Runs at once',
      properties: {
        limit: { type: 'integer', minimum: 1, title: 'Limit', description: 'The others are queued.' },
        key: {
          type: 'string',
          title: 'For each',
          description: 'A template over input and vars: the limit counts for each of its values.',
        },
      },
    },
    error_flow: { type: 'string', title: 'Error flow', description: 'Started when a run fails or times out.' },
    retention: {
      type: 'object',
      title: 'Ended runs are kept',
      properties: {
        succeeded: duration('Succeeded', 'Such as 168h; 0s: for ever.'),
        failed: duration('Failed', 'Timed out ones too.'),
      },
    },
    record: { type: 'boolean', title: 'Record', description: 'Keep whole outputs of steps with effects, for replay.' },
  },
};
