// What the server says is wrong, as a list; a click goes there.
import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react';
import { Failed } from '@/components/States';
import { formatNumber } from '@/lib/format';
import { useProblems } from './context';
import classes from './Editor.module.css';
import { type Problem, placeText } from './mistakes';

export function ProblemsButton({ open, onToggle }: { open: boolean; onToggle: () => void }) {
  const { problems, current, error, document } = useProblems();
  const errors = problems.filter((one) => one.severity === 'error').length;
  const warnings = problems.length - errors;
  const said = [
    errors > 0 ? formatNumber(errors, 'mistake') : '',
    warnings > 0 ? formatNumber(warnings, 'warning') : '',
  ].filter(Boolean);
  const Icon = errors > 0 ? CircleAlert : warnings > 0 ? TriangleAlert : CircleCheck;
  const colour = errors > 0 ? classes.bad : warnings > 0 ? classes.warn : classes.good;
  return (
    <button type="button" className={classes.barButton} aria-expanded={open} onClick={onToggle}>
      {error ? (
        <>Not judged</>
      ) : document === undefined ? (
        <>Judging</>
      ) : (
        <>
          <Icon size={14} aria-hidden className={colour} />
          {said.length > 0 ? said.join(', ') : 'No mistakes'}
          {!current && <span className="meta">…</span>}
        </>
      )}
    </button>
  );
}

export function ProblemsList({ onShow, onRetry }: { onShow: (problem: Problem) => void; onRetry: () => void }) {
  const { problems, error, document } = useProblems();
  if (error && document === undefined) return <Failed error={error} what="The judgement" onRetry={onRetry} />;
  if (problems.length === 0) return <p className={classes.none}>The server finds nothing wrong with this draft.</p>;
  return (
    <ul className={classes.problems} aria-label="Problems">
      {problems.map((one) => (
        <li key={`${one.severity}${one.pointer}${one.message}`}>
          <button type="button" className={classes.problem} onClick={() => onShow(one)}>
            {one.severity === 'error' ? (
              <CircleAlert size={14} className={classes.bad} aria-label="Mistake" role="img" />
            ) : (
              <TriangleAlert size={14} className={classes.warn} aria-label="Warning" role="img" />
            )}
            <code>{placeText(one)}</code>
            <span>{one.message}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
