// Flows to begin with. Each is valid as it is and runs without any provider: models are simulated.
import type { FlowDocument } from '@/components/data/flow';

export interface Example {
  id: string;
  title: string;
  says: string;
  document: FlowDocument;
}

const at = (column: number, row = 0) => ({ x: column * 288, y: row * 110 });

export const empty: FlowDocument = { nodes: [{ id: 'input', type: 'input', position: at(0) }] };

export const examples: Example[] = [
  {
    id: 'urgency',
    title: 'Ask a model',
    says: 'A prompt with a field of the input, retried when the model fails, and the answer put into words.',
    document: {
      input_schema: {
        type: 'object',
        required: ['text'],
        properties: { text: { type: 'string', title: 'Text', description: 'What the model judges.' } },
      },
      nodes: [
        {
          id: 'classify',
          type: 'llm.chat',
          name: 'Judge urgency',
          config: { prompt: 'How urgent is this? {{ input.text }}' },
          retry: { max_attempts: 3, backoff: '1s' },
          position: at(0),
        },
        {
          id: 'answer',
          type: 'set',
          name: 'Put into words',
          config: { values: { line: 'It is {{ nodes.classify.output.text }}.' } },
          position: at(1),
        },
      ],
      edges: [{ from: 'classify', to: 'answer' }],
      output: '{{ nodes.answer.output.line }}',
    },
  },
  {
    id: 'switch',
    title: 'Choose a way',
    says: 'A switch with two ports: large orders wait for a signal, small ones go on at once.',
    document: {
      input_schema: {
        type: 'object',
        required: ['order', 'total'],
        properties: { order: { type: 'string', title: 'Order' }, total: { type: 'number', title: 'Total' } },
      },
      nodes: [
        {
          id: 'size',
          type: 'switch',
          name: 'How large?',
          config: { cases: [{ port: 'large', when: 'input.total > 100' }], default: 'small' },
          position: at(0),
        },
        {
          id: 'approved',
          type: 'wait.signal',
          name: 'Wait for a yes',
          config: { name: 'approved', key: '{{ input.order }}' },
          timeout: '24h',
          position: at(1, -0.5),
        },
        {
          id: 'ship',
          type: 'set',
          name: 'Ship',
          config: { values: { shipped: '{{ input.order }}' } },
          join: 'any',
          position: at(2),
        },
      ],
      edges: [
        { from: 'size', to: 'approved', from_port: 'large' },
        { from: 'size', to: 'ship', from_port: 'small' },
        { from: 'approved', to: 'ship' },
      ],
      output: '{{ nodes.ship.output }}',
    },
  },
  {
    id: 'map',
    title: 'Each item of a list',
    says: 'A map runs an inner graph for each item, several at a time; items that fail are collected.',
    document: {
      nodes: [
        {
          id: 'each',
          type: 'map',
          name: 'Halve each number',
          config: {
            items: '{{ input.?numbers.orValue([4, 7, 10]) }}',
            concurrency: 2,
            on_item_error: 'collect',
            body: {
              nodes: [
                {
                  id: 'parity',
                  type: 'switch',
                  config: { cases: [{ port: 'odd', when: 'item % 2 == 1' }], default: 'even' },
                  position: at(0),
                },
                { id: 'half', type: 'set', config: { values: { is: '{{ item / 2 }}' } }, position: at(1, 0.5) },
                { id: 'odd', type: 'fail', config: { message: '{{ item }} is odd' }, position: at(1, -0.5) },
              ],
              edges: [
                { from: 'parity', to: 'half', from_port: 'even' },
                { from: 'parity', to: 'odd', from_port: 'odd' },
              ],
              output: '{{ nodes.half.output.is }}',
            },
          },
          position: at(0),
        },
      ],
      output: '{{ nodes.each.output }}',
    },
  },
];
