// A model's call as a conversation: what it was told, what it said, which tools it asked for.

import { useQuery } from '@tanstack/react-query';
import { isObject, type Json } from '@/components/data/json';
import { Markdown } from '@/components/data/Markdown';
import { byteLength, STRUCTURE_LIMIT } from '@/components/data/sizes';
import { Failed, Loading } from '@/components/States';
import { type Message, messagesOf } from './messagesOf';
import { readWhole } from './queries';
import classes from './Run.module.css';
import { useGiven } from './stepInput';
import type { Model } from './useModel';

export function Messages({ model, path }: { model: Model; path: string }) {
  const run = model.run.data!;
  const step = model.tree.nodes.get(path)?.step;
  const given = useGiven(run.id, path, model.tree, model.document, true);
  const output = useQuery({
    queryKey: ['run', run.id, 'messages', path, step?.finished_at],
    queryFn: () => readWhole({ run: run.id, step: path }, STRUCTURE_LIMIT),
    enabled: step?.status === 'succeeded',
  });
  if (given.isError) return <Failed error={given.error} what="The messages" onRetry={() => void given.refetch()} />;
  if (given.isPending || output.isLoading) return <Loading rows={5} />;
  const told = given.data.value ?? given.data.written;
  const messages = messagesOf(told, output.data);
  if (messages.length === 0) return <p className="quiet">There are no messages.</p>;
  return (
    <div className={classes.messages}>
      {given.data.why && <p className={classes.note}>{given.data.why}</p>}
      {messages.map((message, index) => (
        <MessageBox key={index} message={message} />
      ))}
    </div>
  );
}

function MessageBox({ message }: { message: Message }) {
  return (
    <section className={classes.message} data-role={message.role}>
      <h4>{message.role}</h4>
      {message.text && <Markdown text={message.text} bytes={byteLength(message.text)} />}
      {message.calls?.map((call, index) => (
        <pre key={index} style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', margin: 0 }}>
          {callText(call)}
        </pre>
      ))}
    </section>
  );
}

function callText(call: Json): string {
  const name = isObject(call) && typeof call.name === 'string' ? call.name : 'tool';
  const given = isObject(call) ? (call.arguments ?? call.input ?? call) : call;
  return `${name}(${typeof given === 'string' ? given : JSON.stringify(given, null, 2)})`;
}
