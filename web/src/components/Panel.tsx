// A flat box with an optional head. What fails inside fails alone: the rest of the page goes on.

import { Component, type ReactNode } from 'react';
import classes from './Panel.module.css';
import { Failed } from './States';

export interface PanelProps {
  title?: ReactNode;
  /** Beside the title: a count, a link. */
  actions?: ReactNode;
  /** The content touches the lines (tables, code). */
  flush?: boolean;
  className?: string;
  children: ReactNode;
}

export function Panel({ title, actions, flush, className, children }: PanelProps) {
  return (
    <section className={`${classes.panel} ${className ?? ''}`}>
      {(title || actions) && (
        <div className={classes.head}>
          {typeof title === 'string' ? <h3 className="ellipsis">{title}</h3> : title}
          {actions && <div className={classes.actions}>{actions}</div>}
        </div>
      )}
      <div className={flush ? classes.flush : classes.body}>
        <Contained>{children}</Contained>
      </div>
    </section>
  );
}

/** Keeps a mistake in drawing one part from taking the page with it. */
export class Contained extends Component<{ children: ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {};
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override render() {
    if (this.state.error === undefined) return this.props.children;
    return <Failed error={this.state.error} onRetry={() => this.setState({ error: undefined })} />;
  }
}

/** Name and value in two columns: the facts of an object. */
export function Facts({ facts }: { facts: [ReactNode, ReactNode][] }) {
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value], index) => (
        <div key={index} className={classes.fact}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
