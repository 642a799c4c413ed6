import { Menu, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Check, ChevronsUpDown } from 'lucide-react';
import { projectsQuery, useMay } from '@/api/session';
import { useProject } from '@/lib/project';
import classes from './WorkspaceSwitcher.module.css';

/** Shows only what belongs to one project, on every page that knows projects. Not there while the workspace has only one. */
export function ProjectFilter() {
  const may = useMay('projects:read');
  const projects = useQuery({ ...projectsQuery(), enabled: may });
  const [project, choose] = useProject();
  const items = projects.data?.items ?? [];
  if (items.length < 2 && !project) return null;
  return (
    <Menu position="bottom-start" width={240}>
      <Menu.Target>
        <UnstyledButton className={classes.button}>
          <span className={classes.hidden}>Project </span>
          <span className="ellipsis">{project || 'All projects'}</span>
          <ChevronsUpDown size={14} strokeWidth={1.75} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Show only the project</Menu.Label>
        <Menu.Item
          onClick={() => choose('')}
          rightSection={project ? undefined : <Check size={14} aria-label="chosen" />}
        >
          All projects
        </Menu.Item>
        {items.map((one) => (
          <Menu.Item
            key={one.name}
            onClick={() => choose(one.name ?? '')}
            rightSection={project === one.name ? <Check size={14} aria-label="chosen" /> : undefined}
          >
            {one.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
