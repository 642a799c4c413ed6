// The attempts of a step, each with its time and how it ended; opened, its error or output as the journal has it.

import { ChevronDown, ChevronRight } from 'lucide-react';
import { JsonView } from '@/components/data/JsonView';
import type { Json } from '@/components/data/json';
import { sizeText } from '@/components/data/sizes';
import { Loaded, Loading } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Money, Tokens } from '@/components/Values';
import { formatAgo, formatDuration, formatTime } from '@/lib/format';
import type { Attempt } from './journal';
import { useEntry } from './queries';
import classes from './Run.module.css';

interface AttemptsProps {
  run: string;
  attempts: readonly Attempt[] | undefined;
  loading: boolean;
  /** The number of the one that is open; 0: none. */
  open: number;
  onOpen: (attempt: number) => void;
}

export function Attempts({ run, attempts, loading, open, onOpen }: AttemptsProps) {
  if (!attempts) return loading ? <Loading rows={3} /> : <p className="quiet">It was never tried.</p>;
  return (
    <ol className={classes.attempts}>
      {attempts.map((attempt) => {
        const shown = attempt.number === open;
        return (
          <li key={`${attempt.number} ${attempt.from}`}>
            <button
              type="button"
              className={classes.attempt}
              aria-expanded={shown}
              onClick={() => onOpen(shown ? 0 : attempt.number)}
            >
              {shown ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
              <span>Attempt {attempt.number}</span>
              <StatusMark status={attempt.end ?? 'running'} />
              {attempt.to !== undefined && <span className="num">{formatDuration(attempt.to - attempt.from)}</span>}
              <span className="meta" title={formatTime(attempt.from)}>
                {formatAgo(attempt.from)}
              </span>
            </button>
            {shown && <AttemptBody run={run} attempt={attempt} />}
          </li>
        );
      })}
    </ol>
  );
}

function AttemptBody({ run, attempt }: { run: string; attempt: Attempt }) {
  const entry = useEntry(run, attempt.seq);
  return (
    <div className={`${classes.attemptBody} stack`}>
      <div className={`${classes.chips} meta`}>
        <span>Began {formatTime(attempt.from)}</span>
        {attempt.to !== undefined && <span>ended {formatTime(attempt.to)}</span>}
        {attempt.usage && (
          <span>
            {attempt.usage.model} <Tokens input={attempt.usage.input_tokens} output={attempt.usage.output_tokens} />{' '}
            tokens, <Money usd={attempt.usage.cost_usd} />
          </span>
        )}
      </div>
      {attempt.retryAt !== undefined && <p>The next attempt was set for {formatTime(attempt.retryAt)}.</p>}
      {attempt.seq !== undefined && (
        <Loaded query={entry} what="What it gave">
          {(found) =>
            found?.value !== undefined ? (
              <JsonView label={`What attempt ${attempt.number} gave`} value={found.value as Json} />
            ) : (
              <p className="quiet">
                {found?.value_bytes
                  ? `Its value has ${sizeText(found.value_bytes)}; the last attempt's is under Output.`
                  : 'It left no value.'}
              </p>
            )
          }
        </Loaded>
      )}
    </div>
  );
}
