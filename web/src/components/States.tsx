// The screens of a list, panel or page that has nothing to show yet, or never will. Loading, empty, filtered and failed are four
// different things, and "none" is never said before the answer arrived.

import { Button, Skeleton } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { CircleX, Copy, Lock, RotateCw, SearchX } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { asProblem } from '@/api/problem';
import { Link } from './Link';
import classes from './States.module.css';

/**
 * The final shape in grey, after 150 ms. `height`: of a chart or a text, in pixels, as it will be. `rows`: lines of a table, more or
 * less; what stands below it on the page is shown when it is there (see Page), since it would move.
 */
export function Loading({ rows, height }: { rows?: number; height?: number }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 150);
    return () => clearTimeout(timer);
  }, []);
  const lines = rows ?? (height ? 1 : 6);
  return (
    <div
      className={classes.loading}
      role="status"
      aria-label="Loading"
      data-unsettled={height ? undefined : ''}
      style={height ? { height, padding: 0 } : { minHeight: rows ? `calc(${rows + 1} * var(--row))` : 160 }}
    >
      {shown &&
        Array.from({ length: lines }, (_, index) => (
          <Skeleton
            key={index}
            height={height ?? 14}
            width={height ? '100%' : `${92 - ((index * 17) % 40)}%`}
            radius={4}
          />
        ))}
    </div>
  );
}

/** Nothing there at all: one sentence, what to do, and the same on the command line. */
export function Empty({ children, action, command }: { children: ReactNode; action?: ReactNode; command?: string }) {
  return (
    <div className={classes.state}>
      <p>{children}</p>
      {action}
      {command && (
        <p className="meta">
          On the command line: <code>{command}</code>
        </p>
      )}
    </div>
  );
}

/** Nothing that fits the filters. */
export function FilteredEmpty({ what, onClear }: { what: string; onClear: () => void }) {
  return (
    <div className={classes.state}>
      <SearchX size={16} strokeWidth={1.75} aria-hidden />
      <p>No {what} fit the filters.</p>
      <Button onClick={onClear}>Clear filters</Button>
    </div>
  );
}

/** What went wrong, what to do, and the request's id for the log. 403 and 404 have screens of their own. */
export function Failed({ error, onRetry, what = 'This' }: { error: unknown; onRetry?: () => void; what?: string }) {
  const problem = asProblem(error);
  const [copied, setCopied] = useState(false);
  if (problem.status === 403) return <Forbidden detail={problem.detail} />;
  if (problem.status === 404) return <NotFound detail={problem.detail} />;
  const details = `${problem.title}\n${problem.detail}\nstatus ${problem.status} ${problem.code}\nrequest ${problem.requestId}\n${location.href}`;
  return (
    <div className={classes.state} role="alert">
      <CircleX size={16} strokeWidth={1.75} className="error" aria-hidden />
      <p>
        <strong>{what} could not be loaded: </strong>
        {problem.title}
      </p>
      {problem.detail && problem.detail !== problem.title && <p className="quiet">{problem.detail}</p>}
      {problem.requestId && (
        <p className="meta">
          Request <code>{problem.requestId}</code>
        </p>
      )}
      <div className="row wrap">
        {onRetry && (
          <Button leftSection={<RotateCw size={14} />} onClick={onRetry}>
            Try again
          </Button>
        )}
        <Button
          leftSection={<Copy size={14} />}
          variant="subtle"
          onClick={() => void navigator.clipboard?.writeText(details).then(() => setCopied(true))}
        >
          {copied ? 'Copied details' : 'Copy details'}
        </Button>
      </div>
    </div>
  );
}

export function Forbidden({ permission, role, detail }: { permission?: string; role?: string; detail?: string }) {
  return (
    <div className={classes.state} role="alert">
      <Lock size={16} strokeWidth={1.75} aria-hidden />
      <p>
        <strong>You may not see this.</strong>{' '}
        {permission
          ? `It needs the permission ${permission}${role ? `, which your role here, ${role}, lacks` : ''}.`
          : detail}
      </p>
      <p className="quiet">An owner or administrator of the workspace can give you another role.</p>
    </div>
  );
}

/** `back`: the list to look in instead. */
export function NotFound({
  what = 'page',
  detail,
  back,
}: {
  what?: string;
  detail?: string;
  back?: { to: string; label: string };
}) {
  return (
    <div className={classes.state} role="alert">
      <SearchX size={16} strokeWidth={1.75} aria-hidden />
      <p>
        <strong>There is no such {what}.</strong>
      </p>
      <p className="quiet">{detail ?? 'It may have been deleted, or belong to another workspace.'}</p>
      {back && (
        <Button component={Link} to={back.to}>
          {back.label}
        </Button>
      )}
    </div>
  );
}

/** A failure beside what is still shown: of a form, of a button. */
export function ProblemText({ error }: { error: unknown }) {
  if (!error) return null;
  const problem = asProblem(error);
  // Of a wrong password the detail says all; that a credential is needed would contradict it.
  if (problem.status === 401 && problem.detail) {
    return (
      <div className={classes.problem} role="alert">
        {problem.detail.replace(/^./, (letter) => letter.toUpperCase()).replace(/\.?$/, '.')}
      </div>
    );
  }
  return (
    <div className={classes.problem} role="alert">
      <strong>{problem.title}.</strong> {problem.detail !== problem.title && problem.detail}
      {problem.mistakes.length > 0 && (
        <ul>
          {problem.mistakes.map((mistake) => (
            <li key={`${mistake.pointer} ${mistake.message}`}>
              {mistake.pointer && <code>{mistake.pointer}</code>} {mistake.message}
            </li>
          ))}
        </ul>
      )}
      {problem.requestId && <span className="meta"> Request {problem.requestId}</span>}
    </div>
  );
}

/**
 * The answer of a query, or the screen that stands for it:
 *   <Loaded query={run}>{(run) => <RunHead run={run} />}</Loaded>
 * While it is read anew the old answer stays.
 */
export function Loaded<T>(props: {
  query: UseQueryResult<T>;
  /** What is drawn until then. */
  shape?: ReactNode;
  what?: string;
  children: (value: T) => ReactNode;
}) {
  const { query, shape, what, children } = props;
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <Failed error={query.error} what={what} onRetry={() => void query.refetch()} />;
  return shape ?? <Loading />;
}
