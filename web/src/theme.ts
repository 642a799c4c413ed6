// Mantine on the tokens of tokens.css: its sizes, its few colours, and the places where its defaults would miss the contrast.

import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

const ten = (colour: string) => Array.from({ length: 10 }, () => colour) as unknown as MantineColorsTuple;

// Filled: ink for what goes on, the failed colour for what cannot be undone; all else is an outline or bare.
const buttonLook = (variant: string | undefined, colour: string | undefined) => {
  const danger = colour === 'danger' || colour === 'red';
  if (variant === 'filled' || variant === undefined) {
    return {
      bg: danger ? 'var(--state-failed)' : 'var(--primary)',
      hover: danger ? 'color-mix(in srgb, var(--state-failed) 85%, var(--ink))' : 'var(--primary-hover)',
      color: danger ? 'var(--on-danger)' : 'var(--on-primary)',
      bd: '1px solid transparent',
    };
  }
  const color = danger ? 'var(--error-text)' : 'var(--ink)';
  const line = variant === 'default' || variant === 'outline';
  return {
    bg: line ? 'var(--panel)' : variant === 'light' ? 'var(--raised)' : 'transparent',
    hover: 'var(--raised)',
    color,
    bd: line ? '1px solid var(--control-line)' : '1px solid transparent',
  };
};

// Components by name, not by import: what a page does not use is not loaded.
interface Look {
  variant?: string;
  color?: unknown;
  size?: unknown;
  multiline?: boolean;
}

export const theme = createTheme({
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  lineHeights: { xs: '16px', sm: '20px', md: '20px', lg: '24px', xl: '28px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '4px', sm: '4px', md: '6px', lg: '8px', xl: '999px' },
  defaultRadius: 'sm',
  shadows: { xs: 'none', sm: 'none', md: 'var(--shadow)', lg: 'var(--shadow)', xl: 'var(--shadow)' },
  headings: { fontFamily: 'var(--font)', fontWeight: '600' },
  breakpoints: { xs: '360px', sm: '640px', md: '1024px', lg: '1280px', xl: '1440px' },
  colors: {
    ink: ten('#1f2630'),
    danger: ten('#a12308'),
    violet: ten('#7a4fd0'),
    // Mantine's greys, as ours: from light to dark.
    gray: [
      '#f6f7f9',
      '#eceff3',
      '#e5e8ed',
      '#dfe3e9',
      '#c6ccd5',
      '#9aa4b1',
      '#7d8896',
      '#525d6b',
      '#363f4c',
      '#161b22',
    ],
    dark: [
      '#e8ebf0',
      '#c9cfd8',
      '#a3adba',
      '#66717f',
      '#2a323d',
      '#1c222c',
      '#161b23',
      '#12161d',
      '#0f1319',
      '#0c0f14',
    ],
  },
  primaryColor: 'ink',
  primaryShade: 6,
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: {
      defaultProps: { size: 'sm', variant: 'default' },
      vars: (_: unknown, props: Look) => {
        const look = buttonLook(props.variant, typeof props.color === 'string' ? props.color : undefined);
        const small = props.size === 'xs' || String(props.size).startsWith('compact');
        return {
          root: {
            '--button-bg': look.bg,
            '--button-hover': look.hover,
            '--button-color': look.color,
            '--button-bd': look.bd,
            '--button-height': small ? '24px' : 'var(--control)',
            '--button-fz': small ? '12px' : '13px',
            '--button-padding-x': small ? '8px' : '12px',
          },
        };
      },
      styles: { label: { fontWeight: 500 } },
    },
    ActionIcon: {
      defaultProps: { variant: 'subtle', size: 'md' },
      vars: (_: unknown, props: Look) => {
        const look = buttonLook(props.variant, typeof props.color === 'string' ? props.color : undefined);
        return {
          root: {
            '--ai-bg': look.bg,
            '--ai-hover': look.hover,
            '--ai-color': look.color,
            '--ai-bd': look.bd,
            '--ai-size': props.size === 'sm' ? '24px' : 'var(--control)',
          },
        };
      },
    },
    Input: {
      vars: (_: unknown, props: Look) => ({
        wrapper: {
          '--input-height': props.multiline ? undefined : 'var(--control)',
          '--input-fz': '13px',
          '--input-bg': 'var(--panel)',
          '--input-bd': 'var(--control-line)',
          '--input-bd-focus': 'var(--focus)',
          '--input-placeholder-color': 'var(--ink-2)',
        },
      }),
    },
    InputWrapper: {
      styles: {
        label: { fontSize: '13px', fontWeight: 500, marginBottom: 4 },
        description: { fontSize: '12px', color: 'var(--ink-2)' },
        error: { fontSize: '12px', color: 'var(--error-text)' },
      },
    },
    Checkbox: {
      defaultProps: { size: 'xs' },
      vars: () => ({ root: { '--checkbox-color': 'var(--focus)', '--checkbox-icon-color': 'var(--panel)' } }),
      classNames: { input: 'choice' },
    },
    Radio: {
      defaultProps: { size: 'xs' },
      vars: () => ({ root: { '--radio-color': 'var(--focus)', '--radio-icon-color': 'var(--panel)' } }),
      classNames: { radio: 'choice' },
    },
    CheckboxIndicator: { classNames: { indicator: 'choice' } },
    Switch: {
      defaultProps: { size: 'sm' },
      vars: () => ({ root: { '--switch-color': 'var(--focus)' } }),
      classNames: { track: 'switch' },
    },
    Badge: {
      defaultProps: { tt: 'none', variant: 'light', radius: 'xl' },
      vars: () => ({
        root: {
          '--badge-bg': 'var(--raised)',
          '--badge-color': 'var(--ink)',
          '--badge-fz': '12px',
          '--badge-height': '20px',
        },
      }),
      styles: { label: { fontWeight: 500 } },
    },
    SegmentedControl: {
      styles: {
        root: { backgroundColor: 'var(--raised)' },
        indicator: { backgroundColor: 'var(--panel)' },
        label: { fontWeight: 500 },
      },
    },
    Popover: { defaultProps: { shadow: 'md', transitionProps: { duration: 120 } } },
    Menu: { defaultProps: { shadow: 'md', transitionProps: { duration: 120 } } },
    Combobox: { defaultProps: { shadow: 'md', transitionProps: { duration: 0 } } },
    Modal: {
      defaultProps: { centered: true, radius: 'lg', overlayProps: { color: 'var(--scrim)', backgroundOpacity: 1 } },
      styles: { title: { fontSize: 16, fontWeight: 600 }, body: { fontSize: 14 } },
    },
    Tooltip: {
      defaultProps: { openDelay: 300, events: { hover: true, focus: true, touch: false }, multiline: true, maw: 320 },
      vars: () => ({ tooltip: { '--tooltip-bg': 'var(--ink)', '--tooltip-color': 'var(--canvas)' } }),
    },
  },
});

const both = {
  '--mantine-color-body': 'var(--panel)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-dimmed': 'var(--ink-2)',
  '--mantine-color-bright': 'var(--ink)',
  '--mantine-color-error': 'var(--error-text)',
  '--mantine-color-anchor': 'var(--link)',
  '--mantine-color-placeholder': 'var(--ink-2)',
  '--mantine-color-default': 'var(--panel)',
  '--mantine-color-default-hover': 'var(--raised)',
  '--mantine-color-default-color': 'var(--ink)',
  '--mantine-color-default-border': 'var(--line)',
  '--mantine-color-disabled': 'var(--raised)',
  '--mantine-color-disabled-color': 'var(--ink-2)',
  '--mantine-color-disabled-border': 'var(--line)',
  '--mantine-primary-color-filled': 'var(--primary)',
  '--mantine-primary-color-filled-hover': 'var(--primary-hover)',
  '--mantine-primary-color-contrast': 'var(--on-primary)',
  '--mantine-primary-color-light': 'var(--selected)',
  '--mantine-primary-color-light-hover': 'var(--selected)',
  '--mantine-primary-color-light-color': 'var(--ink)',
  '--mantine-color-ink-filled': 'var(--primary)',
  '--mantine-color-ink-light': 'var(--selected)',
  '--mantine-color-ink-light-color': 'var(--ink)',
};
export const cssVariables: CSSVariablesResolver = () => ({
  variables: { ...both, '--on-danger': '#ffffff' },
  light: both,
  dark: { ...both, '--on-danger': '#0c0f14' },
});
