// One number of the whole: label, figure, how it compares; leads to the list behind it.

import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link, type Target } from './Link';
import classes from './Tile.module.css';

export interface TileProps {
  label: string;
  icon?: LucideIcon;
  /** A colour of state for the icon: "var(--state-failed)". */
  colour?: string;
  value: ReactNode;
  /** In words and quiet: "12 more than yesterday". */
  delta?: ReactNode;
  target?: Target;
}

export function Tile({ label, icon: Icon, colour, value, delta, target }: TileProps) {
  const content = (
    <>
      <span className={classes.label}>
        {Icon && <Icon size={16} strokeWidth={1.75} aria-hidden style={colour ? { color: colour } : undefined} />}
        {label}
      </span>
      <span className={classes.value}>{value}</span>
      {delta && <span className="meta">{delta}</span>}
    </>
  );
  return target ? (
    <Link {...target} className={classes.tile}>
      {content}
    </Link>
  ) : (
    <div className={classes.tile}>{content}</div>
  );
}

/** Tiles side by side, as many as fit. */
export function Tiles({ children }: { children: ReactNode }) {
  return <div className={classes.tiles}>{children}</div>;
}
