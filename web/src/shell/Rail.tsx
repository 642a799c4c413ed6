// The pages in their groups. Narrow: icons with their names as tooltips.

import { Tooltip } from '@mantine/core';
import { useMe } from '@/api/session';
import { Link } from '@/components/Link';
import { navGroups, type PageRow, pages } from '@/pages';
import classes from './Rail.module.css';

/** The pages of the navigation that the person may see. */
export function useNavPages(): PageRow[] {
  const me = useMe();
  return pages.filter((page) => page.nav && (!page.permission || me.permissions.includes(page.permission)));
}

/** `onChosen`: it is a drawer, which closes then. */
export function Rail({ narrow, onChosen }: { narrow: boolean; onChosen?: () => void }) {
  const shown = useNavPages();
  return (
    <nav className={onChosen ? classes.drawer : classes.rail} data-narrow={narrow || undefined} aria-label="Pages">
      {navGroups.map((group) => {
        const rows = shown.filter((page) => page.nav!.group === group);
        if (rows.length === 0) return null;
        return (
          <div key={group} className={classes.group}>
            {narrow ? <hr className={classes.line} /> : <div className={classes.title}>{group}</div>}
            {rows.map((page) => (
              <RailLink key={page.path} page={page} narrow={narrow} onChosen={onChosen} />
            ))}
          </div>
        );
      })}
    </nav>
  );
}

function RailLink({ page, narrow, onChosen }: { page: PageRow; narrow: boolean; onChosen?: () => void }) {
  const Icon = page.nav!.icon;
  const link = (
    <Link to={page.path} className={classes.link} onClick={onChosen} aria-label={narrow ? page.title : undefined}>
      <Icon size={16} strokeWidth={1.75} aria-hidden />
      {!narrow && page.title}
    </Link>
  );
  if (!narrow) return link;
  return (
    <Tooltip label={page.title} position="right" openDelay={0}>
      {link}
    </Tooltip>
  );
}
