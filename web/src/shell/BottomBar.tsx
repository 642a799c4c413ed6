import { UnstyledButton } from '@mantine/core';
import { Menu } from 'lucide-react';
import { Link } from '@/components/Link';
import classes from './BottomBar.module.css';
import { useNavPages } from './Rail';

/** On phones: the four most used pages, and the way to all others. */
export function BottomBar({ onMore }: { onMore: () => void }) {
  const rows = useNavPages()
    .filter((page) => page.nav!.bottom)
    .slice(0, 4);
  return (
    <nav className={classes.bar} aria-label="Most used pages">
      {rows.map((page) => {
        const Icon = page.nav!.icon;
        return (
          <Link key={page.path} to={page.path} className={classes.entry}>
            <Icon size={20} strokeWidth={1.75} aria-hidden />
            {page.title}
          </Link>
        );
      })}
      <UnstyledButton className={classes.entry} onClick={onMore}>
        <Menu size={20} strokeWidth={1.75} aria-hidden />
        More
      </UnstyledButton>
    </nav>
  );
}
